/* Redis on a libuv loop (zj_redis.h). hiredis brings an adapter for libuv, but that one ignores errors on the socket,
 * so that a refused or reset connection would never be noticed; ours is the part `events_*` below. */
#include "uv_priv.h"
#include "zj_log.h"
#include "zj_redis.h"
#include "zj_time.h"
#include <errno.h>
#include <hiredis/async.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_FIRST_MS 50
#define RETRY_MAX_MS   1000
#define SILENCE_MS     3000   /* a server that owes answers and says nothing for so long is taken for dead */
#define PENDING_MAX    100000 /* answers owed at most */

/* One socket's events. An object: its closing handle holds it. */
struct events {
	uv_poll_t poll;
	redisAsyncContext *ac; /* NULL: cleaned up */
	int wanted;
};

struct zj_redis {
	uv_loop_t *loop;
	char *address, *user, *password;
	zj_redis_conn_h *conn_h;
	void *arg;
	redisAsyncContext *ac; /* NULL: no connection, nor an attempt */
	uv_timer_t *timer;     /* next attempt; or a look at the silence */
	unsigned retry_ms, pending;
	int64_t heard_us;
	bool up, closed;
};

/* A command that waits for its answer. */
struct waiting {
	struct zj_redis *r;
	zj_redis_h *h;
	void *arg;
};

static void connect_try(struct zj_redis *r);

static void events_h(uv_poll_t *poll, int status, int events)
{
	struct events *e = poll->data;

	zj_ref(e);
	if (e->ac && (status || (events & UV_READABLE))) /* on an error reading tells which */
		redisAsyncHandleRead(e->ac);
	if (e->ac && !status && (events & UV_WRITABLE))
		redisAsyncHandleWrite(e->ac);
	zj_deref(e);
}

static void events_want(struct events *e, int wanted)
{
	if (wanted == e->wanted)
		return;
	e->wanted = wanted;
	if (wanted)
		uv_poll_start(&e->poll, wanted, events_h);
	else
		uv_poll_stop(&e->poll);
}

static void read_add(void *e)
{
	events_want(e, ((struct events *)e)->wanted | UV_READABLE);
}

static void read_del(void *e)
{
	events_want(e, ((struct events *)e)->wanted & ~UV_READABLE);
}

static void write_add(void *e)
{
	events_want(e, ((struct events *)e)->wanted | UV_WRITABLE);
}

static void write_del(void *e)
{
	events_want(e, ((struct events *)e)->wanted & ~UV_WRITABLE);
}

static void events_cleanup(void *data)
{
	struct events *e = data;

	e->ac = NULL;
	uv_close((uv_handle_t *)&e->poll, zj_uv_free_h);
}

static int events_attach(redisAsyncContext *ac, uv_loop_t *loop)
{
	struct events *e = zj_alloc(sizeof(*e), NULL);

	if (!e)
		return ENOMEM;
	if (uv_poll_init(loop, &e->poll, ac->c.fd)) {
		zj_deref(e);
		return EIO;
	}
	e->poll.data = e;
	e->ac = ac;
	ac->ev.data = e;
	ac->ev.addRead = read_add;
	ac->ev.delRead = read_del;
	ac->ev.addWrite = write_add;
	ac->ev.delWrite = write_del;
	ac->ev.cleanup = events_cleanup;
	return 0;
}

static void retry_h(uv_timer_t *timer)
{
	connect_try(timer->data);
}

static void retry(struct zj_redis *r)
{
	if (r->closed)
		return;
	uv_timer_start(r->timer, retry_h, r->retry_ms, 0);
	r->retry_ms = r->retry_ms * 2 < RETRY_MAX_MS ? r->retry_ms * 2 : RETRY_MAX_MS;
}

