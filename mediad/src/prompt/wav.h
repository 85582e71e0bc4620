/* Audio files in, 8 kHz mono out. Blocking: on worker threads and in the converter's process only. */
#ifndef MD_WAV_H
#define MD_WAV_H
#include "media/clip.h"
#include <zj_obj.h>

struct md_wav {
	struct md_clip *clip; /* malloc */
	const char *format;   /* static: wav, mp3 … */
	int rate, channels;   /* as they were */
};
/* Reads WAV, MP3, OGG (Vorbis, Opus), FLAC, AIFF or AU, at most `max_samples` at 8 kHz. On failure returns an errno and
 * a sentence in `why`: EBADMSG (no audio file, one that is broken, or whose header lies); EFBIG. */
int md_wav_read(struct md_wav *w, int fd, size_t max_samples, char *why, size_t size) ZJ_MUST_CHECK;
/* The same of a path; also ENOENT and what else open() says. */
int md_wav_load(struct md_clip **cp, const char *path, size_t max_samples, char *why, size_t size) ZJ_MUST_CHECK;
/* Writes 8 kHz mono s16. */
int md_wav_write(const struct md_clip *c, int fd) ZJ_MUST_CHECK;
#endif
