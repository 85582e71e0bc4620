/* The daemon's side of the boxes: takes, asks, and hears of their death. */
#include "script.h"
#include "zj_log.h"
#include "zj_metrics.h"
#include "zj_time.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READY_MAX  64
#define RESPAWN_MS 200
#define TICK_MS    1000

struct zj_metric *vx_script_errors_metric, *vx_script_kills_metric;

struct vx_script {
	struct vx_script_pool *pool; /* NULL: the pool is closed */
	struct vx_script *prev, *next;
	uv_pipe_t pipe;
	vx_script_h *h;
	void *arg;
	int64_t asked_at;
	bool dead, closing;
	uint32_t need; /* length of the answer being read; 0: reading the length itself */
	size_t have;
	char head[4];
	char *body;
};

struct vx_script_pool {
	uv_loop_t *loop;
	char *program;
	int sock; /* to the server; -1: none */
	uv_process_t server;
	bool server_lives, closing;
	uv_timer_t timer; /* respawn, and giving up silent boxes */
	struct vx_script *all;
	struct vx_script *ready[READY_MAX];
	unsigned nready, want, living, max;
	int handles;
};

static void count(struct zj_metric *m)
{
	if (m)
		zj_metric_add(m, 1);
}

static void pool_release(struct vx_script_pool *p)
{
	if (p->handles || p->living || !p->closing)
		return;
	zj_deref(p->program);
	free(p);
}

static void on_box_closed(uv_handle_t *handle)
{
	struct vx_script *s = handle->data;
	struct vx_script_pool *p = s->pool;

	if (s->prev)
		s->prev->next = s->next;
	else
		p->all = s->next;
	if (s->next)
		s->next->prev = s->prev;
	p->living--;
	free(s->body);
	free(s);
	pool_release(p);
}

void vx_script_close(struct vx_script *s)
{
	if (!s || s->closing)
		return;
	s->closing = true;
	s->h = NULL;
	uv_close((uv_handle_t *)&s->pipe, on_box_closed);
}

/* Tells the waiting handler; it may close the box. */
static void tell(struct vx_script *s, int err, json_t *results, const char *message)
{
	vx_script_h *h = s->h;

	s->h = NULL;
	if (err)
		count(vx_script_errors_metric);
	if (h)
		h(err, results, message, s->arg);
}

static void die(struct vx_script *s, const char *why)
{
	struct vx_script_pool *p = s->pool;

	if (s->dead)
		return;
	s->dead = true;
	uv_read_stop((uv_stream_t *)&s->pipe);
	count(vx_script_kills_metric);
	for (unsigned i = 0; i < p->nready; i++) {
		if (p->ready[i] == s) {
			p->ready[i] = p->ready[--p->nready];
			vx_script_close(s);
			return;
		}
	}
	tell(s, EPIPE, NULL, why);
}

/* Nesting is counted before the text is parsed: jansson recurses, and the text comes from a stranger. */
static bool depth_is_sane(const char *s, size_t n)
{
	int depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < n; i++) {
		if (quoted) {
			if (s[i] == '\\')
				i++;
			else if (s[i] == '"')
				quoted = false;
		} else if (s[i] == '"') {
			quoted = true;
		} else if (s[i] == '[' || s[i] == '{') {
			if (++depth > VX_SCRIPT_DEPTH)
				return false;
		} else if (s[i] == ']' || s[i] == '}') {
			depth--;
		}
	}
	return true;
}

static void answered(struct vx_script *s)
{
	char *body = s->body;
	size_t n = s->need - 1;
	json_t *results;

	body[s->need] = '\0';
	s->body = NULL;
	s->need = 0;
	s->have = 0;
	if (body[0] == 'r') {
		results = depth_is_sane(body + 1, n) ? json_loadb(body + 1, n, 0, NULL) : NULL;
		if (json_is_array(results))
			tell(s, 0, results, NULL);
		else
			tell(s, EINVAL, NULL, "the value is nested too deep");
		json_decref(results);
	} else {
		tell(s, body[0] == 't' ? ETIMEDOUT : EINVAL, NULL, body + 1);
	}
	free(body);
}

