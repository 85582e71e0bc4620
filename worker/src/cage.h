/* A foreign program (Ghostscript, tiff2pdf) on a foreign file. Other than our own readers it cannot live in the box
 * (zj_box.h): it opens files of its own. It lives in a cage: reads the system's programs and fonts, reads and writes
 * one folder, has no network, bounded memory, bounded time. */
#ifndef WK_CAGE_H
#define WK_CAGE_H
#include "zj_obj.h"
#include <stdint.h>

struct wk_cage {
	const char *dir; /* its working directory, all that it may write */
	uint64_t memory, file;
	unsigned seconds; /* of processor time, and three times so many by the clock */
};
/* `argv[0]`: an absolute path. 0; EINVAL: it failed; ETIMEDOUT, ENOMEM, EFBIG as far as that shows; else errno. */
int wk_cage_run(const struct wk_cage *c, const char *const argv[]) ZJ_MUST_CHECK;
#endif
