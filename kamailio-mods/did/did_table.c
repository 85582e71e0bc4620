#include "did_table.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

const struct zk_table did_tables[DID_MAPS] = {
	[DID_TENANT] = {"tenant", "kind, enabled", 2},
	[DID_TRUNK] = {"trunk", "tenant_id, host(host), port, match_port, enabled", 5},
	[DID_NUMBER] = {"number", "tenant_id, number, enabled", 3},
	[DID_DID] = {"did", "tenant_id, number, caller_prefix, priority, destination_kind, destination_id, enabled", 7},
};

static const char *const kind_names[] = {[DID_QUEUE] = "queue", [DID_IVR] = "ivr", [DID_EXTENSION] = "extension"};

const char *did_kind_name(enum did_kind kind)
{
	return (unsigned)kind < sizeof kind_names / sizeof *kind_names ? kind_names[kind] : "?";
}

static const char *const result_names[DID_RESULTS] = {
	[DID_FOUND] = "found",
	[DID_NO_NUMBER] = "no such number",
	[DID_NO_DESTINATION] = "no destination for this caller",
	[DID_NO_TRUNK] = "not from a trunk of this tenant or the carrier",
};

const char *did_result_name(enum did_result r)
{
	return (unsigned)r < DID_RESULTS ? result_names[r] : "?";
}

int did_store_alloc(struct zk_store **sp)
{
	static const size_t sizes[DID_MAPS] = {sizeof(struct did_tenant), sizeof(struct did_trunk),
					       sizeof(struct did_number), sizeof(struct did_did)};
	return zk_store_alloc(sp, sizes, DID_MAPS);
}

static uint64_t number_hash(const char *number)
{
	return zk_hash(NULL, 0, number, strlen(number));
}

static uint64_t uuid_hash(const struct zk_uuid *id)
{
	return zk_hash(id->b, sizeof id->b, "", 0);
}

static uint64_t host_hash(const struct in6_addr *host)
{
	return zk_hash(host, sizeof *host, "", 0);
}

static bool is_true(const char *text)
{
	return text && text[0] == 't';
}

static bool copy_number(char *out, const char *text)
{
	return text && zk_copy(out, ZK_NUMBER_MAX, text, strlen(text));
}

bool did_source_parse(struct did_source *s, const char *host, size_t len, uint16_t port)
{
	char text[INET6_ADDRSTRLEN + 8] = "::ffff:";
	bool bracket = len > 2 && host[0] == '[' && host[len - 1] == ']';
	bool v4 = memchr(host, ':', len) == NULL;
	s->port = port;
	if (bracket) {
		host++;
		len -= 2;
	}
	return zk_copy(v4 ? text + 7 : text, v4 ? sizeof text - 7 : sizeof text, host, len) &&
	       inet_pton(AF_INET6, text, &s->host) == 1;
}

/* One decoder a table: false when a row cannot be (the schema forbids it). */
static bool decode_tenant(struct did_tenant *t, const char *const *f)
{
	t->carrier = f[0] && !strcmp(f[0], "carrier");
	t->enabled = is_true(f[1]);
	t->rec.hash = uuid_hash(&t->rec.id);
	return true;
}

static bool decode_trunk(struct did_trunk *t, const char *const *f)
{
	struct did_source s;
	if (!f[0] || !f[1] || !f[2] || !zk_uuid_parse(&t->tenant, f[0]) || !did_source_parse(&s, f[1], strlen(f[1]), 0))
		return false;
	t->host = s.host;
	t->port = (uint16_t)atoi(f[2]);
	t->match_port = is_true(f[3]);
	t->enabled = is_true(f[4]);
	t->rec.hash = host_hash(&t->host);
	return true;
}

static bool decode_number(struct did_number *n, const char *const *f)
{
	if (!f[0] || !zk_uuid_parse(&n->tenant, f[0]) || !copy_number(n->number, f[1]))
		return false;
	n->enabled = is_true(f[2]);
	n->rec.hash = number_hash(n->number);
	return true;
}

