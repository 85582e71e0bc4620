/* Both ends of JSON-RPC connections: a server with its list, a client that connects again. */
#include "rpc_priv.h"
#include "zj_log.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utlist.h>

#define RETRY_FIRST_MS 50
#define RETRY_MAX_MS   1000
#define BACKLOG        512

struct zj_rpc_server {
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_pipe_t pipe;
		uv_tcp_t tcp;
	} u;
	bool is_unix, closed;
	const struct zj_rpc_method *methods;
	zj_rpc_conn_h *conn_h;
	void *arg;
	struct zj_rpc_conn *conns; /* each holds one reference of ours */
};

static void server_lost_h(const char *why, void *arg)
{
	zj_debug("rpc", "connection ended: %s", why);
	zj_rpc_close(arg);
}

static const struct zj_rpc_link_ops server_ops = {NULL, zj_rpc_conn_line, server_lost_h};

/* Takes a server's connection off the list and releases the server's reference. */
void zj_rpc_server_forget(struct zj_rpc_conn *c)
{
	DL_DELETE(c->server->conns, c);
	c->server = NULL;
	zj_deref(c);
}

static void incoming_h(uv_stream_t *stream, int status)
{
	struct zj_rpc_server *s = stream->data;
	struct zj_rpc_conn *c = NULL;
	int err = -status;

	if (!err)
		err = zj_rpc_conn_alloc(&c, stream->loop, s->methods, s->conn_h, s->arg);
	if (!err)
		err = zj_rpc_link_alloc(&c->link, stream->loop, s->is_unix, &server_ops, c);
	if (!err)
		err = zj_rpc_link_accept(c->link, stream);
	if (err) {
		zj_warn("rpc", "could not accept: %s", strerror(err));
		if (c && c->link)
			zj_rpc_link_close(c->link);
		zj_deref(c);
		return;
	}
	c->server = s;
	DL_APPEND(s->conns, c);
	zj_rpc_conn_up(c);
}

/* A socket file that nobody listens on is a dead process's: it is removed. */
static int socket_clear(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd, err;

	if (strlen(path) >= sizeof(sa.sun_path))
		return ENAMETOOLONG;
	strcpy(sa.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	err = connect(fd, (struct sockaddr *)&sa, sizeof(sa)) ? errno : EADDRINUSE;
	close(fd);
	if (err == ECONNREFUSED)
		return unlink(path) ? errno : 0;
	return err == ENOENT ? 0 : err == EAGAIN ? EADDRINUSE : err;
}

static int server_bind(struct zj_rpc_server *s, const char *address)
{
	struct sockaddr_storage sa;
	int err;

	if (s->is_unix) {
		err = socket_clear(address);
		if (!err)
			err = -uv_pipe_bind(&s->u.pipe, address);
		if (!err && chmod(address, 0660))
			err = errno;
		return err;
	}
	err = zj_rpc_address_parse(address, &sa);
	return err ? err : -uv_tcp_bind(&s->u.tcp, (struct sockaddr *)&sa, 0);
}

int zj_rpc_listen(struct zj_rpc_server **sp, uv_loop_t *loop, const char *address, const struct zj_rpc_method *methods,
		  zj_rpc_conn_h *conn_h, void *arg)
{
	struct zj_rpc_server *s = zj_alloc(sizeof(*s), NULL);
	int err;

	if (!s)
		return ENOMEM;
	s->is_unix = zj_rpc_address_is_unix(address);
	s->methods = methods;
	s->conn_h = conn_h;
	s->arg = arg;
	err = -(s->is_unix ? uv_pipe_init(loop, &s->u.pipe, 0) : uv_tcp_init(loop, &s->u.tcp));
	if (err) {
		zj_deref(s);
		return err;
	}
	s->u.handle.data = s;
	err = server_bind(s, address);
	if (!err)
		err = -uv_listen(&s->u.stream, BACKLOG, incoming_h);
	if (err) {
		uv_close(&s->u.handle, zj_uv_free_h);
		return err;
	}
	*sp = s;
	return 0;
}

void zj_rpc_server_close(struct zj_rpc_server *s)
{
	struct zj_rpc_conn *c, *next;

	if (!s || s->closed)
		return;
	s->closed = true;
	DL_FOREACH_SAFE (s->conns, c, next)
		zj_rpc_close(c);
	uv_close(&s->u.handle, zj_uv_free_h);
}

static void client_try(struct zj_rpc_conn *c);

static void retry_h(uv_timer_t *timer)
{
	client_try(timer->data);
}

static void client_retry(struct zj_rpc_conn *c)
{
	if (c->closed)
		return;
	uv_timer_start(c->retry, retry_h, c->retry_ms, 0);
	c->retry_ms = c->retry_ms * 2 < RETRY_MAX_MS ? c->retry_ms * 2 : RETRY_MAX_MS;
}

static void client_lost_h(const char *why, void *arg)
{
	struct zj_rpc_conn *c = arg;

	zj_warn("rpc", "lost: %s peer=%s", why, c->address);
	zj_ref(c);
	zj_rpc_conn_down(c, false);
	client_retry(c);
	zj_deref(c);
}

static void client_open_h(int err, void *arg)
{
	struct zj_rpc_conn *c = arg;

	if (err) {
		zj_rpc_link_close(c->link);
		c->link = NULL;
		client_retry(c);
		return;
	}
	c->retry_ms = RETRY_FIRST_MS;
	zj_rpc_conn_up(c);
}

static const struct zj_rpc_link_ops client_ops = {client_open_h, zj_rpc_conn_line, client_lost_h};

static void client_try(struct zj_rpc_conn *c)
{
	int err = zj_rpc_link_alloc(&c->link, c->loop, zj_rpc_address_is_unix(c->address), &client_ops, c);

	if (!err)
		err = zj_rpc_link_connect(c->link, c->address);
	if (err) {
		if (c->link)
			zj_rpc_link_close(c->link);
		c->link = NULL;
		client_retry(c);
	}
}

static void client_destructor(void *obj)
{
	struct zj_rpc_conn *c = obj;

	zj_deref(c->address);
}

int zj_rpc_connect(struct zj_rpc_conn **cp, uv_loop_t *loop, const char *address, const struct zj_rpc_method *methods,
		   zj_rpc_conn_h *conn_h, void *arg)
{
	struct zj_rpc_conn *c = zj_alloc(sizeof(*c), client_destructor);
	struct sockaddr_storage sa;

	if (!c)
		return ENOMEM;
	c->loop = loop;
	c->methods = methods;
	c->conn_h = conn_h;
	c->arg = arg;
	c->retry_ms = RETRY_FIRST_MS;
	if (!zj_rpc_address_is_unix(address) && zj_rpc_address_parse(address, &sa)) {
		zj_deref(c);
		return EINVAL;
	}
	c->address = zj_strdup(address);
	c->retry = zj_alloc(sizeof(*c->retry), NULL);
	if (!c->address || !c->retry) {
		zj_deref(c->retry);
		zj_deref(c);
		return ENOMEM;
	}
	uv_timer_init(loop, c->retry);
	c->retry->data = c;
	client_try(c);
	*cp = c;
	return 0;
}

void zj_rpc_close(struct zj_rpc_conn *c)
{
	if (!c || c->closed)
		return;
	c->closed = true;
	zj_rpc_conn_down(c, !c->server); /* a client's owner knows that it closes */
	if (c->server) {
		zj_rpc_server_forget(c);
		return;
	}
	uv_close((uv_handle_t *)c->retry, zj_uv_free_h);
	c->retry = NULL;
	zj_deref(c);
}
