/* Reading CSV: any encoding of text.h, any of four delimiters, quotes as RFC 4180 has them and as people type them. */
#ifndef WK_CSV_IN_H
#define WK_CSV_IN_H
#include "rows.h"
#include "text.h"

struct wk_csv {
	enum wk_encoding encoding;
	char delimiter;
	struct wk_decoder *decoder; /* owned */
	uint64_t at;                /* bytes read so far */
};
/* Looks at the file (all of it for the encoding, its first rows for the delimiter); what `encoding` (may be NULL) and
 * `delimiter` (0: not said) say holds. */
int wk_csv_open(struct wk_csv *csv, int fd, const char *encoding, char delimiter, struct wk_fault *f) ZJ_MUST_CHECK;
/* Reads from the file's start. Returns 0, the handler's value, or EINVAL with a fault, EIO, ENOMEM. */
int wk_csv_read(struct wk_csv *csv, int fd, wk_row_h *h, void *arg, struct wk_fault *f) ZJ_MUST_CHECK;
void wk_csv_close(struct wk_csv *csv);
#endif
