/* The wire of JSON-RPC: a socket that gives lines and takes lines, both bounded. */
#include "rpc_priv.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define IN_FIRST (16 * 1024)

struct zj_rpc_link {
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_pipe_t pipe;
		uv_tcp_t tcp;
	} u;
	uv_connect_t connecting;
	const struct zj_rpc_link_ops *ops;
	void *arg; /* NULL ops: closed, nobody listens any more */
	bool is_unix;
	char *in;
	size_t in_len, in_size;
	const char *doomed; /* why its end was set off */
	bool corked;
	char *held; /* written while corked */
	size_t held_len, held_size;
};

struct out {
	uv_write_t req;
	struct zj_rpc_link *link; /* a reference */
	char *line;
};

static void link_destructor(void *obj)
{
	struct zj_rpc_link *l = obj;

	free(l->in);
	free(l->held);
}

bool zj_rpc_address_is_unix(const char *address)
{
	return strchr(address, '/') != NULL;
}

int zj_rpc_address_parse(const char *address, struct sockaddr_storage *sa)
{
	const char *colon = strrchr(address, ':');
	char host[64], *end;
	size_t len;
	long port;

	if (!colon)
		return EINVAL;
	port = strtol(colon + 1, &end, 10);
	len = (size_t)(colon - address);
	if (*end || port < 1 || port > 65535 || len >= sizeof(host))
		return EINVAL;
	if (len >= 2 && address[0] == '[' && colon[-1] == ']') {
		memcpy(host, address + 1, len - 2);
		host[len - 2] = '\0';
		return uv_ip6_addr(host, (int)port, (struct sockaddr_in6 *)sa) ? EINVAL : 0;
	}
	memcpy(host, address, len);
	host[len] = '\0';
	return uv_ip4_addr(host, (int)port, (struct sockaddr_in *)sa) ? EINVAL : 0;
}

int zj_rpc_link_alloc(struct zj_rpc_link **lp, uv_loop_t *loop, bool is_unix, const struct zj_rpc_link_ops *ops,
		      void *arg)
{
	struct zj_rpc_link *l = zj_alloc(sizeof(*l), link_destructor);
	int err;

	if (!l)
		return ENOMEM;
	l->ops = ops;
	l->arg = arg;
	l->is_unix = is_unix;
	err = is_unix ? uv_pipe_init(loop, &l->u.pipe, 0) : uv_tcp_init(loop, &l->u.tcp);
	if (err) {
		zj_deref(l);
		return -err;
	}
	l->u.handle.data = l;
	*lp = l;
	return 0;
}

void zj_rpc_link_close(struct zj_rpc_link *l)
{
	l->ops = NULL;
	if (!uv_is_closing(&l->u.handle)) /* the handle takes over the owner's reference */
		uv_close(&l->u.handle, zj_uv_free_h);
}

/* Tells the owner, who closes the link. */
static void link_lost(struct zj_rpc_link *l, const char *why)
{
	if (l->ops)
		l->ops->lost_h(why, l->arg);
}

/* Ends it from a place where no handler may run: the reader sees the end on the loop's next turn. */
static void link_doom(struct zj_rpc_link *l, const char *why)
{
	uv_os_fd_t fd;

	l->doomed = why;
	if (!uv_fileno(&l->u.handle, &fd))
		shutdown(fd, SHUT_RDWR);
}

/* Room for what comes: at least one byte is free. The buffer grows up to one longest line. */
static void room_h(uv_handle_t *handle, size_t suggested ZJ_UNUSED, uv_buf_t *buf)
{
	struct zj_rpc_link *l = handle->data;
	size_t size = l->in_size ? l->in_size * 2 : IN_FIRST;
	char *in;

	*buf = uv_buf_init(NULL, 0);
	if (l->in_len == l->in_size) {
		if (size > ZJ_RPC_LINE_MAX + IN_FIRST)
			size = ZJ_RPC_LINE_MAX + IN_FIRST;
		in = realloc(l->in, size);
		if (!in)
			return; /* libuv reports ENOBUFS to read_h */
		l->in = in;
		l->in_size = size;
	}
	*buf = uv_buf_init(l->in + l->in_len, (unsigned)(l->in_size - l->in_len));
}

/* Hands out the whole lines; keeps the rest at the buffer's beginning. `from`: no newline stands before it. */
static void lines_out(struct zj_rpc_link *l, size_t from)
{
	size_t start = 0;
	char *nl;

	while (l->ops && (nl = memchr(l->in + from, '\n', l->in_len - from))) {
		size_t end = (size_t)(nl - l->in), len = end - start;

		if (len && l->in[end - 1] == '\r')
			len--;
		if (len > ZJ_RPC_LINE_MAX) {
			link_lost(l, "line too long");
			return;
		}
		if (len)
			l->ops->line_h(l->in + start, len, l->arg);
		start = from = end + 1;
	}
	if (!l->ops)
		return;
	l->in_len -= start;
	memmove(l->in, l->in + start, l->in_len);
	if (l->in_len > ZJ_RPC_LINE_MAX) {
		link_lost(l, "line too long");
	} else if (!l->in_len && l->in_size > 16 * IN_FIRST) { /* a rare long line does not keep its megabyte */
		free(l->in);
		l->in = NULL;
		l->in_size = 0;
	}
}

