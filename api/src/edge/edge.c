#include "edge/edge.h"
#include "server/api.h"
#include "zj_log.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utlist.h>

#define ANSWER_MS  2000
#define ANSWER_MAX 131072
#define ASKS_MAX   100 /* at a time; each is answered within milliseconds */

struct ask {
	struct ask *prev, *next;
	struct api_edge *edge;
	json_int_t id;
	uv_timer_t timer;
	api_edge_h *h;
	void *arg;
	bool sent;
};

struct api_edge {
	struct api *api;
	struct sockaddr_un to;
	int fd;
	uv_poll_t poll;
	struct ask *asks;
	json_int_t last_id;
	unsigned waiting;
};

static void ask_closed(uv_handle_t *t)
{
	free(t->data);
}

static void answer(struct ask *a, json_t *result, const char *message)
{
	DL_DELETE(a->edge->asks, a);
	a->edge->waiting--;
	uv_timer_stop(&a->timer);
	a->h(result, message, a->arg);
	uv_close((uv_handle_t *)&a->timer, ask_closed);
}

static void late(uv_timer_t *t)
{
	answer(t->data, NULL, NULL);
}

/* An answer that nobody waits for any more is dropped. */
static void came(struct api_edge *e, const char *text, size_t len)
{
	json_t *o = json_loadb(text, len, 0, NULL);
	json_int_t id = json_integer_value(json_object_get(o, "id"));
	json_t *result = json_object_get(o, "result"), *error = json_object_get(o, "error");
	struct ask *a;

	DL_FOREACH (e->asks, a)
		if (a->id == id)
			break;
	if (a && o)
		answer(a, result, json_string_value(json_object_get(error, "message")));
	json_decref(o);
}

static void readable(uv_poll_t *p, int status ZJ_UNUSED, int events ZJ_UNUSED)
{
	static char text[ANSWER_MAX];
	struct api_edge *e = p->data;
	ssize_t n;

	for (int i = 0; i < 16 && (n = recv(e->fd, text, sizeof(text), MSG_DONTWAIT)) > 0; i++)
		came(e, text, (size_t)n);
}

/* An address of the kernel's choice: answers come to it. */
static int open_socket(struct api_edge *e)
{
	struct sockaddr_un own = {.sun_family = AF_UNIX};

	e->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (e->fd < 0)
		return errno;
	if (bind(e->fd, (struct sockaddr *)&own, sizeof(own.sun_family)))
		return errno;
	return uv_poll_init(e->api->loop, &e->poll, e->fd) || uv_poll_start(&e->poll, UV_READABLE, readable) ? ENOMEM
													     : 0;
}

int api_edge_alloc(struct api_edge **ep, struct api *api, const char *path)
{
	struct api_edge *e = calloc(1, sizeof(*e));

	if (!e)
		return ENOMEM;
	e->api = api;
	e->to.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(e->to.sun_path)) {
		free(e);
		return ENAMETOOLONG;
	}
	strcpy(e->to.sun_path, path);
	e->poll.data = e;
	int err = open_socket(e);
	if (err) {
		if (e->fd >= 0)
			close(e->fd);
		free(e);
		return err;
	}
	*ep = e;
	return 0;
}

static void closed(uv_handle_t *p)
{
	struct api_edge *e = p->data;

	close(e->fd);
	free(e);
}

void api_edge_close(struct api_edge *e)
{
	struct ask *a, *next;

	if (!e)
		return;
	DL_FOREACH_SAFE (e->asks, a, next)
		answer(a, NULL, NULL);
	uv_close((uv_handle_t *)&e->poll, closed);
}

static bool send_ask(struct api_edge *e, json_int_t id, const char *method, json_t *params)
{
	json_t *o = json_pack("{s:s, s:s, s:O, s:I}", "jsonrpc", "2.0", "method", method, "params", params, "id", id);
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	bool sent =
		text && sendto(e->fd, text, strlen(text), MSG_DONTWAIT, (struct sockaddr *)&e->to, sizeof(e->to)) > 0;

	if (text && !sent)
		zj_warn("edge", "cannot ask method=%s because=\"%s\"", method, strerror(errno));
	free(text);
	json_decref(o);
	return sent;
}

void api_edge_ask(struct api_edge *e, const char *method, json_t *params, api_edge_h *h, void *arg)
{
	struct ask *a = calloc(1, sizeof(*a));

	if (!a)
		abort();
	*a = (struct ask){.edge = e, .id = ++e->last_id, .h = h, .arg = arg};
	a->sent = e->waiting < ASKS_MAX && send_ask(e, a->id, method, params);
	json_decref(params);
	e->waiting++;
	DL_APPEND(e->asks, a);
	uv_timer_init(e->api->loop, &a->timer);
	a->timer.data = a;
	uv_timer_start(&a->timer, late, a->sent ? ANSWER_MS : 0, 0);
}
