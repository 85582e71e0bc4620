/* What the called party is shown, and where one attempt goes. */
#include "trunk_plan.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const struct trunk_number *number_find(struct zk_map *const *maps, const struct zk_uuid *tenant,
					      const char *number)
{
	struct zk_iter it;
	const struct trunk_number *n = zk_first(maps[TRUNK_NUMBER], trunk_text_hash(number), &it);
	while (n && (strncmp(n->number, number, sizeof n->number) != 0 || zk_uuid_cmp(&n->tenant, tenant) != 0 ||
		     !n->enabled || !n->out))
		n = zk_next(&it);
	return n;
}

static bool owns(struct zk_map *const *maps, const struct zk_uuid *tenant, const char *number)
{
	char other[ZK_NUMBER_MAX + 2];
	const char *forms[2] = {number, other};
	snprintf(other, sizeof other, "%s%s", number[0] == '+' ? "" : "+", zj_dial_digits(number));
	for (unsigned i = 0; i < 2; i++) {
		struct zk_iter it;
		const struct trunk_own *o = zk_first(maps[TRUNK_OWN], trunk_text_hash(forms[i]), &it);
		for (; o; o = zk_next(&it))
			if (!strncmp(o->number, forms[i], sizeof o->number) && !zk_uuid_cmp(&o->tenant, tenant))
				return true;
		if (number_find(maps, tenant, forms[i]))
			return true;
	}
	return false;
}

static void take(struct trunk_chosen *c, const struct trunk_number *n)
{
	*c = (struct trunk_chosen){.number = n->rec.id, .trunk = n->trunk, .max_calls = n->max_calls};
	zk_copy(c->text, sizeof c->text, n->number, strnlen(n->number, sizeof n->number - 1));
	zk_copy(c->name, sizeof c->name, n->name, strnlen(n->name, sizeof n->name - 1));
}

struct number_search {
	const struct zk_uuid *tenant;
	const char *number;
	struct trunk_chosen *chosen;
	bool found;
};

static void number_h(struct zk_map *const *maps, void *arg)
{
	struct number_search *s = arg;
	const struct trunk_number *n = number_find(maps, s->tenant, s->number);
	s->found = n != NULL;
	if (n)
		take(s->chosen, n);
}

bool trunk_number_of(struct zk_store *store, const struct zk_uuid *tenant, const char *number,
		     struct trunk_chosen *chosen)
{
	struct number_search s = {tenant, number, chosen, false};
	*chosen = (struct trunk_chosen){.max_calls = -1};
	return !zk_read(store, number_h, &s) && s.found;
}

static void own_h(struct zk_map *const *maps, void *arg)
{
	struct number_search *s = arg;
	const struct trunk_tenant *t = zk_by_id(maps[TRUNK_TENANT], s->tenant);
	s->found = t && (!t->own_callers || owns(maps, s->tenant, s->number));
}

bool trunk_may_show(struct zk_store *store, const struct zk_uuid *tenant, const char *number)
{
	struct number_search s = {tenant, number, NULL, false};
	return !zk_read(store, own_h, &s) && s.found;
}

static void emergency_h(struct zk_map *const *maps, void *arg)
{
	struct number_search *s = arg;
	s->found = trunk_is_emergency(maps, s->tenant, s->number);
}

bool trunk_emergency(struct zk_store *store, const struct zk_uuid *tenant, const char *number)
{
	struct number_search s = {tenant, number, NULL, false};
	return !zk_read(store, emergency_h, &s) && s.found;
}

struct pool_search {
	const struct trunk_query *q;
	unsigned turn;
	uint64_t random;
	trunk_calls_h *calls;
	void *arg;
	struct trunk_chosen *chosen;
	bool found;
};

/* Numbers whose lines are all in use are passed over. */
static void pool_h(struct zk_map *const *maps, void *arg)
{
	struct pool_search *s = arg;
	const struct trunk_pool *p = zk_by_id(maps[TRUNK_POOL], &s->q->pool);
	int fewest = 0;
	s->found = false;
	if (!p || !p->enabled || !p->n || p->n > TRUNK_POOL_MAX || zk_uuid_cmp(&p->tenant, &s->q->tenant) != 0)
		return;
	unsigned n = p->n, first = (unsigned)((p->rotation == TRUNK_AT_RANDOM ? s->random : s->turn) % n);
	for (unsigned i = 0; i < n; i++) {
		const struct trunk_number *x = zk_by_id(maps[TRUNK_NUMBER], &p->numbers[(first + i) % n]);
		if (!x || !x->enabled || !x->out)
			continue;
		int now = s->calls(&x->rec.id, s->arg);
		if (x->max_calls >= 0 && now >= x->max_calls)
			continue;
		if (s->found && now >= fewest)
			continue;
		take(s->chosen, x);
		s->found = true;
		fewest = now;
		if (p->rotation != TRUNK_LEAST_USED)
			return;
	}
}

