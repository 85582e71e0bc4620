/* Foreign files are read in a process of their own that can do nothing else: no files, no network, no other process,
 * bounded memory and time. Its rows come through a pipe. */
#ifndef WK_BOX_H
#define WK_BOX_H
#include "source.h"

/* Limits of this process; zj_box_shut follows when everything is open. Returns errno. */
struct wk_limits {
	uint64_t memory, file; /* bytes */
	unsigned cpu_s;
};
int wk_limits_set(const struct wk_limits *l);
/* Conversions are loaded from files on their first use: before the box is shut. */
void wk_load_encodings(void);

struct wk_box;
struct wk_box_args {
	const char *path;                                  /* the file */
	const char *format, *encoding, *sheet, *delimiter; /* as wk_source_args */
	const char *tmp;                                   /* a directory for spilled texts */
};
/* Starts reading. Errors of the file itself come from wk_box_next. */
int wk_box_alloc(struct wk_box **bp, const struct wk_box_args *a) ZJ_MUST_CHECK;
/* The next row, borrowed until the next call. 1: a row, 0: the end, -1: `fault` says why not. */
int wk_box_next(struct wk_box *b, struct wk_row *row, struct wk_fault *fault) ZJ_MUST_CHECK;
/* Known once wk_box_next has returned for the first time. */
struct wk_about {
	enum wk_format format;
	enum wk_encoding encoding;
	char delimiter;
	uint64_t estimate; /* rows, a little better with each one */
};
const struct wk_about *wk_box_about(const struct wk_box *b);
#endif
