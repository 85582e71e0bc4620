/* The links themselves. Of two edges the one whose name comes first connects. Each side sends a hello with a number
 * that was never used before, and answers the other's with a seal over both: nobody can answer with what he overheard.
 */
#include "edge_bytes.h"
#include "edge_peer.h"
#include "zk_log.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNS_MAX      (EDGE_PEERS_MAX * 2) /* a link each, and as many that have not said yet who they are */
#define STRANGER_US    2000000              /* to prove it */
#define STRANGER_BYTES 1024
#define LINE_MAX_BYTES (1024 * 1024)
#define OUT_HIGH       (256 * 1024)       /* on its way; what is long waits */
#define OUT_MAX        (32 * 1024 * 1024) /* who does not read that much gets everything anew by and by */
#define RETRY_US       250000
#define NONCE          33

enum conn_state { CONNECTING, GREETING, UP };

struct conn {
	int fd; /* -1: free */
	enum conn_state state;
	int peer;        /* -1: not said yet */
	bool ours, more; /* we connected; there is more to say than fits now */
	char sip[96], nonce[NONCE], theirs[NONCE];
	struct bytes in, out;
	int64_t began_us, heard_us, said_us;
};

struct edge_peers {
	struct edge_peer_table *t;
	const char *secret, *sip;
	const struct edge_peer_ops *ops;
	void *arg;
	int listener;
	int64_t now_us, retry_at_us[EDGE_PEERS_MAX];
	struct conn conn[CONNS_MAX];
};

static bool lookup(struct sockaddr_storage *to, socklen_t *len, const char *host, int port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV}, *a = NULL;
	char text[8];
	snprintf(text, sizeof text, "%d", port);
	if (getaddrinfo(host, text, &hints, &a) || !a)
		return false;
	memcpy(to, a->ai_addr, a->ai_addrlen);
	*len = a->ai_addrlen;
	freeaddrinfo(a);
	return true;
}

static int listen_at(struct edge_peers *p)
{
	struct sockaddr_storage at;
	socklen_t len;
	int on = 1;
	if (!p->t->port || !lookup(&at, &len, p->t->host, p->t->port))
		return EINVAL;
	p->listener = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->listener < 0)
		return errno;
	setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	return bind(p->listener, (struct sockaddr *)&at, len) || listen(p->listener, EDGE_PEERS_MAX) ? errno : 0;
}

int edge_peers_alloc(struct edge_peers **pp, struct edge_peer_table *t, const char *secret, const char *sip,
		     const struct edge_peer_ops *ops, void *arg)
{
	struct edge_peers *p = calloc(1, sizeof *p);
	if (!p)
		return ENOMEM;
	p->t = t;
	p->secret = secret;
	p->sip = sip;
	p->ops = ops;
	p->arg = arg;
	p->listener = -1;
	for (unsigned i = 0; i < CONNS_MAX; i++)
		p->conn[i].fd = -1;
	int err = listen_at(p);
	if (err) {
		edge_peers_free(p);
		return err;
	}
	*pp = p;
	return 0;
}

static struct conn *link_of(struct edge_peers *p, unsigned peer)
{
	for (unsigned i = 0; i < CONNS_MAX; i++)
		if (p->conn[i].fd >= 0 && p->conn[i].peer == (int)peer && p->conn[i].state == UP)
			return &p->conn[i];
	return NULL;
}

static void hang_up(struct edge_peers *p, struct conn *c, const char *because)
{
	bool was = c->state == UP;
	int peer = c->peer;
	close(c->fd);
	c->fd = -1;
	bytes_free(&c->in);
	bytes_free(&c->out);
	if (!was) {
		if (c->state == GREETING)
			zk_log(ZK_WARN, "link of an edge refused peer=%s because=\"%s\"",
			       peer < 0 ? "-" : p->t->peer[peer].name, because);
		return;
	}
	zk_log(ZK_WARN, "edge is away peer=%s because=\"%s\"", p->t->peer[peer].name, because);
	atomic_store(&p->t->peer[peer].up, false);
	p->ops->down((unsigned)peer, p->arg);
}

