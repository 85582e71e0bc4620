#include "edge_relay.h"
#include "zk_map.h"
#include "zk_text.h"
#include <errno.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct relay {
	int id, weight;
	_Atomic int up;
	char host[64], port[8];
	char address[80]; /* as given, without the weight */
};

struct edge_relays {
	unsigned n;
	struct relay relay[EDGE_RELAYS_MAX];
};

static struct relay *find(const struct edge_relays *r, int id)
{
	for (unsigned i = 0; r && i < r->n; i++)
		if (r->relay[i].id == id)
			return (struct relay *)&r->relay[i];
	return NULL;
}

/* "udp:HOST:PORT", HOST in brackets when it is IPv6. */
static bool parse_address(struct relay *y, const char *text, size_t len)
{
	if (!zk_copy(y->address, sizeof y->address, text, len) || strncmp(y->address, "udp:", 4) != 0)
		return false;
	const char *host = y->address + 4, *colon = strrchr(host, ':');
	if (!colon || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return false;
	size_t n = (size_t)(colon - host);
	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host++;
		n -= 2;
	}
	return n && zk_copy(y->host, sizeof y->host, host, n) &&
	       zk_copy(y->port, sizeof y->port, colon + 1, strlen(colon + 1));
}

int edge_relay_add(struct edge_relays **rp, const char *spec)
{
	struct relay y = {.weight = 1};
	char *end;
	long id = strtol(spec, &end, 10), weight = 1;
	if (*end != '=' || id < 1 || id > 99)
		return EINVAL;
	const char *address = end + 1, *more = strchr(address, ';');
	if (more) {
		if (strncmp(more, ";weight=", 8) != 0 || !more[8])
			return EINVAL;
		weight = strtol(more + 8, &end, 10);
		if (*end || weight < 0 || weight > 100)
			return EINVAL;
	}
	y.id = (int)id;
	y.weight = (int)weight;
	if (!parse_address(&y, address, more ? (size_t)(more - address) : strlen(address)))
		return EINVAL;
	if (!*rp) {
		*rp = zk_mem_alloc(sizeof **rp);
		if (!*rp)
			return ENOMEM;
		memset(*rp, 0, sizeof **rp);
	}
	if (find(*rp, y.id))
		return EEXIST;
	if ((*rp)->n == EDGE_RELAYS_MAX)
		return ENOSPC;
	struct relay *to = &(*rp)->relay[(*rp)->n++];
	*to = y;
	atomic_init(&to->up, 1); /* until the first ping says otherwise */
	return 0;
}

void edge_relays_free(struct edge_relays *r)
{
	if (r)
		zk_mem_free(r);
}

unsigned edge_relays_living(const struct edge_relays *r)
{
	unsigned n = 0;
	for (unsigned i = 0; r && i < r->n; i++)
		n += atomic_load(&r->relay[i].up) != 0;
	return n;
}

bool edge_relay_is_up(const struct edge_relays *r, int id)
{
	const struct relay *y = find(r, id);
	return y && atomic_load(&y->up);
}

int edge_relay_choose(const struct edge_relays *r, uint32_t random, int not )
{
	unsigned total = 0;
	int spare = 0;
	for (unsigned i = 0; r && i < r->n; i++) {
		const struct relay *y = &r->relay[i];
		if (y->id == not || !atomic_load(&y->up))
			continue;
		total += (unsigned)y->weight;
		if (!spare)
			spare = y->id;
	}
	if (!total)
		return spare;
	unsigned at = random % total;
	for (unsigned i = 0; i < r->n; i++) {
		const struct relay *y = &r->relay[i];
		if (y->id == not || !atomic_load(&y->up))
			continue;
		if (at < (unsigned)y->weight)
			return y->id;
		at -= (unsigned)y->weight;
	}
	return spare; /* one died meanwhile */
}

bool edge_relay_set(struct edge_relays *r, int id, bool up)
{
	struct relay *y = find(r, id);
	return y && atomic_exchange(&y->up, up) != (int)up;
}

int edge_relay_nth(const struct edge_relays *r, unsigned n, const char **address, int *weight)
{
	if (!r || n >= r->n)
		return 0;
	*address = r->relay[n].address;
	*weight = r->relay[n].weight;
	return r->relay[n].id;
}

/* ---- health ---- */

struct asked {
	int fd;
	unsigned misses;
	bool waiting; /* a ping is on its way */
	unsigned cookie;
	long uptime; /* what it last said, seconds */
};

