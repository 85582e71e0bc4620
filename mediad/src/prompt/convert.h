/* What the API runs in a child process for every prompt: one JSON line on standard output, then the exit code. */
#ifndef MD_CONVERT_H
#define MD_CONVERT_H

/* `mediad --convert IN OUT LUFS`: an uploaded sound. */
int md_convert(const char *in, const char *out, const char *lufs);
/* `mediad --speak OUT LUFS`: {"text", "lang"} on standard input. */
int md_speak(const char *out, const char *lufs);
#endif
