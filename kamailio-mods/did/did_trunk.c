#include "did_trunk.h"
#include "zk_log.h"
#include <arpa/inet.h>
#include <string.h>

#define NAMED_HITS 8

/* What the names of trunks' hosts lead to. A store of its own, for its writer is the process that resolves them. */
static struct zk_store *names;

int did_names_alloc(void)
{
	static const size_t size = sizeof(struct did_trunk_host);
	return zk_store_alloc(&names, &size, 1);
}

void did_names_free(void)
{
	zk_store_free(names);
	names = NULL;
}

/* The i-th address of a host: its id with another variant (RFC 9562 4.1), which no id of a row has. */
static struct zk_uuid address_id(const struct zk_uuid *host, unsigned i)
{
	struct zk_uuid id = *host;
	id.b[8] = (unsigned char)((id.b[8] & 0x3f) | i << 6);
	return id;
}

void did_named(const struct zk_uuid *host, const struct zk_uuid *trunk, const struct zk_did_addr *addr, unsigned n)
{
	size_t adds = n;
	if (!names || zk_write_begin(names, &adds, false))
		return; /* no memory: what was known stays */
	for (unsigned i = 0; i < ZK_DID_NAMED_MAX; i++) {
		struct did_trunk_host h = {.rec = {.id = address_id(host, i)}, .trunk = *trunk, .enabled = true};
		if (i >= n) {
			(void)zk_del(names, 0, &h.rec.id);
			continue;
		}
		h.host = addr[i].host;
		h.port = addr[i].port;
		h.rec.hash = did_hash_host(&h.host);
		zk_put(names, 0, &h);
	}
	if (zk_write_end(names))
		zk_log(ZK_ERROR, "no memory for the addresses of a trunk's host");
}

bool did_source_parse(struct did_source *s, const char *host, size_t len, uint16_t port)
{
	char text[INET6_ADDRSTRLEN + 8] = "::ffff:";
	bool bracket = len > 2 && host[0] == '[' && host[len - 1] == ']';
	bool v4 = memchr(host, ':', len) == NULL;
	s->port = port;
	s->secure = false;
	if (bracket) {
		host++;
		len -= 2;
	}
	return zk_copy(v4 ? text + 7 : text, v4 ? sizeof text - 7 : sizeof text, host, len) &&
	       inet_pton(AF_INET6, text, &s->host) == 1;
}

static bool is_secure(const struct did_trunk *t, const struct did_source *s)
{
	return !t->tls || s->secure;
}

static bool trunk_matches(const struct did_trunk *t, const struct did_source *s)
{
	return t->enabled && is_secure(t, s) && !memcmp(&t->host, &s->host, sizeof s->host) &&
	       (!t->match_port || t->port == s->port);
}

static bool host_matches(const struct did_trunk_host *h, const struct did_trunk *t, const struct did_source *s)
{
	return t && t->enabled && h->enabled && is_secure(t, s) && !memcmp(&h->host, &s->host, sizeof s->host) &&
	       (!t->match_port || h->port == s->port);
}

struct named {
	const struct did_source *source;
	struct did_trunk_host hits[NAMED_HITS];
	unsigned n;
};

static void named_h(struct zk_map *const *maps, void *arg)
{
	struct named *s = arg;
	struct zk_iter it;
	const struct did_trunk_host *x = zk_first(maps[0], did_hash_host(&s->source->host), &it);
	for (s->n = 0; x && s->n < NAMED_HITS; x = zk_next(&it))
		if (!memcmp(&x->host, &s->source->host, sizeof x->host))
			s->hits[s->n++] = *x;
}

/* Every trunk that the source is an address of: by its own address, by its further ones, by what their names lead to.
 */
typedef void(trunk_h)(struct zk_map *const *maps, const struct did_trunk *t, void *arg);
static void each_trunk(struct zk_map *const *maps, const struct did_source *source, trunk_h *h, void *arg)
{
	struct zk_iter it;
	const struct did_trunk *t = zk_first(maps[DID_TRUNK], did_hash_host(&source->host), &it);
	for (; t; t = zk_next(&it))
		if (trunk_matches(t, source))
			h(maps, t, arg);
	const struct did_trunk_host *x = zk_first(maps[DID_TRUNK_HOST], did_hash_host(&source->host), &it);
	for (; x; x = zk_next(&it)) {
		t = zk_by_id(maps[DID_TRUNK], &x->trunk);
		if (host_matches(x, t, source))
			h(maps, t, arg);
	}
	struct named s = {.source = source};
	if (!names || zk_is_empty(names) || zk_read(names, named_h, &s))
		return;
	for (unsigned i = 0; i < s.n; i++) {
		t = zk_by_id(maps[DID_TRUNK], &s.hits[i].trunk);
		if (host_matches(&s.hits[i], t, source))
			h(maps, t, arg);
	}
}

struct trunk_search {
	const struct did_source *source;
	struct did_trunk_hit *hit;
	bool found;
};

static void better_h(struct zk_map *const *maps, const struct did_trunk *t, void *arg)
{
	struct trunk_search *q = arg;
	if (!did_tenant_enabled(maps, &t->tenant))
		return;
	if (q->found && (t->match_port < q->hit->exact ||
			 (t->match_port == q->hit->exact && zk_uuid_cmp(&t->rec.id, &q->hit->trunk) > 0)))
		return;
	*q->hit = (struct did_trunk_hit){t->rec.id, t->tenant, t->match_port};
	q->found = true;
}

static void find_trunk_h(struct zk_map *const *maps, void *arg)
{
	struct trunk_search *q = arg;
	q->found = false;
	each_trunk(maps, q->source, better_h, q);
}

bool did_find_trunk(struct zk_store *store, const struct did_source *source, struct did_trunk_hit *hit)
{
	struct trunk_search q = {source, hit, false};
	return !zk_read(store, find_trunk_h, &q) && q.found;
}

struct is_search {
	const struct zk_uuid *trunk;
	bool is;
};

static void is_h(struct zk_map *const *maps, const struct did_trunk *t, void *arg)
{
	struct is_search *q = arg;
	(void)maps;
	q->is = q->is || !zk_uuid_cmp(&t->rec.id, q->trunk);
}

bool did_trunk_is(struct zk_map *const *maps, const struct zk_uuid *trunk, const struct did_source *source)
{
	struct is_search q = {trunk, false};
	each_trunk(maps, source, is_h, &q);
	return q.is;
}

struct choice {
	const struct zk_uuid *tenant;
	struct zk_uuid *trunk;
	int best;
};

static void choose_h(struct zk_map *const *maps, const struct did_trunk *t, void *arg)
{
	struct choice *q = arg;
	const struct did_tenant *owner = did_tenant_enabled(maps, &t->tenant);
	bool own = !zk_uuid_cmp(&t->tenant, q->tenant);
	int rank = 1 + (own ? 2 : 0) + (t->match_port ? 1 : 0);
	if (!owner || (!own && !owner->carrier) || rank < q->best ||
	    (rank == q->best && zk_uuid_cmp(&t->rec.id, q->trunk) > 0))
		return;
	q->best = rank;
	*q->trunk = t->rec.id;
}

bool did_choose_trunk(struct zk_map *const *maps, const struct did_source *source, const struct zk_uuid *tenant,
		      struct zk_uuid *trunk)
{
	struct choice q = {tenant, trunk, 0};
	each_trunk(maps, source, choose_h, &q);
	return q.best > 0;
}
