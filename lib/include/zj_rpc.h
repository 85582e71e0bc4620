/* JSON-RPC 2.0, one object a line (docs/control-protocol.md), over a Unix socket ("/path") or TCP ("127.0.0.1:port"),
 * on a libuv loop. Lines longer than ZJ_RPC_LINE_MAX end the connection. */
#ifndef ZJ_RPC_H
#define ZJ_RPC_H
#include "zj_obj.h"
#include <jansson.h>
#include <stdbool.h>
#include <uv.h>

#define ZJ_RPC_LINE_MAX (1024 * 1024)
#define ZJ_RPC_OUT_MAX  (64 * 1024 * 1024) /* a peer that reads so slowly is disconnected */

/* JSON-RPC's own codes, and ours. */
enum zj_rpc_code {
	ZJ_RPC_PARSE = -32700,
	ZJ_RPC_INVALID = -32600,
	ZJ_RPC_NO_METHOD = -32601,
	ZJ_RPC_BAD_PARAMS = -32602,
	ZJ_RPC_INTERNAL = -32603,
	ZJ_RPC_REFUSED = 1,   /* cannot be done in this state: `data.because` */
	ZJ_RPC_STALE = 2,     /* an epoch below the highest known: `data.epoch` */
	ZJ_RPC_NOT_FOUND = 3, /* no such leg, room, call, agent … */
	ZJ_RPC_OVERLOAD = 4,
	ZJ_RPC_GONE = 5,   /* local only: the connection closed before the answer came */
	ZJ_RPC_TIMEOUT = 6 /* local only: no answer in time (a late one is dropped) */
};

struct zj_rpc_conn; /* one connection, either side; an object */
struct zj_rpc_call; /* one request waiting for its answer; answered exactly once, at once or later */
struct zj_rpc_server;

/* A method: `params` lists what it takes, "name:type" separated by spaces, "?" after the name when optional; types are
 * s string, i integer, n number, b boolean, o object, a array, u UUID, * anything. A request with a missing, unknown or
 * mistyped parameter (a list of just "*" takes anything, for events that may grow) is answered BAD_PARAMS naming it,
 * and never reaches the handler. `call` is NULL for a notification. */
typedef void(zj_rpc_method_h)(struct zj_rpc_conn *conn, json_t *params /* borrowed */, struct zj_rpc_call *call,
			      void *arg);
struct zj_rpc_method {
	const char *name, *params;
	zj_rpc_method_h *h;
	const char *help;
};
/* The last row has name NULL. */

/* The row whose handler runs now: for one handler of many rows. Only within it. */
const struct zj_rpc_method *zj_rpc_method(const struct zj_rpc_conn *c);

typedef void(zj_rpc_conn_h)(struct zj_rpc_conn *conn, bool up, void *arg);

int zj_rpc_listen(struct zj_rpc_server **sp, uv_loop_t *loop, const char *address, const struct zj_rpc_method *methods,
		  zj_rpc_conn_h *conn_h, void *arg) ZJ_MUST_CHECK;
void zj_rpc_server_close(struct zj_rpc_server *s); /* closes its connections too and releases it */

/* A client that connects, and connects again for ever after a loss (50 ms, doubling to 1 s). `conn_h` hears up and
 * down. Requests sent while down fail at once with ZJ_RPC_GONE. */
int zj_rpc_connect(struct zj_rpc_conn **cp, uv_loop_t *loop, const char *address, const struct zj_rpc_method *methods,
		   zj_rpc_conn_h *conn_h, void *arg) ZJ_MUST_CHECK;
/* Both kinds; releases the owner's reference; handlers of open requests hear GONE. A server's connection tells `conn_h`
 * that it is down (so that what zj_rpc_set_user() gave is freed in one place); a client, whose owner closes it, does
 * not. */
void zj_rpc_close(struct zj_rpc_conn *c);

bool zj_rpc_is_up(const struct zj_rpc_conn *c);
void zj_rpc_set_user(struct zj_rpc_conn *c, void *user); /* the program's own pointer for a connection */
void *zj_rpc_user(const struct zj_rpc_conn *c);

/* `result` is borrowed; on error it is NULL, `code` non-zero and `message` said; `data` may be NULL. */
typedef void(zj_rpc_answer_h)(json_t *result, int code, const char *message, json_t *data, void *arg);
/* Steals `params`. `h` may be NULL. With timeout_ms 0 it waits until the connection ends. `h` never runs before return,
 * and runs exactly once when 0 was returned (GONE on a connection that is down); else (ENOMEM, or closed by us) never.
 */
int zj_rpc_request(struct zj_rpc_conn *c, const char *method, json_t *params, unsigned timeout_ms, zj_rpc_answer_h *h,
		   void *arg);
int zj_rpc_notify(struct zj_rpc_conn *c, const char *method, json_t *params); /* steals params; ENOTCONN when down */
/* The same with params as text, for what many receivers get: one JSON object without a line feed, not parsed here. */
int zj_rpc_notify_text(struct zj_rpc_conn *c, const char *method, const char *params);
/* What is sent between cork and uncork goes out in one piece: one system call, and the peer wakes once. Only within one
 * handler: who corks must uncork before the loop turns. */
void zj_rpc_cork(struct zj_rpc_conn *c, bool on);

void zj_rpc_reply(struct zj_rpc_call *call, json_t *result); /* steals result */
void zj_rpc_fail(struct zj_rpc_call *call, int code, const char *message,
		 json_t *data /* stolen */); /* both accept NULL call */
#endif