static void on_alloc(uv_handle_t *handle, size_t suggested ZJ_UNUSED, uv_buf_t *buf)
{
	struct vx_script *s = handle->data;

	if (!s->need)
		*buf = uv_buf_init(s->head + s->have, (unsigned)(sizeof(s->head) - s->have));
	else
		*buf = uv_buf_init(s->body + s->have, (unsigned)(s->need - s->have));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf ZJ_UNUSED)
{
	struct vx_script *s = stream->data;
	uint32_t len;

	if (n == 0)
		return;
	if (n < 0 || !s->h) {
		die(s, n < 0 ? "the script's process ended: it ran for too long or was killed"
			     : "the script's process spoke unasked");
		return;
	}
	s->have += (size_t)n;
	if (s->need) {
		if (s->have == s->need)
			answered(s);
		return;
	}
	if (s->have < sizeof(s->head))
		return;
	memcpy(&len, s->head, sizeof(len));
	s->have = 0;
	s->body = len >= 1 && len <= VX_SCRIPT_OUT_MAX + 1 ? malloc((size_t)len + 1) : NULL;
	if (!s->body)
		die(s, "the script's process answered nonsense");
	else
		s->need = len;
}

static int server_send(struct vx_script_pool *p, int fd)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	char byte = 'n';
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(p->sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 ? 0 : EAGAIN;
}

static int box_make(struct vx_script **sp, struct vx_script_pool *p)
{
	struct vx_script *s;
	int pair[2], err;

	if (p->sock < 0 || p->closing || p->living >= p->max)
		return EAGAIN;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return errno;
	s = calloc(1, sizeof(*s));
	err = s ? server_send(p, pair[1]) : ENOMEM;
	close(pair[1]);
	if (err) {
		close(pair[0]);
		free(s);
		return err;
	}
	s->pool = p;
	uv_pipe_init(p->loop, &s->pipe, 0);
	s->pipe.data = s;
	s->next = p->all;
	if (p->all)
		p->all->prev = s;
	p->all = s;
	p->living++;
	if (uv_pipe_open(&s->pipe, pair[0]) || uv_read_start((uv_stream_t *)&s->pipe, on_alloc, on_read)) {
		vx_script_close(s);
		return EIO;
	}
	*sp = s;
	return 0;
}

static void fill(struct vx_script_pool *p)
{
	while (p->nready < p->want && !box_make(&p->ready[p->nready], p))
		p->nready++;
}

int vx_script_take(struct vx_script **sp, struct vx_script_pool *p)
{
	if (p->nready) {
		*sp = p->ready[--p->nready];
		if (!p->nready)
			fill(p);
		return 0;
	}
	return box_make(sp, p);
}

struct write {
	uv_write_t req;
	uint32_t len;
	char *text;
};

static void on_written(uv_write_t *req, int status ZJ_UNUSED)
{
	struct write *w = req->data; /* a failed write shows as the end of the stream */

	free(w->text);
	free(w);
}

int vx_script_run(struct vx_script *s, json_t *ops, vx_script_h *h, void *arg)
{
	struct write *w = calloc(1, sizeof(*w));
	uv_buf_t bufs[2];
	size_t n;
	int err = 0;

	if (w)
		w->text = json_dumps(ops, JSON_COMPACT);
	json_decref(ops);
	if (!w || !w->text) {
		free(w);
		return ENOMEM;
	}
	n = strlen(w->text);
	if (s->dead || s->closing || s->h)
		err = EPIPE;
	else if (n > VX_SCRIPT_MSG_MAX)
		err = E2BIG;
	if (err) {
		free(w->text);
		free(w);
		return err;
	}
	w->len = (uint32_t)n;
	w->req.data = w;
	bufs[0] = uv_buf_init((char *)&w->len, sizeof(w->len));
	bufs[1] = uv_buf_init(w->text, (unsigned)n);
	s->h = h;
	s->arg = arg;
	s->asked_at = zj_mono_us();
	if (uv_write(&w->req, (uv_stream_t *)&s->pipe, bufs, 2, on_written)) {
		s->h = NULL;
		free(w->text);
		free(w);
		return EPIPE;
	}
	return 0;
}

