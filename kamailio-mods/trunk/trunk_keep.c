#include "trunk_keep.h"
#include "trunk_gate_mod.h"
#include "trunk_line.h"
#include "trunk_mod.h"
#include "zk_log.h"
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define RESOLVE_EVERY_US 30000000LL
#define RPC_WAIT_MS      1000
#define REGS_MAX         1024
#define NAMES_MAX        2048
#define ONLINE           4       /* flags of uac.reg_info */
#define LEAVE_US         4000000 /* for the carrier's answer, and its question for the password, to our leave */

struct reg { /* one registration that uac keeps for us */
	struct zk_uuid trunk;
	char id[80], said[700 + TRUNK_NEXT_MAX]; /* said: everything that it was made of */
	int64_t since_us, leaving_us; /* leaving: it is another edge's now, and the carrier is told that we go */
	bool seen;
};

struct name { /* when it was looked up last */
	struct zk_uuid host;
	char text[TRUNK_HOST_MAX];
	int port, line;
	int64_t at_us;
	bool seen;
};

struct trunk_keep {
	struct zk_store *store;
	struct trunk_state *state;
	const char *rpc;
	bool (*owns)(const struct zk_uuid *trunk);
	int fd;
	int serial;
	struct reg regs[REGS_MAX];
	unsigned n_regs;
	struct name names[NAMES_MAX];
	unsigned n_names;
};

int trunk_keep_alloc(struct trunk_keep **kp, struct zk_store *store, struct trunk_state *state, const char *rpc,
		     bool (*owns)(const struct zk_uuid *trunk))
{
	struct trunk_keep *k = calloc(1, sizeof *k);
	if (!k)
		return ENOMEM;
	k->store = store;
	k->state = state;
	k->rpc = rpc;
	k->owns = owns;
	k->fd = -1;
	*kp = k;
	return 0;
}

/* ---- names ---- */
static struct name *name_of(struct trunk_keep *k, const struct zk_uuid *host)
{
	for (unsigned i = 0; i < k->n_names; i++)
		if (!zk_uuid_cmp(&k->names[i].host, host))
			return &k->names[i];
	if (k->n_names == sizeof k->names / sizeof *k->names)
		return NULL;
	struct name *n = &k->names[k->n_names++];
	memset(n, 0, sizeof *n);
	n->host = *host;
	return n;
}

static void take_addresses(struct trunk_addr *addr, unsigned *n, const struct addrinfo *list, int port)
{
	for (; list && *n < TRUNK_ADDRS; list = list->ai_next) {
		char text[NI_MAXHOST];
		if (!getnameinfo(list->ai_addr, list->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) &&
		    trunk_addr_parse(&addr[*n], text, port))
			++*n;
	}
}

static unsigned look_up(struct trunk_addr addr[TRUNK_ADDRS], const char *text, int port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_family = AF_UNSPEC}, *list = NULL;
	unsigned n = 0;
	int err = getaddrinfo(text, NULL, &hints, &list);
	if (err)
		zk_log(ZK_WARN, "name of a trunk's host not found name=%s because=\"%s\"", text, gai_strerror(err));
	take_addresses(addr, &n, list, port);
	if (list)
		freeaddrinfo(list);
	return n;
}

/* Calls may come from where they go to, and from its line when it speaks TLS. */
static void name(const struct zk_uuid *host, const struct zk_uuid *trunk, const struct trunk_addr *addr, unsigned n,
		 int line)
{
	struct trunk_addr from[TRUNK_ADDRS];
	uint32_t at = trunk_line_address(line);
	unsigned lines = at ? 1 : 0;
	if (lines) {
		from[0] = (struct trunk_addr){.port = (uint16_t)trunk_gate_port};
		memcpy(from[0].ip.s6_addr + 10, (unsigned char[]){0xff, 0xff}, 2);
		memcpy(from[0].ip.s6_addr + 12, &at, 4);
	}
	n = n > TRUNK_ADDRS - lines ? TRUNK_ADDRS - lines : n;
	memcpy(from + lines, addr, n * sizeof *addr);
	trunk_named(host, trunk, from, n + lines);
}

/* A name is looked up when it is new and then every half minute; an address without a line needs nothing. What it leads
 * to is where calls go (trunk_state), and whence they may come (did). */
static void resolve(struct trunk_keep *k, const struct zk_uuid *trunk, const struct trunk_host *h, int line,
		    int64_t now)
{
	struct trunk_addr addr[TRUNK_ADDRS];
	const char *text = h->host;
	bool literal = trunk_addr_parse(&addr[0], text, h->port);
	if (literal)
		trunk_state_resolved(k->state, &h->rec.id, addr, 1);
	if (literal && !line)
		return;
	struct name *known = name_of(k, &h->rec.id);
	if (!known)
		return;
	known->seen = true;
	bool other = strcmp(known->text, text) != 0 || known->line != line;
	if (!other && known->port == h->port && (literal || now - known->at_us < RESOLVE_EVERY_US))
		return;
	zk_copy(known->text, sizeof known->text, text, strlen(text));
	known->port = h->port;
	known->line = line;
	known->at_us = now;
	unsigned n = literal ? 1 : look_up(addr, text, h->port);
	if (!n && !other)
		return; /* a name that is not found just now keeps its last addresses */
	if (!literal)
		trunk_state_resolved(k->state, &h->rec.id, addr, n);
	name(&h->rec.id, trunk, addr, n, line);
}

