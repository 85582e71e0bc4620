/* Foreign input in a box: runs a program under limits of memory, processor time and wall time, with a text on its
 * standard input, and hands over what it printed. */
#ifndef API_CHILD_H
#define API_CHILD_H
#include "zj_obj.h"
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct api_child_args {
	const char *program;
	const char *const *args; /* after the program's name; NULL-ended */
	const char *input;       /* copied; NULL: none */
	size_t input_n;
	int64_t timeout_ms, memory_mb;
};
#define API_CHILD_OUT (256 * 1024)
/* `err`: 0, ETIMEDOUT (killed), ENOBUFS (printed too much), or what uv_spawn said. `status`: its exit code, or 128 +
 * signal. */
typedef void(api_child_h)(int err, int status, const char *out, size_t n, void *arg);
int api_child_run(uv_loop_t *loop, const struct api_child_args *args, api_child_h *h, void *arg) ZJ_MUST_CHECK;
#endif