static void read_h(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf ZJ_UNUSED)
{
	struct zj_rpc_link *l = stream->data;
	size_t from = l->in_len;

	if (!l->ops || n == 0)
		return;
	if (n < 0) {
		link_lost(l, l->doomed ? l->doomed : n == UV_EOF ? "closed by the peer" : uv_strerror((int)n));
		return;
	}
	l->in_len += (size_t)n;
	zj_ref(l);
	lines_out(l, from);
	zj_deref(l);
}

static int read_begin(struct zj_rpc_link *l)
{
	if (!l->is_unix)
		uv_tcp_nodelay(&l->u.tcp, 1);
	return -uv_read_start(&l->u.stream, room_h, read_h);
}

int zj_rpc_link_accept(struct zj_rpc_link *l, uv_stream_t *from)
{
	int err = -uv_accept(from, &l->u.stream);

	return err ? err : read_begin(l);
}

static void connected_h(uv_connect_t *req, int status)
{
	struct zj_rpc_link *l = req->data;
	int err = -status;

	if (!l->ops) /* closed meanwhile */
		return;
	if (!err)
		err = read_begin(l);
	l->ops->open_h(err, l->arg);
}

int zj_rpc_link_connect(struct zj_rpc_link *l, const char *address)
{
	struct sockaddr_storage sa;
	int err;

	l->connecting.data = l;
	if (l->is_unix) {
		if (strlen(address) >= sizeof(((struct sockaddr_un *)0)->sun_path))
			return ENAMETOOLONG;
		uv_pipe_connect(&l->connecting, &l->u.pipe, address, connected_h);
		return 0;
	}
	err = zj_rpc_address_parse(address, &sa);
	return err ? err : -uv_tcp_connect(&l->connecting, &l->u.tcp, (struct sockaddr *)&sa, connected_h);
}

static void written_h(uv_write_t *req, int status ZJ_UNUSED)
{
	struct out *o = req->data; /* a failed write is noticed by the reader */

	free(o->line);
	zj_deref(o->link);
	free(o);
}

/* Keeps the line for the uncorking; false: no memory for that, write it now. */
static bool hold(struct zj_rpc_link *l, const char *line, size_t len)
{
	size_t size = l->held_len + len > l->held_size ? 2 * (l->held_len + len) : l->held_size;
	char *held = size > l->held_size ? realloc(l->held, size) : l->held;

	if (!held)
		return false;
	l->held = held;
	l->held_size = size;
	memcpy(held + l->held_len, line, len);
	l->held_len += len;
	return true;
}

static int write_now(struct zj_rpc_link *l, char *line, size_t len);

void zj_rpc_link_cork(struct zj_rpc_link *l, bool on)
{
	char *held = l->held;
	size_t len = l->held_len;

	l->corked = on;
	if (on || !len)
		return;
	l->held = NULL;
	l->held_len = l->held_size = 0;
	(void)write_now(l, held, len);
}

int zj_rpc_link_write(struct zj_rpc_link *l, char *line, size_t len)
{
	if (l->corked && l->held_len < ZJ_RPC_LINE_MAX && hold(l, line, len)) {
		free(line);
		return 0;
	}
	if (l->held_len) { /* in order */
		zj_rpc_link_cork(l, false);
		l->corked = true;
	}
	return write_now(l, line, len);
}

static int write_now(struct zj_rpc_link *l, char *line, size_t len)
{
	uv_buf_t buf = uv_buf_init(line, (unsigned)len);
	size_t queued = uv_stream_get_write_queue_size(&l->u.stream);
	struct out *o;
	int done = 0, err;

	if (!l->ops || l->doomed || queued > ZJ_RPC_OUT_MAX) {
		free(line);
		if (l->ops && !l->doomed)
			link_doom(l, "the peer reads too slowly");
		return ENOTCONN;
	}
	if (!queued)
		done = uv_try_write(&l->u.stream, &buf, 1);
	if (done == (int)len) {
		free(line);
		return 0;
	}
	o = calloc(1, sizeof(*o));
	if (!o) {
		free(line);
		link_doom(l, "out of memory"); /* half a line may be out: the stream is of no use any more */
		return ENOMEM;
	}
	o->link = zj_ref(l);
	o->line = line;
	o->req.data = o;
	buf = uv_buf_init(line + (done > 0 ? done : 0), (unsigned)(len - (size_t)(done > 0 ? done : 0)));
	err = -uv_write(&o->req, &l->u.stream, &buf, 1, written_h);
	if (err)
		written_h(&o->req, 0);
	return err;
}