void edge_peers_free(struct edge_peers *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < CONNS_MAX; i++)
		if (p->conn[i].fd >= 0) {
			close(p->conn[i].fd);
			bytes_free(&p->conn[i].in);
			bytes_free(&p->conn[i].out);
		}
	if (p->listener >= 0)
		close(p->listener);
	free(p);
}

static void write_out(struct edge_peers *p, struct conn *c)
{
	while (c->fd >= 0 && c->out.len) {
		ssize_t n = send(c->fd, c->out.p, c->out.len, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			hang_up(p, c, strerror(errno));
			return;
		}
		bytes_consume(&c->out, (size_t)n);
	}
}

static void say(struct edge_peers *p, struct conn *c, const json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);
	bool ok = text && c->out.len < OUT_MAX && bytes_append(&c->out, text, strlen(text)) &&
		  bytes_append(&c->out, "\n", 1);
	free(text);
	c->said_us = p->now_us;
	if (!ok)
		hang_up(p, c, "it does not read what is said");
}

void edge_peers_say(struct edge_peers *p, unsigned peer, json_t *message)
{
	for (unsigned i = 0; message && i < p->t->n; i++) {
		struct conn *c = peer == i || peer == EDGE_PEERS_MAX ? link_of(p, i) : NULL;
		if (c)
			say(p, c, message);
	}
	json_decref(message);
}

void edge_peers_again(struct edge_peers *p)
{
	for (unsigned i = 0; i < CONNS_MAX; i++)
		p->conn[i].more = p->conn[i].state == UP;
}

static struct conn *open_conn(struct edge_peers *p, int fd, int peer, enum conn_state state)
{
	unsigned char random[(NONCE - 1) / 2];
	int on = 1;
	for (unsigned i = 0; i < CONNS_MAX; i++) {
		struct conn *c = &p->conn[i];
		if (c->fd >= 0)
			continue;
		if (getrandom(random, sizeof random, 0) != sizeof random)
			return NULL;
		*c = (struct conn){.fd = fd,
				   .peer = peer,
				   .state = state,
				   .ours = peer >= 0,
				   .began_us = p->now_us,
				   .heard_us = p->now_us};
		for (unsigned k = 0; k < sizeof random; k++)
			snprintf(c->nonce + k * 2, 3, "%02x", random[k]);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		json_t *hello = json_pack("{s:s,s:s,s:s}", "hello", p->t->name, "nonce", c->nonce, "sip", p->sip);
		say(p, c, hello);
		json_decref(hello);
		return c;
	}
	return NULL;
}

static void connect_to(struct edge_peers *p, unsigned peer)
{
	struct edge_peer *y = &p->t->peer[peer];
	struct sockaddr_storage to, from;
	socklen_t len, from_len;
	p->retry_at_us[peer] = p->now_us + RETRY_US;
	if (!lookup(&to, &len, y->host, y->port) || !lookup(&from, &from_len, p->t->host, 0))
		return;
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* From the address that the other one knows. */
	if (bind(fd, (struct sockaddr *)&from, from_len) ||
	    (connect(fd, (struct sockaddr *)&to, len) && errno != EINPROGRESS) ||
	    !open_conn(p, fd, (int)peer, CONNECTING))
		close(fd);
}

/* An address of one of the others? */
static bool may_knock(const struct edge_peers *p, const struct sockaddr_storage *from)
{
	struct sockaddr_storage to;
	socklen_t len;
	for (unsigned i = 0; i < p->t->n; i++) {
		if (!lookup(&to, &len, p->t->peer[i].host, 0) || to.ss_family != from->ss_family)
			continue;
		if (to.ss_family == AF_INET ? ((struct sockaddr_in *)&to)->sin_addr.s_addr ==
						      ((const struct sockaddr_in *)from)->sin_addr.s_addr
					    : !memcmp(&((struct sockaddr_in6 *)&to)->sin6_addr,
						      &((const struct sockaddr_in6 *)from)->sin6_addr, 16))
			return true;
	}
	return false;
}

