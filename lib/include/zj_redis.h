/* Redis on a libuv loop: one connection, commands answered in order, reconnecting by itself (50 ms, doubling to 1 s).
 */
#ifndef ZJ_REDIS_H
#define ZJ_REDIS_H
#include "zj_obj.h"
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <uv.h>

struct zj_redis;
typedef void(zj_redis_conn_h)(struct zj_redis *r, bool up, void *arg);
typedef void(zj_redis_h)(int err /* 0, or ENOTCONN: lost before the answer */, redisReply *reply, void *arg);

/* `address`: "/path" or "host:port"; `password` may be NULL. */
int zj_redis_alloc(struct zj_redis **rp, uv_loop_t *loop, const char *address, const char *user, const char *password,
		   zj_redis_conn_h *conn_h, void *arg) ZJ_MUST_CHECK;
void zj_redis_close(struct zj_redis *r);
bool zj_redis_is_up(const struct zj_redis *r);
/* While away returns ENOTCONN at once and `h` is not called. `h` may be NULL. */
int zj_redis_cmd(struct zj_redis *r, zj_redis_h *h, void *arg, const char *fmt, ...);
int zj_redis_argv(struct zj_redis *r, zj_redis_h *h, void *arg, int argc, const char **argv, const size_t *len);
#endif
