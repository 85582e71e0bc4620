/* Health of hosts: OPTIONS by tm. Whatever a host answers, it is there; 503 says that it takes no calls. */
#include "trunk_gate_mod.h"
#include "trunk_keep.h"
#include "trunk_line.h"
#include "trunk_mod.h"
#include "zk_kam.h"
#include "zk_log.h"
#include <arpa/inet.h>
#include <core/dprint.h>
#include <core/mem/shm_mem.h>
#include <modules/tm/tm_load.h>

#define DOWN_EVERY_US 3000000LL /* one that is down, or just missed an answer, is asked more often */

static struct tm_binds tmb;
static struct zk_store *store;
static struct trunk_state *state;

/* In shared memory, for the process that hears the answer. tm keeps no memory of ours for us, so it gets a place in
 * this ring; an answer or its absence comes within seconds, long before the place is used again. */
#define ASKED 4096
static struct asked {
	struct zk_uuid trunk, host;
	int64_t at_us;
} * asked;
static unsigned n_asked; /* the timer process alone asks */

int trunk_probe_init(struct zk_store *st, struct trunk_state *s)
{
	store = st;
	state = s;
	asked = shm_malloc(ASKED * sizeof *asked);
	return asked && load_tm_api(&tmb) >= 0 ? 0 : -1;
}

static void heard_h(struct cell *t, int type, struct tmcb_params *ps)
{
	const struct asked *a = &asked[ps->param ? (unsigned long)*ps->param % ASKED : 0];
	(void)t;
	(void)type;
	int64_t now = trunk_now_us();
	bool there = ps->code >= 200 && ps->code != 408 && ps->code != 503 && ps->rpl != FAKED_REPLY;
	int rtt = there ? (int)(now - a->at_us) : -1;
	if (trunk_state_heard(state, &a->host, rtt, now))
		trunk_changed(&a->trunk, &a->host, there ? "up" : "down", there ? rtt / 1000 : -1, ps->code);
}

struct place { /* a host that is due */
	const struct zk_uuid *host;
	const char *name;
	int port, line;
};

static void ask(const struct trunk_trunk *t, const struct place *p, const struct trunk_addr *addr)
{
	static str method = str_init("OPTIONS");
	char next[TRUNK_NEXT_MAX], uri[TRUNK_NEXT_MAX], from[TRUNK_HOST_MAX + 32];
	uac_req_t req;
	unsigned long place = n_asked++ % ASKED;
	struct asked *a = &asked[place];
	*a = (struct asked){t->rec.id, *p->host, trunk_now_us()};
	trunk_next_hop(next, t->tls ? p->line : 0, trunk_gate_port, addr, t->tcp);
	bool v6 = strchr(p->name, ':') != NULL;
	snprintf(uri, sizeof uri, v6 ? "sip:[%s]:%d;transport=tls" : "sip:%s:%d;transport=tls", p->name, p->port);
	str hop = {next, (int)strlen(next)}, socket = {trunk_tls_socket, (int)strlen(trunk_tls_socket)};
	str to = t->tls ? (str){uri, (int)strlen(uri)} : hop;
	str who = {from, snprintf(from, sizeof from, "sip:%s@%s", t->username[0] ? t->username : "zongji",
				  t->from_domain[0] ? t->from_domain : "zongji.invalid")};
	set_uac_req(&req, &method, NULL, NULL, NULL, TMCB_LOCAL_COMPLETED, heard_h, (void *)place);
	if (t->tls)
		req.ssock = &socket;
	if (tmb.t_request(&req, &to, &to, &who, &hop) < 0 && trunk_state_heard(state, p->host, -1, a->at_us))
		trunk_changed(&t->rec.id, p->host, "down", -1, 0);
}

static void look(const struct trunk_trunk *t, const struct place *p, int64_t now)
{
	struct trunk_host_state h;
	struct trunk_addr addr;
	trunk_state_host(state, p->host, &h);
	int64_t every = h.health == TRUNK_DOWN || h.misses ? DOWN_EVERY_US : 1000000LL * t->probe_s;
	if (!t->probe_s || (h.asked_us && now - h.asked_us < every))
		return;
	if (h.n)
		addr = h.addr[h.used < TRUNK_ADDRS ? h.used : 0];
	else if (!trunk_addr_parse(&addr, p->name, p->port))
		return; /* its name is not resolved yet */
	trunk_state_asked(state, p->host, now);
	ask(t, p, &addr);
}

/* Once a second, in Kamailio's timer process. */
void trunk_probe_timer(unsigned int ticks, void *param)
{
	static struct trunk_trunk t;
	static struct trunk_host hosts[16];
	uint32_t from = 0;
	int64_t now = trunk_now_us();
	(void)ticks;
	(void)param;
	while (zk_dump(store, TRUNK_TRUNK, &from, &t, 1))
		if (t.enabled)
			look(&t, &(struct place){&t.rec.id, t.host, t.port, t.line}, now);
	from = 0;
	for (size_t n; (n = zk_dump(store, TRUNK_HOST, &from, hosts, 16));)
		for (size_t i = 0; i < n; i++)
			if (hosts[i].enabled && trunk_find(store, &hosts[i].trunk, &t) && t.enabled)
				look(&t, &(struct place){&hosts[i].rec.id, hosts[i].host, hosts[i].port, hosts[i].line},
				     now);
}