static void take_callers(struct edge_peers *p)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof from;
	int fd;
	while ((fd = accept4(p->listener, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (!may_knock(p, &from) || !open_conn(p, fd, -1, GREETING))
			close(fd);
		len = sizeof from;
	}
}

static void seal(char out[EDGE_SEAL], const struct edge_peers *p, const char *who, const char *asked, const char *own)
{
	char text[EDGE_PEER_NAME + 2 * NONCE];
	snprintf(text, sizeof text, "%s %s %s", who, asked, own);
	edge_peer_seal(out, p->secret, "link", text);
}

/* Who it says it is: one of the others; if we called, the one that we called. */
static const char *hello(struct edge_peers *p, struct conn *c, const json_t *m)
{
	const char *name = json_string_value(json_object_get(m, "hello")),
		   *nonce = json_string_value(json_object_get(m, "nonce")),
		   *sip = json_string_value(json_object_get(m, "sip"));
	char proof[EDGE_SEAL];
	if (!name || !nonce || strlen(nonce) != NONCE - 1 || !sip || strncmp(sip, "sip:", 4) != 0 || c->theirs[0])
		return "no hello";
	for (unsigned i = 0; i < p->t->n; i++) {
		struct edge_peer *y = &p->t->peer[i];
		if (strcmp(y->name, name) != 0 || (c->peer >= 0 && c->peer != (int)i))
			continue;
		if (!zk_copy(c->sip, sizeof c->sip, sip, strlen(sip)))
			return "its SIP address is too long";
		c->peer = (int)i;
		memcpy(c->theirs, nonce, NONCE);
		seal(proof, p, p->t->name, c->theirs, c->nonce);
		json_t *answer = json_pack("{s:s}", "proof", proof);
		say(p, c, answer);
		json_decref(answer);
		return NULL;
	}
	return "not one of the edges";
}

static const char *proof(struct edge_peers *p, struct conn *c, const json_t *m)
{
	const char *given = json_string_value(json_object_get(m, "proof"));
	char want[EDGE_SEAL];
	if (!given || !c->theirs[0])
		return "no proof";
	struct edge_peer *y = &p->t->peer[c->peer];
	seal(want, p, y->name, c->nonce, c->theirs);
	if (strlen(given) != EDGE_SEAL - 1 || CRYPTO_memcmp(given, want, EDGE_SEAL - 1) != 0)
		return "the proof is wrong: not the same secret";
	struct conn *old = link_of(p, (unsigned)c->peer);
	if (old)
		hang_up(p, old, "it is back");
	c->state = UP;
	c->more = true;
	memcpy(y->sip, c->sip, sizeof y->sip);
	atomic_store(&y->up, true);
	zk_log(ZK_INFO, "edge is linked peer=%s", y->name);
	p->ops->up((unsigned)c->peer, p->arg);
	return NULL;
}

static void greeting(struct edge_peers *p, struct conn *c, const json_t *m)
{
	const char *wrong = json_object_get(m, "hello") ? hello(p, c, m) : proof(p, c, m);
	if (wrong)
		hang_up(p, c, wrong);
}

static void line_in(struct edge_peers *p, struct conn *c, const char *line, size_t len)
{
	json_t *m = json_loadb(line, len, 0, NULL);
	if (!json_is_object(m))
		hang_up(p, c, "not JSON");
	else if (c->state == GREETING)
		greeting(p, c, m);
	else if (json_object_size(m))
		p->ops->heard((unsigned)c->peer, m, p->arg);
	json_decref(m);
}

static void read_in(struct edge_peers *p, struct conn *c)
{
	char buf[65536];
	for (int round = 0; c->fd >= 0 && round < 4; round++) { /* the others have their turn */
		ssize_t n = recv(c->fd, buf, sizeof buf, 0);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
			hang_up(p, c, n ? strerror(errno) : "closed");
			return;
		}
		if (n < 0)
			return;
		c->heard_us = p->now_us;
		size_t begin = 0, from = c->in.len;
		if (!bytes_append(&c->in, buf, (size_t)n)) {
			hang_up(p, c, "out of memory");
			return;
		}
		for (char *end; c->fd >= 0 && (end = memchr(c->in.p + from, '\n', c->in.len - from)); from = begin) {
			size_t at = begin;
			begin = (size_t)(end - c->in.p) + 1;
			line_in(p, c, c->in.p + at, begin - 1 - at);
		}
		if (c->fd < 0)
			return;
		bytes_consume(&c->in, begin);
		if (c->in.len > (c->state == UP ? LINE_MAX_BYTES : STRANGER_BYTES))
			hang_up(p, c, "line too long");
	}
}