static void resolve_own(struct trunk_keep *k, const struct trunk_trunk *t, int64_t now)
{
	struct trunk_host own = {.rec = {.id = t->rec.id}, .port = t->port};
	memcpy(own.host, t->host, sizeof own.host);
	resolve(k, &t->rec.id, &own, t->tls ? t->line : 0, now);
}

void trunk_names_turn(struct trunk_keep *k, int64_t now)
{
	static struct trunk_trunk t;
	struct trunk_host hosts[8];
	uint32_t from = 0;
	for (unsigned i = 0; i < k->n_names; i++)
		k->names[i].seen = false;
	while (zk_dump(k->store, TRUNK_TRUNK, &from, &t, 1))
		resolve_own(k, &t, now);
	from = 0;
	for (size_t n; (n = zk_dump(k->store, TRUNK_HOST, &from, hosts, 8));)
		for (size_t i = 0; i < n; i++)
			if (hosts[i].enabled)
				resolve(k, &hosts[i].trunk, &hosts[i],
					trunk_find(k->store, &hosts[i].trunk, &t) && t.tls ? hosts[i].line : 0, now);
	for (unsigned i = k->n_names; i-- > 0;)
		if (!k->names[i].seen) { /* it was deleted or disabled, or has an address now */
			trunk_named(&k->names[i].host, &k->names[i].host, NULL, 0);
			k->names[i] = k->names[--k->n_names];
		}
}

/* ---- registrations ---- */
static bool rpc_open(struct trunk_keep *k)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX}, to = {.sun_family = AF_UNIX};
	if (k->fd >= 0)
		return true;
	if (!k->rpc)
		return false;
	snprintf(at.sun_path, sizeof at.sun_path, "%s.trunk", k->rpc);
	snprintf(to.sun_path, sizeof to.sun_path, "%s", k->rpc);
	k->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unlink(at.sun_path);
	if (k->fd >= 0 && !bind(k->fd, (struct sockaddr *)&at, sizeof at) &&
	    !connect(k->fd, (struct sockaddr *)&to, sizeof to))
		return true;
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
	return false;
}

/* The result of one of Kamailio's own methods (params stolen); NULL: an error, or no answer. */
static json_t *rpc_call(struct trunk_keep *k, const char *method, json_t *params)
{
	json_t *result = NULL;
	char buf[8192];
	if (!rpc_open(k)) {
		json_decref(params);
		return NULL;
	}
	int id = ++k->serial;
	json_t *m = json_pack("{s:s,s:s,s:o,s:i}", "jsonrpc", "2.0", "method", method, "params", params, "id", id);
	char *text = json_dumps(m, JSON_COMPACT);
	json_decref(m);
	bool sent = text && send(k->fd, text, strlen(text), 0) > 0;
	free(text);
	while (sent && !result) {
		struct pollfd p = {.fd = k->fd, .events = POLLIN};
		ssize_t n = poll(&p, 1, RPC_WAIT_MS) > 0 ? recv(k->fd, buf, sizeof buf, 0) : -1;
		if (n <= 0)
			break;
		json_t *a = json_loadb(buf, (size_t)n, 0, NULL);
		if (json_integer_value(json_object_get(a, "id")) == id) {
			result = json_incref(json_object_get(a, "result"));
			json_decref(a);
			break;
		}
		json_decref(a);
	}
	if (!sent) {
		close(k->fd);
		k->fd = -1;
	}
	return result;
}

static void remove_reg(struct trunk_keep *k, struct reg *r)
{
	json_decref(rpc_call(k, "uac.reg_remove", json_pack("[s]", r->id)));
	if (!r->leaving_us) /* else the other edge says how it is */
		(void)trunk_state_registered(k->state, &r->trunk, TRUNK_REG_NONE, 0, trunk_now_us());
	*r = k->regs[--k->n_regs];
}

static struct reg *reg_of(struct trunk_keep *k, const struct zk_uuid *trunk)
{
	for (unsigned i = 0; i < k->n_regs; i++)
		if (!zk_uuid_cmp(&k->regs[i].trunk, trunk))
			return &k->regs[i];
	return NULL;
}