struct edge_probe {
	struct edge_relays *relays;
	edge_probe_h *h;
	void *arg;
	int64_t due_us;
	char buf[65536];
	struct asked asked[EDGE_RELAYS_MAX];
};

static int open_socket(const struct relay *y)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV}, *list;
	if (getaddrinfo(y->host, y->port, &hints, &list))
		return -1;
	int fd = socket(list->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, list->ai_addr, list->ai_addrlen)) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	return fd;
}

int edge_probe_alloc(struct edge_probe **pp, struct edge_relays *r, edge_probe_h *h, void *arg)
{
	struct edge_probe *p = calloc(1, sizeof *p);
	if (!p)
		return ENOMEM;
	p->relays = r;
	p->h = h;
	p->arg = arg;
	for (unsigned i = 0; i < EDGE_RELAYS_MAX; i++)
		p->asked[i].fd = r && i < r->n ? open_socket(&r->relay[i]) : -1;
	*pp = p;
	return 0;
}

void edge_probe_free(struct edge_probe *p)
{
	for (unsigned i = 0; p && i < EDGE_RELAYS_MAX; i++)
		if (p->asked[i].fd >= 0)
			close(p->asked[i].fd);
	free(p);
}

unsigned edge_probe_fds(const struct edge_probe *p, struct pollfd *fds, unsigned max)
{
	unsigned n = 0;
	for (unsigned i = 0; p->relays && i < p->relays->n && n < max; i++)
		if (p->asked[i].fd >= 0)
			fds[n++] = (struct pollfd){.fd = p->asked[i].fd, .events = POLLIN};
	return n;
}

static void found(struct edge_probe *p, unsigned i, bool up)
{
	struct asked *a = &p->asked[i];
	struct relay *y = &p->relays->relay[i];
	a->misses = up ? 0 : a->misses;
	if (edge_relay_set(p->relays, y->id, up))
		p->h(y->id, up, p->arg);
}

/* One that was restarted between two pings has forgotten its sessions all the same. */
static void uptime(struct edge_probe *p, unsigned i, const char *text)
{
	struct asked *a = &p->asked[i];
	const char *value = strchr(text, ':');
	if (!value) /* "6:uptime3:123": the length, then the digits */
		return;
	long seconds = strtol(value + 1, NULL, 10);
	bool anew = seconds < a->uptime && edge_relay_is_up(p->relays, p->relays->relay[i].id);
	a->uptime = seconds;
	if (anew) {
		found(p, i, false);
		found(p, i, true);
	}
}

/* Answers, or the kernel's word that nobody listens there. */
static void hear(struct edge_probe *p, unsigned i)
{
	struct asked *a = &p->asked[i];
	char *buf = p->buf;
	for (;;) {
		ssize_t n = recv(a->fd, buf, sizeof p->buf - 1, 0);
		if (n < 0 && errno == ECONNREFUSED) {
			a->waiting = false;
			a->uptime = 0;
			found(p, i, false);
			continue;
		}
		if (n < 0)
			return;
		buf[n] = '\0';
		const char *up = strstr(buf, "6:uptime");
		if (up)
			uptime(p, i, up + 8);
		if (up || strstr(buf, "4:pong")) {
			a->waiting = false;
			found(p, i, true);
		}
	}
}

static void ask(struct edge_probe *p, unsigned i)
{
	struct asked *a = &p->asked[i];
	char text[64];
	if (a->waiting && ++a->misses >= EDGE_RELAY_MISSES)
		found(p, i, false);
	const char *command = a->cookie % EDGE_RELAY_MISSES ? "4:ping" : "10:statistics";
	int n = snprintf(text, sizeof text, "zj%u_%u d7:command%se", i, ++a->cookie, command);
	a->waiting = true;
	if (send(a->fd, text, (size_t)n, MSG_NOSIGNAL) < 0 && errno == ECONNREFUSED)
		found(p, i, false);
}

int edge_probe_turn(struct edge_probe *p, int64_t now_us)
{
	bool due = now_us >= p->due_us;
	for (unsigned i = 0; p->relays && i < p->relays->n; i++) {
		if (p->asked[i].fd < 0)
			continue;
		hear(p, i);
		if (due)
			ask(p, i);
	}
	if (due)
		p->due_us = now_us + EDGE_RELAY_EVERY_MS * 1000;
	return (int)((p->due_us - now_us) / 1000) + 1;
}
