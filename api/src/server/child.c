#include "server/child.h"
#include "zj_log.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHILDREN_MAX 8
#define ARGS_MAX     16

struct child {
	uv_process_t process;
	uv_pipe_t in, out;
	uv_timer_t timer;
	uv_write_t write;
	api_child_h *h;
	void *arg;
	char *input;
	char buf[API_CHILD_OUT + 1];
	size_t n;
	int open, err, status; /* handles not closed yet */
	bool exited, eof;
};
static int running;

static void closed(uv_handle_t *handle)
{
	struct child *c = handle->data;
	if (--c->open > 0)
		return;
	running--;
	c->buf[c->n] = 0;
	c->h(c->err, c->status, c->buf, c->n, c->arg);
	free(c->input);
	free(c);
}

static void shut(uv_handle_t *h)
{
	if (!uv_is_closing(h))
		uv_close(h, closed);
}

/* Over when it has ended and all it printed was read. */
static void look(struct child *c)
{
	if (!c->exited || !c->eof)
		return;
	shut((uv_handle_t *)&c->process);
	shut((uv_handle_t *)&c->in);
	shut((uv_handle_t *)&c->out);
	shut((uv_handle_t *)&c->timer);
}

static void stop(struct child *c, int err)
{
	if (!c->err)
		c->err = err;
	if (!c->exited)
		uv_process_kill(&c->process, SIGKILL);
}

static void on_exit_h(uv_process_t *p, int64_t status, int sig)
{
	struct child *c = p->data;
	c->exited = true;
	c->status = sig ? 128 + sig : (int)status;
	look(c);
}

static void on_timer(uv_timer_t *t)
{
	struct child *c = t->data;
	stop(c, ETIMEDOUT);
	c->eof = true; /* a grandchild may hold the pipe */
	look(c);
}

static void on_alloc(uv_handle_t *h, size_t suggested ZJ_UNUSED, uv_buf_t *buf)
{
	struct child *c = h->data;
	*buf = uv_buf_init(c->buf + c->n, (unsigned)(API_CHILD_OUT - c->n));
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf ZJ_UNUSED)
{
	struct child *c = s->data;
	if (n > 0) {
		c->n += (size_t)n;
		return;
	}
	if (n == 0)
		return;
	uv_read_stop(s);
	c->eof = true;
	if (n == UV_ENOBUFS)
		stop(c, ENOBUFS);
	look(c);
}

static void on_written(uv_write_t *w, int status ZJ_UNUSED)
{
	struct child *c = w->data;
	shut((uv_handle_t *)&c->in);
}

static int spawn(uv_loop_t *loop, struct child *c, const struct api_child_args *a)
{
	char cpu[32], as[32];
	char *argv[ARGS_MAX + 8];
	int n = 0;
	snprintf(cpu, sizeof(cpu), "--cpu=%lld", (long long)a->timeout_ms / 1000 + 1);
	snprintf(as, sizeof(as), "--as=%lld", (long long)a->memory_mb << 20);
	argv[n++] = (char *)"prlimit";
	argv[n++] = cpu;
	argv[n++] = (char *)"--core=0";
	argv[n++] = (char *)"--nproc=512";
#ifndef __SANITIZE_ADDRESS__ /* its shadow memory is terabytes of address space */
	argv[n++] = as;
#else
	(void)as;
#endif
	argv[n++] = (char *)"--";
	argv[n++] = (char *)a->program;
	for (int i = 0; i < ARGS_MAX && a->args[i]; i++)
		argv[n++] = (char *)a->args[i];
	argv[n] = NULL;
	char *env[] = {(char *)"PATH=/usr/bin:/bin", (char *)"LC_ALL=C.UTF-8", NULL};
	uv_stdio_container_t io[3] = {
		{.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&c->in},
		{.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&c->out},
		{.flags = UV_INHERIT_FD, .data.fd = 2}};
	uv_process_options_t o = {.file = "/usr/bin/prlimit",
				  .args = argv,
				  .env = env,
				  .stdio = io,
				  .stdio_count = 3,
				  .exit_cb = on_exit_h};
	return uv_spawn(loop, &c->process, &o);
}

int api_child_run(uv_loop_t *loop, const struct api_child_args *a, api_child_h *h, void *arg)
{
	struct child *c = running < CHILDREN_MAX ? calloc(1, sizeof(*c)) : NULL;
	char *input = a->input ? malloc(a->input_n + 1) : NULL;
	if (!c || (a->input && !input)) {
		free(c);
		free(input);
		return EAGAIN;
	}
	if (input)
		memcpy(input, a->input, a->input_n);
	c->h = h;
	c->arg = arg;
	c->input = input;
	c->open = 4;
	c->process.data = c->in.data = c->out.data = c->timer.data = c->write.data = c;
	uv_pipe_init(loop, &c->in, 0);
	uv_pipe_init(loop, &c->out, 0);
	uv_timer_init(loop, &c->timer);
	running++;
	int err = spawn(loop, c, a);
	if (err) { /* the handler hears it from the closing handles */
		zj_error("child", "cannot start program=%s error=%s", a->program, uv_strerror(err));
		c->err = -err;
		c->exited = c->eof = true;
		look(c);
		return 0;
	}
	uv_timer_start(&c->timer, on_timer, (uint64_t)a->timeout_ms, 0);
	uv_read_start((uv_stream_t *)&c->out, on_alloc, on_read);
	uv_buf_t buf = uv_buf_init(c->input, (unsigned)a->input_n);
	if (!c->input || uv_write(&c->write, (uv_stream_t *)&c->in, &buf, 1, on_written))
		shut((uv_handle_t *)&c->in);
	return 0;
}
