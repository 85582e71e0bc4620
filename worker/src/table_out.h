/* Writing tables of texts: CSV in an encoding, or XLSX in as many sheets as it takes. */
#ifndef WK_TABLE_OUT_H
#define WK_TABLE_OUT_H
#include "rows.h"
#include "source.h"

enum wk_kind { WK_TEXT, WK_DIGITS /* a number, where the file can have numbers */ };

struct wk_table_args {
	const char *path;
	enum wk_format format;
	enum wk_encoding encoding; /* of CSV */
	bool bom, guard;           /* guard: texts that a spreadsheet would take for formulas get a ' before them */
	char delimiter;
	const char *sheet;   /* name of the (first) sheet */
	const char *tmp;     /* directory for what does not fit into memory */
	int64_t resume;      /* CSV: continue after so many bytes, 0: from the start */
	uint64_t sheet_rows; /* rows of a sheet with its heading; 0: as many as XLSX can have */
};
struct wk_table;
int wk_table_alloc(struct wk_table **tp, const struct wk_table_args *a) ZJ_MUST_CHECK;
/* The heading is repeated at the top of every sheet; call it first. With `resume` it is only remembered. */
int wk_table_head(struct wk_table *t, const struct wk_cell *cells, size_t n) ZJ_MUST_CHECK;
int wk_table_row(struct wk_table *t, const struct wk_cell *cells, const enum wk_kind *kinds /* NULL: texts */,
		 size_t n) ZJ_MUST_CHECK;
/* CSV: everything is in the file now; how long it is. -1: it cannot be written. XLSX: 0. */
int64_t wk_table_flush(struct wk_table *t);
/* Ends the file; its size in *bytes. Releases nothing: zj_deref does, also when the file was not ended. */
int wk_table_end(struct wk_table *t, int64_t *bytes) ZJ_MUST_CHECK;
#endif
