#include "did_trunk.h"
#include <arpa/inet.h>
#include <string.h>

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

static bool trunk_matches(const struct did_trunk *t, const struct did_source *s)
{
	return t->enabled && !memcmp(&t->host, &s->host, sizeof s->host) && (!t->match_port || t->port == s->port);
}

static bool host_matches(const struct did_trunk_host *h, const struct did_trunk *t, const struct did_source *s)
{
	return t && t->enabled && h->enabled && !memcmp(&h->host, &s->host, sizeof s->host) &&
	       (!t->match_port || h->port == s->port);
}

/* Every trunk that the source is an address of: by its own address, then by its further ones. */
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
