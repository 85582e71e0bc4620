#include "server/linger.h"
#include "zj_obj.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_MS    10000
#define LINGER_BYTES (256LL << 20)
#define LINGER_MAX   64 /* at a time; beyond that a reset must do */

struct lingerer {
	uv_poll_t poll;
	uv_timer_t timer;
	int fd, open;
	long long left;
};
static int lingering;

static void closed(uv_handle_t *h)
{
	struct lingerer *l = h->data;
	if (--l->open > 0)
		return;
	close(l->fd);
	free(l);
	lingering--;
}

static void end(struct lingerer *l)
{
	if (uv_is_closing((uv_handle_t *)&l->poll))
		return;
	uv_close((uv_handle_t *)&l->poll, closed);
	uv_close((uv_handle_t *)&l->timer, closed);
}

static void on_timer(uv_timer_t *t)
{
	end(t->data);
}

static void on_readable(uv_poll_t *p, int status, int events ZJ_UNUSED)
{
	struct lingerer *l = p->data;
	static char sink[65536];
	for (int i = 0; i < 16 && status == 0; i++) {
		ssize_t n = recv(l->fd, sink, sizeof(sink), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		l->left -= n;
		if (n <= 0 || l->left < 0)
			status = -1;
	}
	if (status)
		end(l);
}

void api_linger(uv_loop_t *loop, int fd)
{
	struct lingerer *l = fd >= 0 && lingering < LINGER_MAX ? calloc(1, sizeof(*l)) : NULL;
	if (!l)
		return;
	l->fd = dup(fd);
	l->left = LINGER_BYTES;
	if (l->fd < 0 || uv_poll_init(loop, &l->poll, l->fd) != 0) {
		if (l->fd >= 0)
			close(l->fd);
		free(l);
		return;
	}
	lingering++;
	l->open = 2;
	l->poll.data = l;
	l->timer.data = l;
	uv_timer_init(loop, &l->timer);
	uv_timer_start(&l->timer, on_timer, LINGER_MS, 0);
	uv_poll_start(&l->poll, UV_READABLE, on_readable);
}
