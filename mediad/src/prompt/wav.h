/* Audio files in, 8 kHz mono out. Blocking: on worker threads and in the converter's process only. */
#ifndef MD_WAV_H
#define MD_WAV_H
#include "media/clip.h"
#include <zj_obj.h>

/* Reads any file that libsndfile knows, at most `max_samples` at 8 kHz. On failure returns an errno and a sentence in
 * `why`: ENOENT; EBADMSG (no audio file, or one whose header lies); EFBIG. */
int md_wav_load(struct md_clip **cp, const char *path, size_t max_samples, char *why, size_t size) ZJ_MUST_CHECK;
/* Writes 8 kHz mono s16. */
int md_wav_save(const struct md_clip *c, const char *path, char *why, size_t size) ZJ_MUST_CHECK;
/* `mediad --convert IN OUT`: prints one JSON line, returns the exit code. */
int md_convert(const char *in, const char *out);
#endif
