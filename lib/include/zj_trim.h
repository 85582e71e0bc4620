/* A cache directory that does not grow for ever. */
#ifndef ZJ_TRIM_H
#define ZJ_TRIM_H
#include "zj_obj.h"
#include <stdint.h>
#include <uv.h>

#define ZJ_TRIM_YOUNG_S 600 /* what was written since then is perhaps about to be used */
#define ZJ_TRIM_EVERY   256 /* new files; for callers that count */

/* Removes the oldest plain files of `dir` (not of folders in it) until the others have max_bytes at most; none younger
 * than ZJ_TRIM_YOUNG_S. Waits for the disk. 0, or an errno. */
int zj_trim(const char *dir, uint64_t max_bytes) ZJ_MUST_CHECK;
/* The same on a thread of the loop's pool; what fails is in the log. `dir` is copied. */
void zj_trim_later(uv_loop_t *loop, const char *dir, uint64_t max_bytes);
#endif
