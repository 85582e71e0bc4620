/* The hourly files of a trace folder. */
#include "trace/trace.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

void trace_file_name(char *out, size_t size, int64_t unix_s)
{
	time_t t = (time_t)unix_s;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, size, "%Y%m%d%H.hep", &tm);
}

static int is_trace(const struct dirent *e)
{
	return strlen(e->d_name) == 14 && !strcmp(e->d_name + 10, ".hep") && strspn(e->d_name, "0123456789") == 10;
}

int trace_files_list(const char *folder, struct trace_files *files)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, is_trace, alphasort);

	memset(files, 0, sizeof(*files));
	if (n < 0)
		return errno;
	files->names = calloc((size_t)n + 1, sizeof(char *));
	for (int i = 0; i < n; i++) {
		char path[4096];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (files->names && !stat(path, &st)) {
			files->bytes += st.st_size;
			files->names[files->n++] = strdup(entries[i]->d_name);
		}
		free(entries[i]);
	}
	free(entries);
	return files->names ? 0 : ENOMEM;
}

void trace_files_drop_first(struct trace_files *files)
{
	free(files->names[0]);
	memmove(files->names, files->names + 1, --files->n * sizeof(char *));
}

void trace_files_free(struct trace_files *files)
{
	while (files->n)
		free(files->names[--files->n]);
	free(files->names);
	files->names = NULL;
}
