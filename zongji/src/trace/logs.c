/* Log lines of all parts that name a call. */
#include "trace/trace.h"
#include "zj_time.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int64_t time_at(const char *text)
{
	char stamp[48];

	snprintf(stamp, sizeof(stamp), "%.*s", (int)strcspn(text, " "), text);
	return zj_rfc3339_parse(stamp);
}

/* A line's own time: RFC 3339 at its beginning or behind `at=`. A line without one happened when its predecessor did.
 */
static int64_t time_of(const char *line, int64_t before)
{
	const char *at = strstr(line, " at=");
	int64_t us = time_at(line);

	if (us < 0 && at)
		us = time_at(at + 4);
	return us < 0 ? before : us;
}

static const char *word_skip(const char *p)
{
	p += strcspn(p, " ");
	return p + strspn(p, " ");
}

/* Where a line's own text begins: behind time, level and part of ours (`time level part sub: …`), behind process,
 * level, time and place of Kamailio's (` 1(99) NOTICE: at=… <script>: …`). `*level` is set when it is worth telling. */
static const char *text_of(const char *line, const char **level)
{
	static const char *const alarms[] = {"error", "warn", "ERROR", "WARNING", "CRITICAL", "ALERT"};
	const char *p = line, *second;

	if (time_at(line) < 0) {
		p += strspn(p, " ");
		if (!strchr(p, '(') || strcspn(p, "(") > 3)
			return line;
	}
	second = word_skip(p);
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(alarms); i++) {
		if (!strncmp(second, alarms[i], strlen(alarms[i])))
			*level = alarms[i];
	}
	p = word_skip(second);
	if (time_at(line) >= 0)
		return word_skip(p);
	if (!strncmp(p, "at=", 3))
		p = word_skip(p);
	if (*p == '<' && strstr(p, ">: "))
		p = strstr(p, ">: ") + 3;
	return p;
}

/* The line as the story tells it: without what stands beside it anyway, and without the call and tenant that all have.
 */
static char *brief(const char *part, const char *line, const char *call)
{
	const char *level = NULL, *p = text_of(line, &level);
	char *out = zj_alloc(strlen(part) + strlen(line) + 40, NULL);
	size_t n;

	if (!out)
		return NULL;
	n = (size_t)sprintf(out, "%-9s", part);
	if (level)
		n += (size_t)sprintf(out + n, " %s", level);
	for (; *p; p = word_skip(p)) {
		size_t len = strcspn(p, " ");

		if (!strncmp(p, "tenant=", 7) || (!strncmp(p, "call=", 5) && !strncmp(p + 5, call, strlen(call))))
			continue;
		n += (size_t)sprintf(out + n, " %.*s", (int)len, p);
	}
	return out;
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
		text = brief(part, line, call);
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
