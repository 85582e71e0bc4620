/* Pages of a fax: any black-and-white TIFF becomes one that can be sent as it is: T.6, one of the three widths, the
 * resolution of a fax. The reader runs in the box: the file is a stranger's. */
#ifndef WK_PAGES_H
#define WK_PAGES_H
#include "zj_obj.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wk_pages {
	unsigned pages, width, y_dpm;
	char why[160]; /* EINVAL: what is wrong, in English: "page 2: …" */
};
/* From `in` to `out` (descriptors). EINVAL: it is no such TIFF, or has more than `most` pages; else errno. */
int wk_pages_write(int in, int out, unsigned most, struct wk_pages *p) ZJ_MUST_CHECK;
/* The same in a process in the box. */
int wk_pages_boxed(int in, int out, unsigned most, struct wk_pages *p) ZJ_MUST_CHECK;
#endif
