#include "edge_channel.h"
#include "edge_bytes.h"
#include "zk_log.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_MAX_BYTES (1024 * 1024)
#define OUT_HIGH       (256 * 1024) /* bytes on their way; the rest waits in the queue */
#define RETRY_MIN_MS   50
#define RETRY_MAX_MS   1000
#define HELLO_MAX_US   5000000

enum state { AWAY, HELLO, UP };

/* A kept event: its method and its parameters behind `seq`. */
struct kept {
	enum edge_kind kind;
	char *rest;
};

struct edge_channel {
	const char *path, *name, *sip;
	const struct edge_command *commands;
	enum state state;
	int fd, retry_ms;
	int64_t retry_at_us, hello_at_us;
	bool greeted; /* acd has said once in this life what it has: our numbers go on from there */
	struct bytes in, out;
	struct kept kept[EDGE_KEEP_MAX];
	unsigned first, n, sent; /* ring: n events from `first`; `sent` of them are written on this connection */
	int64_t first_seq;       /* number of kept[first] */
	unsigned lost;
};

int edge_channel_alloc(struct edge_channel **cp, const char *path, const char *name, const char *sip,
		       const struct edge_command *commands)
{
	struct edge_channel *c = calloc(1, sizeof *c);
	if (!c)
		return ENOMEM;
	c->path = path;
	c->name = name;
	c->sip = sip;
	c->commands = commands;
	c->fd = -1;
	c->retry_ms = RETRY_MIN_MS;
	c->first_seq = 1;
	*cp = c;
	return 0;
}

static void forget_first(struct edge_channel *c)
{
	free(c->kept[c->first].rest);
	c->first = (c->first + 1) % EDGE_KEEP_MAX;
	c->n--;
	c->first_seq++;
	if (c->sent)
		c->sent--;
}

void edge_channel_free(struct edge_channel *c)
{
	if (!c)
		return;
	while (c->n)
		forget_first(c);
	if (c->fd >= 0)
		close(c->fd);
	bytes_free(&c->in);
	bytes_free(&c->out);
	free(c);
}

static void hang_up(struct edge_channel *c, const char *because)
{
	if (c->state == UP)
		zk_log(ZK_WARN, "acd is away, events are kept because=\"%s\"", because);
	close(c->fd);
	c->fd = -1;
	c->state = AWAY;
	c->in.len = c->out.len = 0;
	c->sent = 0;
	c->retry_at_us = 0;
}

static void send_json(struct edge_channel *c, json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);
	json_decref(message);
	if (text && bytes_append(&c->out, text, strlen(text)))
		bytes_append(&c->out, "\n", 1);
	free(text);
}

static void connect_acd(struct edge_channel *c, int64_t now_us)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || !zk_copy(to.sun_path, sizeof to.sun_path, c->path, strlen(c->path)) ||
	    connect(c->fd, (struct sockaddr *)&to, sizeof to)) {
		if (c->fd >= 0)
			close(c->fd);
		c->fd = -1;
		c->retry_at_us = now_us + (int64_t)c->retry_ms * 1000;
		c->retry_ms = c->retry_ms * 2 < RETRY_MAX_MS ? c->retry_ms * 2 : RETRY_MAX_MS;
		return;
	}
	c->state = HELLO;
	c->hello_at_us = now_us;
	json_t *params = json_pack("{s:s}", "name", c->name);
	if (c->sip)
		json_object_set_new(params, "sip", json_string(c->sip));
	send_json(c, json_pack("{s:s,s:i,s:s,s:o}", "jsonrpc", "2.0", "id", 1, "method", "hello", "params", params));
}

/* Writes kept events behind what is on its way, as far as the peer keeps up. */
static void feed(struct edge_channel *c)
{
	char head[160];
	while (c->state == UP && c->sent < c->n && c->out.len < OUT_HIGH) {
		const struct kept *k = &c->kept[(c->first + c->sent) % EDGE_KEEP_MAX];
		int len =
			snprintf(head, sizeof head, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":{\"seq\":%lld,",
				 edge_kind_method(k->kind), (long long)(c->first_seq + c->sent));
		if (c->lost)
			len += snprintf(head + len, sizeof head - (size_t)len, "\"lost\":%u,", c->lost);
		if (!bytes_append(&c->out, head, (size_t)len) || !bytes_append(&c->out, k->rest, strlen(k->rest)) ||
		    !bytes_append(&c->out, "}\n", 2)) {
			hang_up(c, "out of memory");
			return;
		}
		c->lost = 0;
		c->sent++;
	}
}

