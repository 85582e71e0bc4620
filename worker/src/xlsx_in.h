/* Reading XLSX: one sheet, streaming. ZIP by libzip, XML by expat; no document type, no entities, bounded sizes. */
#ifndef WK_XLSX_IN_H
#define WK_XLSX_IN_H
#include "rows.h"

#define WK_SHEETS_MAX 200
struct wk_xlsx;

/* Reads what the workbook says of itself: sheets, date formats, shared strings (bounded in memory, the rest in the
 * empty file `tmp`). Both descriptors stay the caller's. */
int wk_xlsx_alloc(struct wk_xlsx **xp, int fd, int tmp, struct wk_fault *f) ZJ_MUST_CHECK;
size_t wk_xlsx_sheets(const struct wk_xlsx *x);
const char *wk_xlsx_sheet(const struct wk_xlsx *x, size_t i); /* its name */
/* The sheet of that name, or number from 1; NULL or empty: the first visible. -1 with a fault: there is none. */
int wk_xlsx_find(const struct wk_xlsx *x, const char *name, struct wk_fault *f);
/* Returns 0, the handler's value, EINVAL with a fault, EIO, ENOMEM. Numbers come as people write them (13800138000),
 * dates as 2026-11-21 or 2026-11-21 08:30:00, times as 08:30:00, formulas as their last result, booleans as TRUE and
 * FALSE. */
int wk_xlsx_read(struct wk_xlsx *x, size_t sheet, wk_row_h *h, void *arg, struct wk_fault *f) ZJ_MUST_CHECK;
/* The last row that the sheet says it has; 0: it does not say. */
uint64_t wk_xlsx_rows(const struct wk_xlsx *x);
#endif
