/* What the unit tests of lib/ share. */
#ifndef TESTING_H
#define TESTING_H
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h> /* wants those before it */
/* clang-format on */
#include "zj_obj.h"
#include "zj_time.h"
#include <stdbool.h>
#include <stdlib.h>
#include <uv.h>

/* Turns the loop until `*done` (or for ever at most 10 s: then the test fails). */
static inline void loop_until(uv_loop_t *loop, const bool *done)
{
	int64_t end = zj_mono_us() + 10 * 1000000;

	while (!*done && zj_mono_us() < end) {
		uv_run(loop, UV_RUN_NOWAIT);
		if (!*done)
			uv_sleep(1);
	}
	assert_true(*done);
}

static inline void loop_for(uv_loop_t *loop, int64_t ms)
{
	int64_t end = zj_mono_us() + ms * 1000;

	while (zj_mono_us() < end) {
		uv_run(loop, UV_RUN_NOWAIT);
		uv_sleep(1);
	}
}

/* Runs what is closing to its end; the loop must be empty then. */
static inline void loop_end(uv_loop_t *loop)
{
	int64_t end = zj_mono_us() + 10 * 1000000;

	while (uv_run(loop, UV_RUN_NOWAIT) && zj_mono_us() < end)
		uv_sleep(1);
	assert_int_equal(uv_loop_close(loop), 0);
}
#endif
