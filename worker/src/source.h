/* A file of rows, CSV or XLSX, told apart by its first bytes. */
#ifndef WK_SOURCE_H
#define WK_SOURCE_H
#include "csv_in.h"
#include "xlsx_in.h"

enum wk_format { WK_CSV, WK_XLSX, WK_FORMATS };
extern const char *const wk_format_names[WK_FORMATS];

struct wk_source_args {
	int fd, tmp;                           /* borrowed; tmp: an empty file for what does not fit into memory */
	const char *format, *encoding, *sheet; /* NULL or empty: found out */
	const char *delimiter;                 /* one character, or "tab" */
};
struct wk_source {
	int fd;
	enum wk_format format;
	struct wk_csv csv;
	struct wk_xlsx *xlsx; /* owned */
	size_t sheet;
	uint64_t bytes; /* of the file */
};
/* 0, EINVAL with a fault, EIO, ENOMEM. */
int wk_source_open(struct wk_source *s, const struct wk_source_args *a, struct wk_fault *f) ZJ_MUST_CHECK;
int wk_source_read(struct wk_source *s, wk_row_h *h, void *arg, struct wk_fault *f) ZJ_MUST_CHECK;
/* How many rows there will be, judged when `line` was read. */
uint64_t wk_source_estimate(const struct wk_source *s, uint64_t line);
void wk_source_close(struct wk_source *s);
#endif
