/* What becomes of a recording's file when its call is over: checked, its waveform drawn, converted, sealed. */
#ifndef WK_SOUND_H
#define WK_SOUND_H
#include "zj_seal.h"
#include <sndfile.h>

/* Paths are whole. `from_key`, `to_key`: NULL: that file is not sealed. */
struct wk_sound {
	const char *from, *to, *peaks, *format;
	const struct zj_seal_key *from_key, *to_key;
};
struct wk_sound_sum {
	int64_t bytes;
	char sha256[65];
};
/* The sum of a file as it lies there. */
int wk_file_sum(const char *path, struct wk_sound_sum *sum) ZJ_MUST_CHECK;
/* Writes `peaks`, and `to` when it is another file than `from`. EINVAL: this is no sound; else errno. */
int wk_sound_finish(const struct wk_sound *s) ZJ_MUST_CHECK;
/* A sealed file's bytes in clear, or a plain file's, into a descriptor. */
int wk_sound_copy(const char *from, const struct zj_seal_key *key, int fd) ZJ_MUST_CHECK;
#endif