static bool decode_did(struct did_did *d, const char *const *f)
{
	if (!f[0] || !f[3] || !f[4] || !f[5] || !zk_uuid_parse(&d->tenant, f[0]) || !zk_uuid_parse(&d->target, f[5]) ||
	    !copy_number(d->number, f[1]) || !copy_number(d->caller_prefix, f[2]))
		return false;
	d->priority = atoi(f[3]);
	d->enabled = is_true(f[6]);
	d->rec.hash = number_hash(d->number);
	for (d->kind = DID_QUEUE; d->kind <= DID_EXTENSION; d->kind++)
		if (!strcmp(kind_names[d->kind], f[4]))
			return true;
	return false;
}

static bool decode(unsigned table, void *rec, const char *const *fields)
{
	switch ((enum did_map)table) {
	case DID_TENANT:
		return decode_tenant(rec, fields);
	case DID_TRUNK:
		return decode_trunk(rec, fields);
	case DID_NUMBER:
		return decode_number(rec, fields);
	case DID_DID:
		return decode_did(rec, fields);
	case DID_MAPS:
		break;
	}
	return false;
}

static int sink_begin(const size_t *rows, bool anew, void *arg)
{
	return zk_write_begin(arg, rows, anew);
}

static void sink_row(unsigned table, const struct zk_uuid *id, const char *const *fields, void *arg)
{
	union {
		struct zk_rec rec;
		struct did_tenant tenant;
		struct did_trunk trunk;
		struct did_number number;
		struct did_did did;
	} u = {.did = {.rec = {.id = *id}}};
	if (fields && decode(table, &u, fields))
		zk_put(arg, table, &u);
	else
		zk_del(arg, table, id);
}

static int sink_end(void *arg)
{
	return zk_write_end(arg);
}

struct zk_sink did_sink(struct zk_store *store)
{
	return (struct zk_sink){sink_begin, sink_row, sink_end, store};
}

static const struct did_tenant *tenant_enabled(struct zk_map *const *maps, const struct zk_uuid *id)
{
	const struct did_tenant *t = zk_by_id(maps[DID_TENANT], id);
	return t && t->enabled ? t : NULL;
}

static bool trunk_matches(const struct did_trunk *t, const struct did_source *s)
{
	return t->enabled && !memcmp(&t->host, &s->host, sizeof s->host) && (!t->match_port || t->port == s->port);
}

struct trunk_search {
	const struct did_source *source;
	struct did_trunk_hit *hit;
	bool found;
};

static void find_trunk_h(struct zk_map *const *maps, void *arg)
{
	struct trunk_search *q = arg;
	struct zk_iter it;
	q->found = false;
	const struct did_trunk *t = zk_first(maps[DID_TRUNK], host_hash(&q->source->host), &it);
	for (; t; t = zk_next(&it)) {
		if (!trunk_matches(t, q->source) || !tenant_enabled(maps, &t->tenant))
			continue;
		if (q->found && (t->match_port < q->hit->exact ||
				 (t->match_port == q->hit->exact && zk_uuid_cmp(&t->rec.id, &q->hit->trunk) > 0)))
			continue;
		*q->hit = (struct did_trunk_hit){t->rec.id, t->tenant, t->match_port};
		q->found = true;
	}
}

bool did_find_trunk(struct zk_store *store, const struct did_source *source, struct did_trunk_hit *hit)
{
	struct trunk_search q = {source, hit, false};
	return !zk_read(store, find_trunk_h, &q) && q.found;
}

