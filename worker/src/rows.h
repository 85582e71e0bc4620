/* Rows of a table in a file, on their way: from a reader (csv.h, xlsx.h) through the box (box.h) to who wants them. */
#ifndef WK_ROWS_H
#define WK_ROWS_H
#include "zj_obj.h"
#include <stdbool.h>
#include <stdint.h>

#define WK_COLUMNS_MAX 500
#define WK_ROW_MAX     (4u << 20) /* bytes of a row's cells together, in UTF-8 */

struct wk_cell {
	const char *p; /* UTF-8, without a zero at its end; borrowed until the handler returns */
	size_t n;
};
struct wk_row {
	uint64_t line; /* the row's number in its file, from 1, empty rows counted */
	const struct wk_cell *cells;
	size_t n;
};

/* Why a file cannot be read: which part of the request is to blame, the rule, and a sentence in both languages. */
struct wk_fault {
	char field[24], rule[24];
	char zh[240], en[240];
};
/* Fills `f` and returns EINVAL. Texts take the same arguments in the same order. */
int wk_fault_set(struct wk_fault *f, const char *field, const char *rule, const char *zh, const char *en);
int wk_fault_line(struct wk_fault *f, const char *field, const char *rule, uint64_t line, const char *zh,
		  const char *en); /* each text with one %llu */

/* Non-zero ends the reading: the reader returns it. */
typedef int(wk_row_h)(const struct wk_row *row, void *arg);

/* A row that grows cell by cell; its memory is used again for the next one. */
struct wk_rowbuf {
	char *bytes;
	size_t used, cap;
	size_t ends[WK_COLUMNS_MAX]; /* where cell i ends */
	size_t n;
	struct wk_cell cells[WK_COLUMNS_MAX];
	bool too_wide, too_big, no_memory;
};
void wk_rowbuf_clear(struct wk_rowbuf *b);
void wk_rowbuf_add(struct wk_rowbuf *b, const char *p, size_t n);  /* a whole cell */
void wk_rowbuf_more(struct wk_rowbuf *b, const char *p, size_t n); /* bytes of the cell that wk_rowbuf_end ends */
void wk_rowbuf_end(struct wk_rowbuf *b);
/* Hands the row over when it has a cell with something in it; checks the bounds. 0, EINVAL, ENOMEM, or the handler's.
 */
int wk_rowbuf_give(struct wk_rowbuf *b, uint64_t line, wk_row_h *h, void *arg, struct wk_fault *fault);
void wk_rowbuf_free(struct wk_rowbuf *b);
#endif