/* hiredis frees the context after its callbacks; we let go of it first. */
static void gone(struct zj_redis *r, const char *why)
{
	bool was_up = r->up;

	r->ac = NULL;
	r->up = false;
	if (was_up)
		zj_warn("redis", "connection lost: %s", why);
	zj_ref(r);
	retry(r);
	if (was_up && !r->closed && r->conn_h)
		r->conn_h(r, false, r->arg);
	zj_deref(r);
}

static void disconnected_h(const redisAsyncContext *ac, int status ZJ_UNUSED)
{
	struct zj_redis *r = ac->data;

	if (r && r->ac == ac)
		gone(r, ac->errstr[0] ? ac->errstr : "closed by the peer");
}

static void connected_h(const redisAsyncContext *ac, int status)
{
	struct zj_redis *r = ac->data;

	if (r && r->ac == ac && status != REDIS_OK)
		gone(r, ac->errstr);
}

static void silence_h(uv_timer_t *timer)
{
	struct zj_redis *r = timer->data;
	redisAsyncContext *ac = r->ac;

	if (!ac || !r->pending || zj_mono_us() - r->heard_us < (int64_t)SILENCE_MS * 1000)
		return;
	zj_ref(r);
	if (r->up)
		zj_warn("redis", "no answer for %d ms: connecting anew", SILENCE_MS);
	ac->data = NULL;
	gone(r, "silent");
	redisAsyncFree(ac); /* its waiting handlers hear ENOTCONN */
	zj_deref(r);
}

static void answer_h(redisAsyncContext *ac ZJ_UNUSED, void *reply, void *data)
{
	struct waiting *w = data;
	struct zj_redis *r = w->r;

	r->pending--;
	r->heard_us = zj_mono_us();
	if (w->h)
		w->h(reply ? 0 : ENOTCONN, reply, w->arg);
	free(w);
	zj_deref(r);
}

/* Before a command: NULL when it cannot be taken. */
static struct waiting *waiting_alloc(struct zj_redis *r, zj_redis_h *h, void *arg)
{
	struct waiting *w = malloc(sizeof(*w));

	if (w)
		*w = (struct waiting){zj_ref(r), h, arg};
	return w;
}

static int sent(struct zj_redis *r, struct waiting *w, int status)
{
	if (status != REDIS_OK) {
		free(w);
		zj_deref(r);
		return ENOTCONN;
	}
	if (!r->pending++)
		r->heard_us = zj_mono_us();
	return 0;
}

static int can_send(const struct zj_redis *r)
{
	if (!r->ac || r->closed)
		return ENOTCONN;
	return r->pending < PENDING_MAX ? 0 : ENOBUFS;
}

static void greeted_h(int err, redisReply *reply, void *arg)
{
	struct zj_redis *r = arg;
	redisAsyncContext *ac = r->ac;

	if (err || !ac || r->closed)
		return;
	if (reply->type == REDIS_REPLY_ERROR) { /* wrong password, or still loading its file */
		zj_error("redis", "refused: %s address=%s", reply->str, r->address);
		ac->data = NULL;
		gone(r, reply->str);
		redisAsyncDisconnect(ac);
		return;
	}
	r->up = true;
	r->retry_ms = RETRY_FIRST_MS;
	uv_timer_start(r->timer, silence_h, SILENCE_MS / 3, SILENCE_MS / 3);
	if (r->conn_h)
		r->conn_h(r, true, r->arg);
}

static void greet(struct zj_redis *r)
{
	struct waiting *w = waiting_alloc(r, greeted_h, r);
	const char *argv[] = {"AUTH", r->user, r->password}, *ping[] = {"PING"};
	int status = REDIS_ERR;

	if (!w)
		return; /* the silence ends it */
	if (r->password && r->user)
		status = redisAsyncCommandArgv(r->ac, answer_h, w, 3, argv, NULL);
	else if (r->password)
		status = redisAsyncCommand(r->ac, answer_h, w, "AUTH %s", r->password);
	else
		status = redisAsyncCommandArgv(r->ac, answer_h, w, 1, ping, NULL);
	if (sent(r, w, status))
		zj_warn("redis", "could not greet address=%s", r->address);
}