bool trunk_pool_choose(struct zk_store *store, const struct trunk_query *q, unsigned turn, uint64_t random,
		       trunk_calls_h *calls, void *arg, struct trunk_chosen *chosen)
{
	struct pool_search s = {q, turn, random, calls, arg, chosen, false};
	*chosen = (struct trunk_chosen){.max_calls = -1};
	return !zk_read(store, pool_h, &s) && s.found;
}

bool trunk_addr_parse(struct trunk_addr *a, const char *host, int port)
{
	char text[INET6_ADDRSTRLEN + 8] = "::ffff:";
	a->port = (uint16_t)port;
	bool v4 = strchr(host, ':') == NULL;
	return zk_copy(v4 ? text + 7 : text, v4 ? sizeof text - 7 : sizeof text, host, strlen(host)) &&
	       inet_pton(AF_INET6, text, &a->ip) == 1;
}

struct find_args {
	const struct zk_uuid *id;
	struct trunk_trunk *out;
	bool found;
};

static void find_h(struct zk_map *const *maps, void *arg)
{
	struct find_args *a = arg;
	const struct trunk_trunk *t = zk_by_id(maps[TRUNK_TRUNK], a->id);
	a->found = t != NULL;
	if (t)
		*a->out = *t;
}

bool trunk_find(struct zk_store *store, const struct zk_uuid *id, struct trunk_trunk *out)
{
	struct find_args a = {id, out, false};
	return !zk_read(store, find_h, &a) && a.found;
}

struct channels_args {
	const struct zk_uuid *id;
	int max;
};

static void channels_h(struct zk_map *const *maps, void *arg)
{
	struct channels_args *a = arg;
	const struct trunk_trunk *t = zk_by_id(maps[TRUNK_TRUNK], a->id);
	a->max = t ? t->max_calls : -1;
}

int trunk_channels(struct zk_store *store, const struct zk_uuid *id)
{
	struct channels_args a = {id, -1};
	return zk_read(store, channels_h, &a) ? -1 : a.max;
}

struct hop_args {
	const struct trunk_query *q;
	const struct trunk_candidate *c;
	struct trunk_hop *hop;
	bool good;
};

/* The trunk's own caller where it is forced, where there is no other, or where only numbers of the trunk may be shown.
 */
static bool choose_caller(struct zk_map *const *maps, struct hop_args *a)
{
	struct trunk_hop *hop = a->hop;
	const struct trunk_trunk *t = &hop->t;
	const struct trunk_query *q = a->q;
	bool own = !t->own_callers || q->emergency;
	if (!own && q->caller[0]) {
		const struct trunk_number *n = number_find(maps, &q->tenant, q->caller);
		own = n && (zk_uuid_is_zero(&n->trunk) || !zk_uuid_cmp(&n->trunk, &t->rec.id));
		own = own || !strcmp(q->caller, t->caller_number);
	}
	bool mine = t->force_caller ? t->caller_number[0] != '\0' : !q->caller[0] || !own;
	if (mine && !t->caller_number[0] && !own)
		return false; /* another caller may not be shown, and there is none of its own */
	snprintf(hop->caller, sizeof hop->caller, "%s", mine ? t->caller_number : q->caller);
	snprintf(hop->caller_name, sizeof hop->caller_name, "%s",
		 (mine || !q->caller_name[0]) && t->caller_name[0] ? t->caller_name
		 : mine                                            ? ""
								   : q->caller_name);
	hop->anonymous = q->anonymous && !t->force_caller;
	return true;
}

static bool apply_rule(struct zk_map *const *maps, struct hop_args *a, const struct zk_uuid *owner)
{
	struct trunk_hop *hop = a->hop;
	const struct trunk_caller_rule *r = trunk_caller_rule_find(maps, owner, &hop->trunk, hop->caller, a->c->called);
	char text[ZK_NUMBER_MAX];
	if (!r)
		return true;
	switch (r->action) {
	case TRUNK_FORBIDDEN:
		return a->q->emergency;
	case TRUNK_ANONYMOUS:
		hop->anonymous = true;
		return true;
	case TRUNK_REPLACE:
		snprintf(hop->caller, sizeof hop->caller, "%s", r->number);
		return true;
	case TRUNK_REWRITE:
		if (zj_dial_rewrite(text, sizeof text, hop->caller, r->strip, r->add))
			snprintf(hop->caller, sizeof hop->caller, "%s", text);
		return true;
	}
	return true;
}

