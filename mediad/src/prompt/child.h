/* Inside of prompt/: a child process that a worker thread waits for. */
#ifndef MD_PROMPT_CHILD_H
#define MD_PROMPT_CHILD_H
#include <stddef.h>

/* Runs `argv` (found by PATH) with `input` (less than 64 kB) on its standard input; what it prints goes to `out` (cut
 * to size - 1), or nowhere when `out` is NULL. Killed after 15 s. 0: it ended with 0; EIO: with something else;
 * ETIMEDOUT; or what kept it from starting. */
int md_child_run(const char *const *argv, const char *input, char *out, size_t size);

/* Decodes a stranger's file in the box that uploads have (`mediad --convert`), at the loudness of prompts. `out` is
 * where the sound lies below `dir`; made once for each file and its time. 0, or `why`. */
int md_boxed(const char *dir, const char *path, char *out, size_t out_size, char *why, size_t size);
#endif