static int server_start(struct vx_script_pool *p);

static void on_tick(uv_timer_t *timer)
{
	struct vx_script_pool *p = timer->data;
	int64_t limit = zj_mono_us() - (int64_t)VX_SCRIPT_WALL_MS * 1000;
	struct vx_script *next;

	if (!p->server_lives)
		(void)server_start(p);
	fill(p);
	for (struct vx_script *s = p->all; s; s = next) {
		next = s->next; /* boxes leave the list only in their close callback, never in here */
		if (s->h && s->asked_at < limit)
			die(s, "the script's process is silent");
	}
}

static void on_server_closed(uv_handle_t *handle)
{
	struct vx_script_pool *p = handle->data;

	p->server_lives = false;
	p->handles--;
	pool_release(p);
}

static void on_server_exit(uv_process_t *proc, int64_t status, int sig)
{
	struct vx_script_pool *p = proc->data;

	if (!p->closing)
		zj_warn("script", "the script server ended, starting another status=%lld signal=%d", (long long)status,
			sig);
	if (p->sock >= 0)
		close(p->sock);
	p->sock = -1;
	uv_close((uv_handle_t *)proc, on_server_closed);
}

static int server_start(struct vx_script_pool *p)
{
	char word[] = "script-server";
	char *argv[] = {p->program, word, NULL};
	uv_stdio_container_t io[3] = {
		{.flags = UV_INHERIT_FD}, {.flags = UV_IGNORE}, {.flags = UV_INHERIT_FD, .data.fd = 2}};
	uv_process_options_t opt = {
		.file = p->program, .args = argv, .stdio = io, .stdio_count = 3, .exit_cb = on_server_exit};
	int pair[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return errno;
	io[0].data.fd = pair[1];
	p->server.data = p;
	err = uv_spawn(p->loop, &p->server, &opt);
	close(pair[1]);
	p->handles++;
	if (err) {
		close(pair[0]);
		uv_close((uv_handle_t *)&p->server, on_server_closed);
		return -err;
	}
	p->server_lives = true;
	p->sock = pair[0];
	return 0;
}

int vx_script_pool_alloc(struct vx_script_pool **pp, uv_loop_t *loop, const char *program, unsigned ready, unsigned max)
{
	struct vx_script_pool *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return ENOMEM;
	p->loop = loop;
	p->sock = -1;
	p->want = ready < READY_MAX ? ready : READY_MAX;
	p->max = max;
	p->program = zj_strdup(program);
	uv_timer_init(loop, &p->timer);
	p->timer.data = p;
	p->handles = 1;
	err = p->program ? server_start(p) : ENOMEM;
	if (err) {
		vx_script_pool_close(p);
		return err;
	}
	uv_timer_start(&p->timer, on_tick, RESPAWN_MS, TICK_MS);
	uv_unref((uv_handle_t *)&p->timer);
	fill(p);
	*pp = p;
	return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct vx_script_pool *p = handle->data;

	p->handles--;
	pool_release(p);
}

void vx_script_pool_close(struct vx_script_pool *p)
{
	if (!p || p->closing)
		return;
	p->closing = true;
	while (p->nready)
		vx_script_close(p->ready[--p->nready]);
	if (p->sock >= 0)
		shutdown(p->sock, SHUT_RDWR); /* the server reads the end and leaves; on_server_exit closes the rest */
	uv_close((uv_handle_t *)&p->timer, on_timer_closed);
}

unsigned vx_script_pool_living(const struct vx_script_pool *p)
{
	return p->living;
}
