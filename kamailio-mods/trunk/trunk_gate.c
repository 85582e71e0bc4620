#include "trunk_gate.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BUFFER        16384 /* a direction; who sends faster waits */
#define QUIET_US      500000LL
#define UNACKED_MS    10000 /* a carrier that is gone is noticed */
#define TURNS_AT_ONCE 64    /* of one connection, before the others have theirs */

enum state { CONNECTING, SHAKING, OPEN };

struct buffer {
	size_t n;
	char b[BUFFER];
};

struct conn {
	enum state state;
	int near, far, line;
	SSL *tls;
	bool near_ended, far_ended, dead, heard; /* heard: the carrier said something */
	short far_wants;                         /* POLLIN or POLLOUT, while TLS is made */
	struct zk_uuid trunk, host;
	uint64_t made_of;
	int64_t began_us, spoke_us;
	struct trunk_addr to[TRUNK_ADDRS];
	unsigned n_to, at;
	struct buffer up, down; /* towards the carrier; towards Kamailio */
};

struct trunk_gate {
	int fd;
	struct trunk_gate_calls calls;
	unsigned n;
	struct conn *conns[TRUNK_GATE_CONNS];
};

static int64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int trunk_gate_alloc(struct trunk_gate **gp, int port, const struct trunk_gate_calls *calls)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct trunk_gate *g = calloc(1, sizeof *g);
	int on = 1, err;
	if (!g)
		return ENOMEM;
	g->calls = *calls;
	g->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (g->fd < 0)
		goto fail;
	setsockopt(g->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	(void)setsockopt(g->fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3); /* where we may not, accept_one looks */
	if (bind(g->fd, (struct sockaddr *)&at, sizeof at) || listen(g->fd, 128))
		goto fail;
	*gp = g;
	return 0;
fail:
	err = errno;
	if (g->fd >= 0)
		close(g->fd);
	free(g);
	return err;
}

/* What Kamailio said in vain is read first: else the end would be a reset, which it takes for an error of ours. */
static void conn_free(struct conn *c)
{
	char vain[4096];
	while (recv(c->near, vain, sizeof vain, 0) > 0)
		;
	if (c->tls) {
		(void)SSL_shutdown(c->tls);
		SSL_free(c->tls);
	}
	ERR_clear_error();
	if (c->far >= 0)
		close(c->far);
	close(c->near);
	free(c);
}

void trunk_gate_free(struct trunk_gate *g)
{
	if (!g)
		return;
	for (unsigned i = 0; i < g->n; i++)
		conn_free(g->conns[i]);
	close(g->fd);
	free(g);
}

unsigned trunk_gate_count(const struct trunk_gate *g)
{
	return g->n;
}

static void fail(struct trunk_gate *g, struct conn *c, const char *fault)
{
	if (!c->dead)
		g->calls.heard(&c->trunk, &c->host, fault, g->calls.arg);
	c->dead = true;
}

