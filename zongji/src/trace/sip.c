/* SIP messages of a call: first the dialogs (Call-IDs) whose messages carry `X-Zj-Call: <call>`, then all their
 * messages. */
#include "trace/hep.h"
#include "trace/trace.h"
#include "zj_time.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uthash.h>

#define DIALOGS_MAX  1000
#define HOURS_BEFORE 1 /* the call's UUID has its start; clocks of parts may differ a little */
#define HOURS_AFTER  24
#define HEADER_MAX   256

struct dialog {
	char call_id[HEADER_MAX];
	UT_hash_handle hh;
};

struct search {
	const char *call;
	struct dialog *dialogs;
	size_t n;
	struct trace_story *story; /* NULL in the first pass, which finds dialogs */
};

bool trace_sip_header(const char *message, const char *name, char compact, char *out, size_t size)
{
	size_t len = strlen(name);

	for (const char *line = strchr(message, '\n'); line && line[1] && line[1] != '\r' && line[1] != '\n';
	     line = strchr(line + 1, '\n')) {
		const char *p = line + 1, *end;

		if (!strncasecmp(p, name, len) && (p[len] == ':' || p[len] == ' '))
			p += len;
		else if (compact && (p[0] | 32) == compact && (p[1] == ':' || p[1] == ' '))
			p += 1;
		else
			continue;
		p += strspn(p, " \t:");
		end = p + strcspn(p, "\r\n");
		while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		snprintf(out, size, "%.*s", (int)(end - p), p);
		return true;
	}
	return false;
}

static int look_at(struct search *s, const struct hep *h)
{
	char *message = strndup(h->payload, h->payload_len), call_id[HEADER_MAX], call[64];
	struct dialog *d = NULL;
	int err = 0;

	if (!message)
		return ENOMEM;
	if (!trace_sip_header(message, "Call-ID", 'i', call_id, sizeof(call_id)))
		goto out;
	HASH_FIND_STR(s->dialogs, call_id, d);
	if (s->story) {
		if (d)
			err = trace_story_add(s->story, TRACE_SIP, h->at_us, message, h->payload_len, h->src, h->dst);
	} else if (!d && s->n < DIALOGS_MAX && trace_sip_header(message, "X-Zj-Call", 0, call, sizeof(call)) &&
		   !strcasecmp(call, s->call)) {
		d = calloc(1, sizeof(*d));
		if (!d) {
			err = ENOMEM;
			goto out;
		}
		snprintf(d->call_id, sizeof(d->call_id), "%s", call_id);
		HASH_ADD_STR(s->dialogs, call_id, d);
		s->n++;
	}
out:
	free(message);
	return err;
}

static int scan_file(struct search *s, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	struct stat st;
	const uint8_t *data;
	size_t at = 0, size;

	if (fd < 0)
		return errno;
	if (fstat(fd, &st) || st.st_size == 0) {
		close(fd);
		return 0;
	}
	size = (size_t)st.st_size;
	data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return errno;
	while (at < size && !err) {
		size_t n = hep_length(data + at, size - at);
		struct hep h;

		if (!n) { /* torn by a crash: look for the next packet */
			const void *next = memmem(data + at + 1, size - at - 1, "HEP3", 4);

			if (!next)
				break;
			at = (size_t)((const uint8_t *)next - data);
			continue;
		}
		if (!hep_parse(&h, data + at, n))
			err = look_at(s, &h);
		at += n;
	}
	munmap((void *)(uintptr_t)data, size);
	return err;
}

static int scan_all(struct search *s, const char *folder, const struct trace_files *files)
{
	int64_t start_s = zj_uuid7_ms(s->call) / 1000;
	char from[64], to[64], path[4096];
	int err = 0;

	trace_file_name(from, sizeof(from), start_s - HOURS_BEFORE * 3600);
	trace_file_name(to, sizeof(to), start_s + HOURS_AFTER * 3600);
	for (size_t i = 0; i < files->n && !err; i++) {
		if (strcmp(files->names[i], from) < 0 || strcmp(files->names[i], to) > 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, files->names[i]);
		err = scan_file(s, path);
	}
	return err;
}

int trace_read_sip(struct trace_story *story, const char *folder, const char *call)
{
	struct search s = {.call = call};
	struct dialog *d, *next;
	struct trace_files files;
	int err = trace_files_list(folder, &files);

	if (err)
		return err;
	err = scan_all(&s, folder, &files);
	s.story = story;
	if (!err)
		err = scan_all(&s, folder, &files);
	HASH_ITER (hh, s.dialogs, d, next) {
		HASH_DEL(s.dialogs, d);
		free(d);
	}
	trace_files_free(&files);
	return err;
}