/* The contact's user is the trunk's identifier; where another tenant's is the same, the trunk's id. */
static void add_reg(struct trunk_keep *k, const struct trunk_trunk *t, const char *proxy, const char *said, int64_t now)
{
	struct reg *r = &k->regs[k->n_regs];
	char id[ZK_UUID_TEXT];
	zk_uuid_text(id, &t->rec.id);
	const char *ids[] = {t->identifier, id};
	for (unsigned i = 0; i < 2; i++) {
		json_t *there = rpc_call(k, "uac.reg_info", json_pack("[ss]", "l_uuid", ids[i]));
		bool taken = there != NULL;
		json_decref(there);
		if (taken)
			continue;
		json_decref(rpc_call(k, "uac.reg_add",
				     json_pack("[ssssssssssiiiss]", ids[i], ids[i], "zongji.invalid", t->username,
					       t->host, "", t->username, t->password, ".", proxy, t->expires_s, 0, 0,
					       t->tls ? trunk_tls_socket : "", t->tls ? trunk_tls_contact : ".")));
		memset(r, 0, sizeof *r);
		r->trunk = t->rec.id;
		r->since_us = now;
		r->seen = true;
		zk_copy(r->id, sizeof r->id, ids[i], strlen(ids[i]));
		zk_copy(r->said, sizeof r->said, said, strlen(said));
		k->n_regs++;
		/* One that another edge had registered goes on: the carrier knows us by now, or will in a moment. */
		struct trunk_trunk_state s;
		trunk_state_trunk(k->state, &t->rec.id, &s);
		if (s.reg != TRUNK_REG_OK)
			(void)trunk_state_registered(k->state, &t->rec.id, TRUNK_REG_TRYING, 0, now);
		return;
	}
}

static void look_at_reg(struct trunk_keep *k, struct reg *r, int64_t now)
{
	json_t *info = rpc_call(k, "uac.reg_info", json_pack("[ss]", "l_uuid", r->id));
	if (!info) { /* uac forgot it: once more */
		r->said[0] = '\0';
		return;
	}
	bool online = json_integer_value(json_object_get(info, "flags")) & ONLINE;
	json_decref(info);
	if (online)
		r->since_us = now;
	enum trunk_reg reg = online                              ? TRUNK_REG_OK
			     : now - r->since_us > 6 * 1000000LL ? TRUNK_REG_FAILED
								 : TRUNK_REG_TRYING;
	struct trunk_trunk_state s;
	trunk_state_trunk(k->state, &r->trunk, &s);
	if (reg == TRUNK_REG_TRYING && s.reg == TRUNK_REG_OK)
		return; /* between two registrations */
	if (trunk_state_registered(k->state, &r->trunk, reg, 0, now) && reg != TRUNK_REG_TRYING)
		trunk_changed(&r->trunk, &r->trunk, trunk_reg_name(reg), -1, 0);
}

/* It is another edge's: the carrier, who would ring both, hears that we leave. */
static void leave(struct trunk_keep *k, struct reg *r, int64_t now)
{
	r->seen = true;
	if (!r->leaving_us) {
		r->leaving_us = now;
		json_decref(rpc_call(k, "uac.reg_unregister", json_pack("[ss]", "l_uuid", r->id)));
	} else if (now - r->leaving_us > LEAVE_US) {
		remove_reg(k, r);
	}
}

static void registration(struct trunk_keep *k, const struct trunk_trunk *t, int64_t now)
{
	struct trunk_host_state h;
	char said[700 + TRUNK_NEXT_MAX], proxy[TRUNK_NEXT_MAX] = "";
	struct reg *r = reg_of(k, &t->rec.id);
	bool wanted = t->enabled && t->registers;
	bool ours = !k->owns || k->owns(&t->rec.id);
	if (r && wanted && !ours) {
		leave(k, r, now);
		return;
	}
	if (!r && (!wanted || !ours))
		return;
	trunk_state_host(k->state, &t->rec.id, &h);
	const struct trunk_addr *a = &h.addr[h.used < TRUNK_ADDRS ? h.used : 0];
	if (h.n)
		trunk_next_hop(proxy, t->tls ? t->line : 0, trunk_gate_port, a, t->tcp);
	snprintf(said, sizeof said, "%s %s %s %s %d %s", t->identifier, t->username, t->password, t->host, t->expires_s,
		 proxy);
	if (r && (!wanted || r->leaving_us || strcmp(r->said, said) != 0)) {
		remove_reg(k, r);
		r = NULL;
	}
	if (wanted && !r && h.n && k->n_regs < REGS_MAX)
		add_reg(k, t, proxy, said, now);
	else if (r) {
		r->seen = true;
		look_at_reg(k, r, now);
	}
}

/* ---- hours ---- */
static void hours(struct trunk_keep *k, const struct trunk_trunk *t, int64_t now)
{
	bool always = zk_uuid_is_zero(&t->package);
	trunk_state_close(k->state, &t->rec.id, !always && !trunk_works(&t->tenant, &t->package, now / 1000000));
}

void trunk_keep_turn(struct trunk_keep *k, int64_t now)
{
	static struct trunk_trunk t;
	uint32_t from = 0;
	for (unsigned i = 0; i < k->n_regs; i++)
		k->regs[i].seen = false;
	while (zk_dump(k->store, TRUNK_TRUNK, &from, &t, 1)) {
		hours(k, &t, now);
		registration(k, &t, now);
	}
	for (unsigned i = k->n_regs; i-- > 0;)
		if (!k->regs[i].seen) /* its trunk was deleted */
			remove_reg(k, &k->regs[i]);
}
