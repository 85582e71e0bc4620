/* Does a child answer? A connection to its socket or port; for `health` also GET /healthz answered 200. */
#include "up/up.h"
#include <errno.h>
#include <string.h>

#define GET "GET /healthz HTTP/1.0\r\n\r\n"

struct up_probe {
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	};
	uv_connect_t connect;
	uv_write_t write;
	struct up_child *child; /* NULL: cancelled */
	up_probe_h *h;
	char answer[64];
	size_t len;
};

static void on_closed(uv_handle_t *handle)
{
	zj_deref(handle->data);
}

/* Reports once and lets go. */
static void finish(struct up_probe *p, bool ready)
{
	struct up_child *child = p->child;

	if (uv_is_closing(&p->handle))
		return;
	p->child = NULL;
	uv_close(&p->handle, on_closed);
	if (child) {
		child->probe = NULL;
		p->h(ready, child);
	}
}

static void on_alloc(uv_handle_t *handle, size_t suggested ZJ_UNUSED, uv_buf_t *buf)
{
	struct up_probe *p = handle->data;

	*buf = uv_buf_init(p->answer + p->len, (unsigned)(sizeof(p->answer) - 1 - p->len));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf ZJ_UNUSED)
{
	struct up_probe *p = stream->data;

	if (n > 0)
		p->len += (size_t)n;
	if (p->len >= 12 || n < 0)
		finish(p, p->len >= 12 && !strncmp(p->answer, "HTTP/1.", 7) && !strncmp(p->answer + 8, " 200", 4));
}

static void on_written(uv_write_t *req, int status)
{
	if (status)
		finish(req->handle->data, false);
}

static void on_connected(uv_connect_t *req, int status)
{
	struct up_probe *p = req->handle->data;
	uv_buf_t get = uv_buf_init((char[]){GET}, sizeof(GET) - 1);

	if (status || !p->child) {
		finish(p, false);
	} else if (p->child->spec.probe != UP_PROBE_HEALTH) {
		finish(p, true);
	} else if (uv_write(&p->write, &p->stream, &get, 1, on_written) ||
		   uv_read_start(&p->stream, on_alloc, on_read)) {
		finish(p, false);
	}
}

int up_probe_start(struct up_child *c, up_probe_h *h)
{
	struct up_probe *p = zj_alloc(sizeof(*p), NULL);
	struct sockaddr_in address;
	int err;

	if (!p)
		return ENOMEM;
	p->h = h;
	p->child = c;
	c->probe = p;
	if (c->spec.probe == UP_PROBE_UNIX) {
		err = uv_pipe_init(&c->up->loop, &p->pipe, 0);
		p->handle.data = p;
		if (!err)
			uv_pipe_connect(&p->connect, &p->pipe, c->spec.probe_path, on_connected);
		return -err;
	}
	err = uv_tcp_init(&c->up->loop, &p->tcp);
	p->handle.data = p;
	if (!err)
		err = uv_ip4_addr("127.0.0.1", c->spec.probe_port, &address);
	if (!err)
		err = uv_tcp_connect(&p->connect, &p->tcp, (const struct sockaddr *)&address, on_connected);
	if (err)
		finish(p, false);
	return -err;
}

void up_probe_cancel(struct up_child *c)
{
	struct up_probe *p = c->probe;

	if (!p)
		return;
	c->probe = NULL;
	p->child = NULL;
	finish(p, false);
}
