/* What people write into cells, as the values of fields: labels become codes, names become ids, dates and booleans one
 * form. */
#ifndef WK_CELL_H
#define WK_CELL_H
#include "buf.h"
#include "rows.h"
#include "view.h"

/* Cuts white space (also the full-width one) from both ends. */
struct wk_cell wk_cell_trim(struct wk_cell c);
/* 1: true, 0: false, -1: neither. */
int wk_cell_boolean(struct wk_cell c);
/* A date or a time, as people and XLSX files write it (2026-11-21, 2026/1/2 8:05, 2026年1月2日, 20261121), in the zone
 * of the process (tzset), as RFC 3339 in UTC; with `date_only` as 2026-11-21. False: it is none. */
bool wk_cell_time(struct wk_cell c, bool date_only, char out[40]);

/* The code that a label stands for: in the language of the file's author, whichever it is; codes stand for themselves.
 * `labels`: [{"value","zh","en"}…] (texts stand for themselves) or {"code":{"zh","en"}…}. NULL: none of them. */
const char *wk_cell_code(const json_t *labels, struct wk_cell c);
/* The other way. `code` itself when it has no label. */
const char *wk_cell_label(const json_t *labels, const char *code, bool zh);

/* The next piece of a list ("a, b；c、d"), trimmed; false: there is no more. */
bool wk_cell_piece(struct wk_cell *rest, struct wk_cell *piece, const char *separators);
#endif
