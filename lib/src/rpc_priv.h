/* Inside of the JSON-RPC implementation: connection (rpc.c), wire (rpc_link.c), server and client (rpc_peer.c). */
#ifndef ZJ_RPC_PRIV_H
#define ZJ_RPC_PRIV_H
#include "uv_priv.h"
#include "zj_rpc.h"
#include <uthash.h>

/* One socket's life. A client has a new one for each attempt, because libuv closes a handle later than we let go of it.
 * An object: its closing handle holds a reference. */
struct zj_rpc_link;
typedef void(zj_rpc_link_line_h)(const char *line, size_t len, void *arg); /* without the newline */
typedef void(zj_rpc_link_open_h)(int err, void *arg);
typedef void(zj_rpc_link_lost_h)(const char *why, void *arg); /* once; the link closes itself */

struct zj_rpc_link_ops {
	zj_rpc_link_open_h *open_h; /* of a connecting link only */
	zj_rpc_link_line_h *line_h;
	zj_rpc_link_lost_h *lost_h;
};

int zj_rpc_link_alloc(struct zj_rpc_link **lp, uv_loop_t *loop, bool is_unix, const struct zj_rpc_link_ops *ops,
		      void *arg) ZJ_MUST_CHECK;
int zj_rpc_link_connect(struct zj_rpc_link *l, const char *address) ZJ_MUST_CHECK;
int zj_rpc_link_accept(struct zj_rpc_link *l, uv_stream_t *from) ZJ_MUST_CHECK;
/* Writes what the kernel takes now and queues the rest. Frees `line` (malloc). */
int zj_rpc_link_write(struct zj_rpc_link *l, char *line, size_t len);
/* On: what is written is kept. Off: it goes out in one piece. */
void zj_rpc_link_cork(struct zj_rpc_link *l, bool on);
/* Ends it; no handler runs afterwards. Releases the owner's reference. */
void zj_rpc_link_close(struct zj_rpc_link *l);

/* "127.0.0.1:5000", "[::1]:5000"; an address with a slash is a Unix socket's path. */
bool zj_rpc_address_is_unix(const char *address);
int zj_rpc_address_parse(const char *address, struct sockaddr_storage *sa);

/* Our own open request. */
struct zj_rpc_pending {
	int64_t id;
	struct zj_rpc_conn *conn; /* NULL once answered */
	zj_rpc_answer_h *h;
	void *arg;
	bool too_long;
	uv_timer_t timer;
	UT_hash_handle hh;
};

struct zj_rpc_conn {
	uv_loop_t *loop;
	const struct zj_rpc_method *methods, *now; /* now: the row whose handler runs */
	zj_rpc_conn_h *conn_h;
	void *arg, *user;
	struct zj_rpc_link *link; /* NULL: down */
	uint64_t generation;      /* counts links, so that a late answer finds out that its asker has gone */
	bool up, closed;
	struct zj_rpc_pending *pending;
	int64_t last_id;
	/* client */
	char *address;
	uv_timer_t *retry;
	unsigned retry_ms;
	/* server's list */
	struct zj_rpc_server *server;
	struct zj_rpc_conn *prev, *next;
};

struct zj_rpc_call {
	struct zj_rpc_conn *conn; /* a reference */
	uint64_t generation;
	json_t *id;
};

bool zj_rpc_params_ok(const char *spec, json_t *params, char *why, size_t size);
int zj_rpc_conn_alloc(struct zj_rpc_conn **cp, uv_loop_t *loop, const struct zj_rpc_method *methods,
		      zj_rpc_conn_h *conn_h, void *arg) ZJ_MUST_CHECK;
void zj_rpc_conn_line(const char *line, size_t len, void *conn);
/* Up: with its link in place. Down: drops the link, answers open requests with GONE; tells conn_h unless `silent`. */
void zj_rpc_conn_up(struct zj_rpc_conn *c);
void zj_rpc_conn_down(struct zj_rpc_conn *c, bool silent);
void zj_rpc_server_forget(struct zj_rpc_conn *c);
#endif
