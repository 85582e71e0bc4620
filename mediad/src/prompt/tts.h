/* Text to speech by a child process; its result is a file in the cache. Blocking: on worker threads only. */
#ifndef MD_TTS_H
#define MD_TTS_H
#include <stddef.h>

#define MD_TTS_TEXT_MAX 4000 /* bytes */
#define MD_TTS_NAME     80

/* The engine's voice of a language (ISO 639-1; NULL means zh). NULL: it has none. */
const char *md_voice(const char *lang);
/* The cache file's name: sha256 of voice and text. */
void md_tts_name(char out[MD_TTS_NAME], const char *voice, const char *text);
/* Speaks `text` into the file. Errno, with a sentence in `why`. */
int md_tts_run(const char *voice, const char *text, const char *path, char *why, size_t size);
/* The same into dir/name unless it is there. */
int md_tts_speak(const char *dir, const char *name, const char *voice, const char *text, char *why, size_t size);
#endif
