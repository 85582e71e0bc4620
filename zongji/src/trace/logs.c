/* Log lines of all parts that name a call. */
#include "trace/trace.h"
#include "zj_time.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A line's own time: RFC 3339 at its beginning or behind ` at=`. A line without one happened when its predecessor did.
 */
static int64_t time_of(const char *line, int64_t before)
{
	char stamp[ZJ_RFC3339_SIZE];
	const char *at = strstr(line, " at=");
	int64_t us;

	snprintf(stamp, sizeof(stamp), "%.*s", (int)strcspn(line, " "), line);
	us = zj_rfc3339_parse(stamp);
	if (us < 0 && at) {
		char *end;
		long long n = strtoll(at + 4, &end, 10);

		if (n > 1000000000000000LL) /* microseconds since 1970 */
			us = n;
		else if (*end == '.' && n > 1000000000LL) /* seconds with a fraction of six digits */
			us = n * 1000000 + strtoll(end + 1, NULL, 10) % 1000000;
	}
	return us < 0 ? before : us;
}

static int read_log(struct trace_story *s, const char *path, const char *part, const char *call)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, *text;
	size_t room = 0;
	int64_t at = 0;
	int err = 0;

	if (!f)
		return errno;
	while (!err && getline(&line, &room, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		at = time_of(line, at);
		if (!strstr(line, call))
			continue;
		text = zj_asprintf("%-9s %s", part, line);
		err = text ? trace_story_add(s, TRACE_LOG, at, text, strlen(text), NULL, NULL) : ENOMEM;
		zj_deref(text);
	}
	free(line);
	fclose(f);
	return err;
}

static int is_log(const struct dirent *e)
{
	const char *dot = strstr(e->d_name, ".log");

	return dot && dot != e->d_name && (!dot[4] || !strcmp(dot + 4, ".1"));
}

int trace_read_logs(struct trace_story *s, const char *folder, const char *call)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, is_log, alphasort), err = 0;

	if (n < 0)
		return errno;
	for (int i = 0; i < n; i++) {
		char path[4096], part[256];

		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		snprintf(part, sizeof(part), "%.*s", (int)strcspn(entries[i]->d_name, "."), entries[i]->d_name);
		if (!err)
			err = read_log(s, path, part, call);
		free(entries[i]);
	}
	free(entries);
	return err;
}