void edge_channel_put(struct edge_channel *c, const struct edge_event *e)
{
	char *rest = edge_event_json(e);
	if (!rest)
		return;
	if (c->n == EDGE_KEEP_MAX) {
		forget_first(c);
		c->lost++;
	}
	c->kept[(c->first + c->n++) % EDGE_KEEP_MAX] = (struct kept){e->kind, rest};
	feed(c);
}

static void ack(struct edge_channel *c, int64_t seq)
{
	while (c->n && c->first_seq <= seq)
		forget_first(c);
}

/* In its first life with this acd the edge takes up acd's count; later it drops what acd has. */
static void greeted(struct edge_channel *c, int64_t seen)
{
	if (!c->greeted)
		c->first_seq = seen + 1;
	else
		ack(c, seen);
	c->greeted = true;
	c->state = UP;
	c->sent = 0;
	c->retry_ms = RETRY_MIN_MS;
	zk_log(ZK_INFO, "acd is connected seen=%lld waiting=%u", (long long)seen, c->n);
	feed(c);
}

static json_t *fault(int code, const char *message)
{
	return json_pack("{s:i,s:s}", "code", code, "message", message);
}

static void answer(struct edge_channel *c, json_t *id, const char *method, json_t *params)
{
	const struct edge_command *k = c->commands;
	const char *error = NULL;
	while (k->method && strcmp(k->method, method) != 0)
		k++;
	json_t *result = k->method ? k->h(params, &error) : NULL;
	const char *member = result ? "result" : "error";
	if (!result)
		result = !k->method ? fault(-32601, "no such method")
			 : error    ? fault(-32602, error)
				    : fault(-32603, "out of memory");
	send_json(c, json_pack("{s:s,s:O,s:o}", "jsonrpc", "2.0", "id", id, member, result));
}

static void line_in(struct edge_channel *c, const char *line, size_t len)
{
	json_t *m = json_loadb(line, len, 0, NULL);
	json_t *id = json_object_get(m, "id"), *params = json_object_get(m, "params");
	const char *method = json_string_value(json_object_get(m, "method"));
	if (method && id)
		answer(c, id, method, params);
	else if (method && !strcmp(method, "ack"))
		ack(c, json_integer_value(json_object_get(params, "seq")));
	else if (!method && c->state == HELLO && json_object_get(m, "result"))
		greeted(c, json_integer_value(json_object_get(json_object_get(m, "result"), "seen")));
	else if (!method)
		hang_up(c, m ? "refused our hello" : "not JSON");
	json_decref(m);
}

static void lines_in(struct edge_channel *c)
{
	char *end;
	while (c->fd >= 0 && c->in.len && (end = memchr(c->in.p, '\n', c->in.len))) {
		size_t len = (size_t)(end - c->in.p);
		char *line = strndup(c->in.p, len);
		bytes_consume(&c->in, len + 1);
		if (line)
			line_in(c, line, len);
		free(line);
	}
	if (c->in.len > LINE_MAX_BYTES)
		hang_up(c, "line too long");
}

static void read_in(struct edge_channel *c)
{
	char buf[16384];
	while (c->fd >= 0) {
		ssize_t n = recv(c->fd, buf, sizeof buf, 0);
		if (n > 0 && bytes_append(&c->in, buf, (size_t)n)) {
			lines_in(c);
			continue;
		}
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			hang_up(c, n ? strerror(errno) : "closed");
		return;
	}
}

static void write_out(struct edge_channel *c)
{
	feed(c);
	while (c->fd >= 0 && c->out.len) {
		ssize_t n = send(c->fd, c->out.p, c->out.len, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			hang_up(c, strerror(errno));
			return;
		}
		bytes_consume(&c->out, (size_t)n);
		feed(c);
	}
}

int edge_channel_fd(const struct edge_channel *c)
{
	return c->fd;
}

short edge_channel_events(const struct edge_channel *c)
{
	return (short)(POLLIN | (c->out.len ? POLLOUT : 0));
}

int edge_channel_turn(struct edge_channel *c, int64_t now_us)
{
	if (c->fd < 0 && now_us >= c->retry_at_us)
		connect_acd(c, now_us);
	if (c->fd >= 0) {
		read_in(c);
		write_out(c);
	}
	if (c->state == HELLO && now_us - c->hello_at_us > HELLO_MAX_US)
		hang_up(c, "no answer to our hello");
	return c->fd < 0 ? c->retry_ms : 1000;
}

bool edge_channel_is_up(const struct edge_channel *c)
{
	return c->state == UP;
}

size_t edge_channel_waiting(const struct edge_channel *c)
{
	return c->n;
}