static void turn(struct edge_peers *p, struct conn *c)
{
	if (c->state == CONNECTING) {
		int err = 0;
		socklen_t len = sizeof err;
		struct pollfd f = {.fd = c->fd, .events = POLLOUT};
		if (poll(&f, 1, 0) > 0) {
			getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len);
			if (err)
				hang_up(p, c, strerror(err));
			else
				c->state = GREETING;
		}
	}
	if (c->fd >= 0 && c->state != CONNECTING)
		read_in(p, c);
	if (c->fd < 0)
		return;
	if (c->state != UP && p->now_us - c->began_us > STRANGER_US) {
		hang_up(p, c, "it took too long");
		return;
	}
	if (c->state == UP && p->now_us - c->heard_us > EDGE_PEER_DEAD_US) {
		hang_up(p, c, "silent");
		return;
	}
	while (c->fd >= 0 && c->state == UP && c->more && c->out.len < OUT_HIGH)
		c->more = p->ops->more((unsigned)c->peer, p->arg);
	if (c->fd >= 0 && c->state == UP && p->now_us - c->said_us >= EDGE_PEER_BEAT_US) {
		json_t *beat = json_object();
		say(p, c, beat);
		json_decref(beat);
	}
	if (c->state != CONNECTING)
		write_out(p, c);
}

static bool being_called(const struct edge_peers *p, unsigned peer)
{
	for (unsigned i = 0; i < CONNS_MAX; i++)
		if (p->conn[i].fd >= 0 && p->conn[i].peer == (int)peer && (p->conn[i].ours || p->conn[i].state == UP))
			return true;
	return false;
}

int edge_peers_turn(struct edge_peers *p, int64_t now_us)
{
	p->now_us = now_us;
	take_callers(p);
	for (unsigned i = 0; i < p->t->n; i++)
		if (strcmp(p->t->name, p->t->peer[i].name) < 0 && now_us >= p->retry_at_us[i] && !being_called(p, i))
			connect_to(p, i);
	for (unsigned i = 0; i < CONNS_MAX; i++)
		if (p->conn[i].fd >= 0)
			turn(p, &p->conn[i]);
	return RETRY_US / 1000;
}

unsigned edge_peers_fds(const struct edge_peers *p, struct pollfd *fds)
{
	unsigned n = 0;
	fds[n++] = (struct pollfd){.fd = p->listener, .events = POLLIN};
	for (unsigned i = 0; i < CONNS_MAX; i++) {
		const struct conn *c = &p->conn[i];
		if (c->fd < 0)
			continue;
		bool writes = c->state == CONNECTING || c->out.len || (c->state == UP && c->more);
		fds[n++] = (struct pollfd){.fd = c->fd, .events = (short)(POLLIN | (writes ? POLLOUT : 0))};
	}
	return n;
}