/* Begins to connect to the address that is next; false: there is none left, or none can be. */
static bool dial(struct conn *c)
{
	for (; c->at < c->n_to; c->at++) {
		struct sockaddr_in6 to = {
			.sin6_family = AF_INET6, .sin6_addr = c->to[c->at].ip, .sin6_port = htons(c->to[c->at].port)};
		struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = to.sin6_port};
		bool v4 = IN6_IS_ADDR_V4MAPPED(&to.sin6_addr);
		unsigned patience = UNACKED_MS;
		int on = 1;
		memcpy(&four.sin_addr, to.sin6_addr.s6_addr + 12, 4);
		if (c->far >= 0)
			close(c->far);
		c->far = socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (c->far < 0)
			return false;
		setsockopt(c->far, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		setsockopt(c->far, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
		setsockopt(c->far, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience);
		const struct sockaddr *sa = v4 ? (struct sockaddr *)&four : (struct sockaddr *)&to;
		if (!connect(c->far, sa, v4 ? sizeof four : sizeof to) || errno == EINPROGRESS)
			return true;
	}
	return false;
}

/* What a connection was made of: is its target still that? */
static uint64_t made_of(const struct trunk_gate_target *t)
{
	const char *texts[] = {t->ask.name, t->ask.authorities, t->ask.certificate, t->ask.key};
	uint64_t h = zk_hash(t->host.b, sizeof t->host.b, "", 0);
	for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
		h = zk_hash((const unsigned char *)&h, sizeof h, texts[i], strlen(texts[i]));
	return h;
}

/* TLS begins: the row is asked for once more, for it may be another by now. */
static void shake(struct trunk_gate *g, struct conn *c)
{
	struct trunk_gate_target t = {0};
	char fault[TRUNK_FAULT_MAX];
	if (!g->calls.find(c->line, &t, g->calls.arg)) {
		c->dead = true;
		return;
	}
	c->made_of = made_of(&t);
	c->tls = trunk_tls_open(&t.ask, c->far, fault);
	c->state = SHAKING;
	c->far_wants = POLLOUT;
	if (!c->tls)
		fail(g, c, fault);
}

static void connected(struct trunk_gate *g, struct conn *c)
{
	int err = 0;
	socklen_t len = sizeof err;
	char fault[TRUNK_FAULT_MAX];
	getsockopt(c->far, SOL_SOCKET, SO_ERROR, &err, &len);
	if (!err) {
		shake(g, c);
		return;
	}
	c->at++;
	if (dial(c))
		return;
	snprintf(fault, sizeof fault, "%s", strerror(err));
	fail(g, c, fault);
}

/* Which way a call of OpenSSL's waits; 0: it does not, it failed. */
static short waits(struct conn *c, int result)
{
	int err = SSL_get_error(c->tls, result);
	return err == SSL_ERROR_WANT_READ ? POLLIN : err == SSL_ERROR_WANT_WRITE ? POLLOUT : 0;
}

static void shaken(struct trunk_gate *g, struct conn *c)
{
	char fault[TRUNK_FAULT_MAX];
	ERR_clear_error();
	int r = SSL_connect(c->tls);
	if (r == 1) {
		c->state = OPEN;
		return;
	}
	c->far_wants = waits(c, r);
	if (c->far_wants)
		return;
	trunk_tls_fault(c->tls, fault);
	fail(g, c, fault);
}

static void took(struct buffer *b, size_t n)
{
	b->n -= n;
	memmove(b->b, b->b + n, b->n);
}

/* Each of these four moves what it can; true: something moved. */
static bool from_near(struct conn *c)
{
	if (c->near_ended || c->up.n == BUFFER)
		return false;
	ssize_t n = recv(c->near, c->up.b + c->up.n, BUFFER - c->up.n, 0);
	if (n > 0)
		c->up.n += (size_t)n;
	else if (!n || (errno != EAGAIN && errno != EINTR))
		c->near_ended = true;
	return n > 0;
}

static bool to_near(struct conn *c)
{
	ssize_t n = c->down.n ? send(c->near, c->down.b, c->down.n, MSG_NOSIGNAL) : 0;
	if (n > 0)
		took(&c->down, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		c->dead = true;
	return n > 0;
}

static bool to_far(struct conn *c)
{
	ERR_clear_error();
	int n = c->up.n && !c->far_ended ? SSL_write(c->tls, c->up.b, (int)c->up.n) : 0;
	if (n > 0)
		took(&c->up, (size_t)n);
	else if (c->up.n && !c->far_ended && !waits(c, n))
		c->far_ended = true;
	return n > 0;
}

/* A carrier that wants a certificate of ours, and does not like it, says so only now (TLS 1.3). */
static bool from_far(struct trunk_gate *g, struct conn *c)
{
	char fault[TRUNK_FAULT_MAX];
	if (c->far_ended || c->down.n == BUFFER)
		return false;
	ERR_clear_error();
	int n = SSL_read(c->tls, c->down.b + c->down.n, (int)(BUFFER - c->down.n));
	if (n > 0) {
		c->down.n += (size_t)n;
		if (!c->heard)
			g->calls.heard(&c->trunk, &c->host, "", g->calls.arg);
		c->heard = true;
	} else if (!waits(c, n)) {
		c->far_ended = true;
		if (!c->heard && SSL_get_error(c->tls, n) == SSL_ERROR_SSL) {
			trunk_tls_fault(c->tls, fault);
			fail(g, c, fault);
		}
	}
	return n > 0;
}

static void pump(struct trunk_gate *g, struct conn *c)
{
	bool moved = true;
	for (unsigned i = 0; moved && !c->dead && i < TURNS_AT_ONCE; i++) {
		moved = from_near(c);
		moved |= to_far(c);
		moved |= from_far(g, c);
		moved |= to_near(c);
		if (moved)
			c->spoke_us = now_us();
	}
	if ((c->far_ended && !c->down.n) || (c->near_ended && !c->up.n))
		c->dead = true;
}

static void step(struct trunk_gate *g, struct conn *c, short near, short far)
{
	if (c->state == CONNECTING && far)
		connected(g, c);
	else if (c->state == SHAKING && far)
		shaken(g, c);
	if (c->state == OPEN && !c->dead)
		pump(g, c);
	else if (near & (POLLHUP | POLLERR))
		c->dead = true; /* Kamailio did not wait */
	if (c->state != OPEN && !c->dead && now_us() - c->began_us > TRUNK_GATE_PATIENCE_US)
		fail(g, c, c->state == CONNECTING ? "no connection within 5 s" : "no TLS within 5 s");
}

/* From Kamailio, that is: from loopback, to the address of a line. */
static int line_of(int fd)
{
	struct sockaddr_in at, peer;
	socklen_t n = sizeof at, m = sizeof peer;
	if (getsockname(fd, (struct sockaddr *)&at, &n) || getpeername(fd, (struct sockaddr *)&peer, &m) ||
	    ntohl(peer.sin_addr.s_addr) >> 24 != 127)
		return 0;
	return trunk_line_of(at.sin_addr.s_addr);
}

static void begin(struct trunk_gate *g, int fd, int line)
{
	struct trunk_gate_target t = {0};
	struct conn *c = g->n < TRUNK_GATE_CONNS && g->calls.find(line, &t, g->calls.arg) ? calloc(1, sizeof *c) : NULL;
	if (!c) {
		close(fd);
		return;
	}
	*c = (struct conn){.near = fd, .far = -1, .line = line, .trunk = t.trunk, .host = t.host, .n_to = t.n};
	c->began_us = c->spoke_us = now_us();
	memcpy(c->to, t.to, sizeof c->to);
	g->conns[g->n++] = c;
	if (!dial(c))
		fail(g, c, t.n ? strerror(errno) : "its name is not found");
}

static void accept_some(struct trunk_gate *g)
{
	for (int fd; (fd = accept4(g->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
		int line = line_of(fd), on = 1;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		if (line)
			begin(g, fd, line);
		else
			close(fd);
	}
}

static void sweep(struct trunk_gate *g)
{
	for (unsigned i = g->n; i-- > 0;)
		if (g->conns[i]->dead) {
			conn_free(g->conns[i]);
			g->conns[i] = g->conns[--g->n];
		}
}

static short far_events(const struct conn *c)
{
	if (c->state == CONNECTING)
		return POLLOUT;
	if (c->state == SHAKING)
		return c->far_wants;
	return (short)((c->down.n < BUFFER ? POLLIN : 0) | (c->up.n ? POLLOUT : 0));
}

void trunk_gate_turn(struct trunk_gate *g, int wait_ms)
{
	static struct pollfd p[1 + 2 * TRUNK_GATE_CONNS];
	unsigned n = g->n;
	p[0] = (struct pollfd){.fd = g->fd, .events = n < TRUNK_GATE_CONNS ? POLLIN : 0};
	for (unsigned i = 0; i < n; i++) {
		const struct conn *c = g->conns[i];
		bool room = c->up.n < BUFFER && c->state == OPEN;
		p[1 + 2 * i] = (struct pollfd){.fd = c->near,
					       .events = (short)((room ? POLLIN : 0) | (c->down.n ? POLLOUT : 0))};
		p[2 + 2 * i] = (struct pollfd){.fd = c->far, .events = far_events(c)};
	}
	if (poll(p, 1 + 2 * n, wait_ms) < 0)
		return;
	for (unsigned i = 0; i < n; i++)
		if (p[1 + 2 * i].revents || p[2 + 2 * i].revents || g->conns[i]->state != OPEN)
			step(g, g->conns[i], p[1 + 2 * i].revents, p[2 + 2 * i].revents);
	sweep(g);
	if (p[0].revents)
		accept_some(g);
}

void trunk_gate_look(struct trunk_gate *g)
{
	int64_t now = now_us();
	for (unsigned i = 0; i < g->n; i++) {
		struct conn *c = g->conns[i];
		struct trunk_gate_target t = {0};
		if (c->state != OPEN)
			continue;
		if (!g->calls.find(c->line, &t, g->calls.arg))
			c->dead = true;
		else if (c->made_of != made_of(&t) && now - c->spoke_us > QUIET_US)
			c->dead = true;
	}
	sweep(g);
}
