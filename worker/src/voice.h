/* A prompt's sound, made by mediad of a file or of words: 8 kHz, at the loudness of all prompts (docs/decisions/080).
 */
#ifndef WK_VOICE_H
#define WK_VOICE_H
#include "worker.h"

struct wk_voice {
	const char *tenant, *id;                                       /* whose; borrowed, as what follows */
	const char *text, *lang;                                       /* spoken; or */
	int fd;                                                        /* a file */
	char path[120];                                                /* what was made, below the store */
	char format[8];                                                /* of the file; tts */
	char bytes[24], ms[24], sha256[65], source_lufs[24], lufs[24]; /* as the row takes them */
	char why[200]; /* EINVAL: what is wrong with the file or the words */
};
/* EINVAL: this is no sound, `why` says it; else errno. */
int wk_voice_make(const struct wk_conf *conf, struct wk_voice *v) ZJ_MUST_CHECK;
void wk_voice_remove(const struct wk_conf *conf, const char *path);
/* Speaks the system's prompts that have words and no sound yet. */
void wk_voices_speak(PGconn *pg, const struct wk_conf *conf);
#endif