/* The tenant's own trunk before the carrier's. */
static bool choose_trunk(struct zk_map *const *maps, const struct did_source *source, const struct zk_uuid *tenant,
			 struct zk_uuid *trunk)
{
	struct zk_iter it;
	int best = 0;
	const struct did_trunk *t = zk_first(maps[DID_TRUNK], host_hash(&source->host), &it);
	for (; t; t = zk_next(&it)) {
		const struct did_tenant *owner = tenant_enabled(maps, &t->tenant);
		if (!owner || !trunk_matches(t, source))
			continue;
		bool own = !zk_uuid_cmp(&t->tenant, tenant);
		if (!own && !owner->carrier)
			continue;
		int rank = 1 + (own ? 2 : 0) + (t->match_port ? 1 : 0);
		if (rank < best || (rank == best && zk_uuid_cmp(&t->rec.id, trunk) > 0))
			continue;
		best = rank;
		*trunk = t->rec.id;
	}
	return best > 0;
}

static const struct did_number *number_find(struct zk_map *const *maps, const char *number)
{
	struct zk_iter it;
	const struct did_number *n = zk_first(maps[DID_NUMBER], number_hash(number), &it);
	while (n && strncmp(n->number, number, sizeof n->number) != 0)
		n = zk_next(&it);
	return n && n->enabled && tenant_enabled(maps, &n->tenant) ? n : NULL;
}

/* As dialled; else the same digits with or without the plus. */
static const struct did_number *number_find_any(struct zk_map *const *maps, const char *called)
{
	char other[ZK_NUMBER_MAX + 1];
	const struct did_number *n = number_find(maps, called);
	if (n || strlen(called) >= ZK_NUMBER_MAX)
		return n;
	other[0] = '+';
	memcpy(other + 1, called, strlen(called) + 1);
	return number_find(maps, called[0] == '+' ? called + 1 : other);
}

static const char *digits(const char *number)
{
	return number[0] == '+' ? number + 1 : number;
}

static bool better(const struct did_did *a, const struct did_did *b)
{
	size_t la = strlen(digits(a->caller_prefix)), lb = strlen(digits(b->caller_prefix));
	if (la != lb)
		return la > lb;
	if (a->priority != b->priority)
		return a->priority > b->priority;
	return zk_uuid_cmp(&a->rec.id, &b->rec.id) < 0;
}

static const struct did_did *did_choose(struct zk_map *const *maps, const struct did_number *n, const char *caller)
{
	struct zk_iter it;
	const struct did_did *best = NULL, *d = zk_first(maps[DID_DID], number_hash(n->number), &it);
	for (; d; d = zk_next(&it)) {
		const char *prefix = digits(d->caller_prefix);
		if (d->enabled && !zk_uuid_cmp(&d->tenant, &n->tenant) &&
		    !strncmp(d->number, n->number, sizeof d->number) &&
		    !strncmp(digits(caller), prefix, strnlen(prefix, ZK_NUMBER_MAX - 2)) && (!best || better(d, best)))
			best = d;
	}
	return best;
}

struct did_search {
	const struct did_query *q;
	struct did_hit *hit;
	enum did_result result;
};

static void find_h(struct zk_map *const *maps, void *arg)
{
	struct did_search *s = arg;
	*s->hit = (struct did_hit){0};
	const struct did_number *n = number_find_any(maps, s->q->called);
	s->result = DID_NO_NUMBER;
	if (!n)
		return;
	s->result = DID_NO_TRUNK;
	if (s->q->source && !choose_trunk(maps, s->q->source, &n->tenant, &s->hit->trunk))
		return;
	const struct did_did *d = did_choose(maps, n, s->q->caller);
	s->result = DID_NO_DESTINATION;
	if (!d)
		return;
	s->hit->did = d->rec.id;
	s->hit->tenant = d->tenant;
	s->hit->target = d->target;
	s->hit->kind = d->kind;
	zk_copy(s->hit->number, sizeof s->hit->number, d->number, strnlen(d->number, sizeof d->number - 1));
	s->result = DID_FOUND;
}

enum did_result did_find(struct zk_store *store, const struct did_query *q, struct did_hit *hit)
{
	struct did_search s = {q, hit, DID_NO_NUMBER};
	if (zk_read(store, find_h, &s))
		return DID_NO_NUMBER;
	return s.result;
}