static redisAsyncContext *context_alloc(const char *address)
{
	const char *colon = strrchr(address, ':');
	char host[64];

	if (strchr(address, '/'))
		return redisAsyncConnectUnix(address);
	if (!colon || (size_t)(colon - address) >= sizeof(host))
		return NULL;
	memcpy(host, address, (size_t)(colon - address));
	host[colon - address] = '\0';
	return redisAsyncConnect(host, atoi(colon + 1));
}

static void connect_try(struct zj_redis *r)
{
	redisAsyncContext *ac = context_alloc(r->address);

	if (!ac || ac->err || events_attach(ac, r->loop)) {
		if (ac)
			redisAsyncFree(ac);
		retry(r);
		return;
	}
	ac->data = r;
	r->ac = ac;
	redisAsyncSetConnectCallback(ac, connected_h);
	redisAsyncSetDisconnectCallback(ac, disconnected_h);
	uv_timer_start(r->timer, silence_h, SILENCE_MS, SILENCE_MS / 3);
	greet(r);
}

static void redis_destructor(void *obj)
{
	struct zj_redis *r = obj;

	zj_deref(r->address);
	zj_deref(r->user);
	zj_deref(r->password);
}

int zj_redis_alloc(struct zj_redis **rp, uv_loop_t *loop, const char *address, const char *user, const char *password,
		   zj_redis_conn_h *conn_h, void *arg)
{
	struct zj_redis *r = zj_alloc(sizeof(*r), redis_destructor);

	if (!r)
		return ENOMEM;
	r->loop = loop;
	r->conn_h = conn_h;
	r->arg = arg;
	r->retry_ms = RETRY_FIRST_MS;
	r->address = zj_strdup(address);
	r->user = user && *user ? zj_strdup(user) : NULL;
	r->password = password && *password ? zj_strdup(password) : NULL;
	r->timer = zj_alloc(sizeof(*r->timer), NULL);
	if (!r->address || (user && *user && !r->user) || (password && *password && !r->password) || !r->timer) {
		zj_deref(r->timer);
		zj_deref(r);
		return ENOMEM;
	}
	uv_timer_init(loop, r->timer);
	r->timer->data = r;
	uv_timer_start(r->timer, retry_h, 0, 0);
	*rp = r;
	return 0;
}

void zj_redis_close(struct zj_redis *r)
{
	redisAsyncContext *ac;

	if (!r || r->closed)
		return;
	r->closed = true;
	r->up = false;
	ac = r->ac;
	r->ac = NULL;
	if (ac) {
		ac->data = NULL;
		redisAsyncFree(ac);
	}
	uv_close((uv_handle_t *)r->timer, zj_uv_free_h);
	zj_deref(r);
}

bool zj_redis_is_up(const struct zj_redis *r)
{
	return r->up;
}

int zj_redis_cmd(struct zj_redis *r, zj_redis_h *h, void *arg, const char *fmt, ...)
{
	int err = r->up ? can_send(r) : ENOTCONN, status;
	struct waiting *w;
	va_list ap;

	if (err)
		return err;
	w = waiting_alloc(r, h, arg);
	if (!w)
		return ENOMEM;
	va_start(ap, fmt);
	status = redisvAsyncCommand(r->ac, answer_h, w, fmt, ap);
	va_end(ap);
	return sent(r, w, status);
}

int zj_redis_argv(struct zj_redis *r, zj_redis_h *h, void *arg, int argc, const char **argv, const size_t *len)
{
	int err = r->up ? can_send(r) : ENOTCONN;
	struct waiting *w;

	if (err)
		return err;
	w = waiting_alloc(r, h, arg);
	if (!w)
		return ENOMEM;
	return sent(r, w, redisAsyncCommandArgv(r->ac, answer_h, w, argc, argv, len));
}