/* `sip:{number}@{host}:{port}`, or what the trunk's dial string says. */
static void write_uri(struct trunk_hop *hop, const char *host, int port, const char *number)
{
	const char *form = hop->t.dial_string[0] ? hop->t.dial_string : "sip:{number}@{host}:{port}";
	bool v6 = strchr(host, ':') != NULL;
	size_t at = 0;
	while (*form && at < sizeof hop->uri - 1) {
		int n, skip = 1;
		size_t room = sizeof hop->uri - at;
		if (!strncmp(form, "{number}", 8)) {
			n = snprintf(hop->uri + at, room, "%s", number);
			skip = 8;
		} else if (!strncmp(form, "{host}", 6)) {
			n = snprintf(hop->uri + at, room, v6 ? "[%s]" : "%s", host);
			skip = 6;
		} else if (!strncmp(form, "{port}", 6)) {
			n = snprintf(hop->uri + at, room, "%d", port);
			skip = 6;
		} else {
			n = snprintf(hop->uri + at, room, "%c", *form);
		}
		at += n > 0 ? (size_t)n : 0;
		form += skip;
	}
	at = at < sizeof hop->uri ? at : sizeof hop->uri - 1;
	snprintf(hop->uri + at, sizeof hop->uri - at, "%s%s", hop->t.user_phone ? ";user=phone" : "",
		 hop->t.tls   ? ";transport=tls"
		 : hop->t.tcp ? ";transport=tcp"
			      : "");
}

static bool host_of(struct zk_map *const *maps, const struct trunk_trunk *t, const struct zk_uuid *id,
		    const char **host, int *port, int *line)
{
	const struct trunk_host *h;
	if (!zk_uuid_cmp(id, &t->rec.id)) {
		*host = t->host;
		*port = t->port;
		*line = t->line;
		return true;
	}
	h = zk_by_id(maps[TRUNK_HOST], id);
	if (!h || !h->enabled || zk_uuid_cmp(&h->trunk, &t->rec.id) != 0)
		return false;
	*host = h->host;
	*port = h->port;
	*line = h->line;
	return true;
}

static void hop_h(struct zk_map *const *maps, void *arg)
{
	struct hop_args *a = arg;
	struct trunk_hop *hop = a->hop;
	const struct trunk_trunk *t = zk_by_id(maps[TRUNK_TRUNK], &a->c->trunk);
	const struct trunk_tenant *carrier = trunk_carrier(maps);
	const char *host;
	int port, line;
	a->good = false;
	if (!t || !t->enabled || !host_of(maps, t, &a->c->host, &host, &port, &line))
		return;
	memset(hop, 0, sizeof *hop);
	hop->t = *t;
	hop->trunk = a->c->trunk;
	hop->host = hop->via = a->c->host;
	hop->port = port;
	hop->line = t->tls ? line : 0;
	write_uri(hop, host, port, a->c->called);
	if (t->cascade_host[0]) {
		snprintf(hop->next, sizeof hop->next, "%s", t->cascade_host);
		hop->port = 5060;
	} else if (!zk_uuid_is_zero(&t->cascade)) {
		const struct trunk_trunk *c = zk_by_id(maps[TRUNK_TRUNK], &t->cascade);
		if (!c || !c->enabled)
			return;
		hop->via = t->cascade;
		hop->port = c->port;
		hop->line = c->tls ? c->line : 0;
		hop->is_literal = trunk_addr_parse(&hop->literal, c->host, c->port);
	} else {
		hop->is_literal = trunk_addr_parse(&hop->literal, host, port);
	}
	snprintf(hop->from_domain, sizeof hop->from_domain, "%s", t->from_domain[0] ? t->from_domain : host);
	a->good = choose_caller(maps, a) && apply_rule(maps, a, &a->q->tenant) &&
		  (!carrier || apply_rule(maps, a, &carrier->rec.id));
}

bool trunk_hop(struct zk_store *store, const struct trunk_query *q, const struct trunk_candidate *c,
	       struct trunk_hop *hop)
{
	struct hop_args a = {q, c, hop, false};
	return !zk_read(store, hop_h, &a) && a.good;
}
