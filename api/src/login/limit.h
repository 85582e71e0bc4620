/* Holds back who guesses passwords and codes: failures are counted per source and account, per account, and per source.
 * Who has used up the tries waits, each further failure twice as long. A finite table in memory; written through to
 * Redis, so that a restart forgets nothing. All of it on the loop. */
#ifndef API_LIMIT_H
#define API_LIMIT_H
#include "zj_obj.h"
#include "zj_redis.h"
#include <stdbool.h>
#include <stdint.h>

/* Who tries. `name` includes what changes with the password: a new password is a new beginning. */
struct api_try {
	char source[64], name[300];
	unsigned tries; /* failures before the first wait */
};
struct api_limit;
int api_limit_alloc(struct api_limit **lp, struct zj_redis *redis /* NULL: memory only */) ZJ_MUST_CHECK;

/* Seconds to wait before a try is taken; 0: it is taken now, and api_limit_result must follow. Times: zj_now_us. */
unsigned api_limit_take(struct api_limit *l, const struct api_try *t, int64_t now_us);
void api_limit_result(struct api_limit *l, const struct api_try *t, bool good, int64_t now_us);
/* A try that was taken, and then not made. */
void api_limit_untake(struct api_limit *l, const struct api_try *t);

/* The same, asking Redis first. `h` runs exactly once, perhaps before return. */
typedef void(api_limit_h)(unsigned wait_s, void *arg);
void api_limit_ask(struct api_limit *l, const struct api_try *t, api_limit_h *h, void *arg);
void api_limit_tell(struct api_limit *l, const struct api_try *t, bool good);
#endif
