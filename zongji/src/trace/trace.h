/* Stories of calls: SIP traces that `collect` kept, and the logs of all parts, in order of time. */
#ifndef ZONGJI_TRACE_H
#define ZONGJI_TRACE_H
#include "zj_obj.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define TRACE_FILE_MAX  (256L * 1024 * 1024)  /* one hour's file */
#define TRACE_BYTES_MAX (1024L * 1024 * 1024) /* all of them */

/* files.c: hourly files, named by UTC so that names sort as times do. */
struct trace_files {
	char **names; /* oldest first */
	size_t n;
	off_t bytes;
};
void trace_file_name(char *out, size_t size, int64_t unix_s);
int trace_files_list(const char *folder, struct trace_files *files) ZJ_MUST_CHECK;
void trace_files_drop_first(struct trace_files *files);
void trace_files_free(struct trace_files *files);

/* story.c: what is known of one call, by time. */
enum trace_kind { TRACE_LOG, TRACE_SIP };
struct trace_item {
	int64_t at_us;
	size_t order; /* as found, for equal times */
	enum trace_kind kind;
	char *text;      /* a log line, or the SIP message; zero-terminated */
	char *src, *dst; /* SIP */
};
struct trace_story {
	struct trace_item *items;
	size_t n, room;
};
int trace_story_add(struct trace_story *s, enum trace_kind kind, int64_t at_us, const char *text, size_t len,
		    const char *src, const char *dst) ZJ_MUST_CHECK;
/* By time; a message that two processes mirrored is told once. */
void trace_story_sort(struct trace_story *s);
void trace_story_free(struct trace_story *s);

/* logs.c, sip.c: fill the story with what names the call. */
int trace_read_logs(struct trace_story *s, const char *folder, const char *call) ZJ_MUST_CHECK;
int trace_read_sip(struct trace_story *s, const char *folder, const char *call) ZJ_MUST_CHECK;

/* sip.c: the value of a header (compact form too) inside a SIP message, trimmed; false if it isn't there. */
bool trace_sip_header(const char *message, const char *name, char compact, char *out, size_t size);

/* ladder.c: prints the story; `bodies` prints whole SIP messages under their arrows. */
void trace_ladder_print(FILE *out, const struct trace_story *s, bool bodies);
#endif
