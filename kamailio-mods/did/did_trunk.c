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
	const struct did_trunk *t = zk_first(maps[DID_TRUNK], did_hash_host(&q->source->host), &it);
	for (; t; t = zk_next(&it)) {
		if (!trunk_matches(t, q->source) || !did_tenant_enabled(maps, &t->tenant))
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

bool did_trunk_is(struct zk_map *const *maps, const struct zk_uuid *trunk, const struct did_source *source)
{
	const struct did_trunk *t = zk_by_id(maps[DID_TRUNK], trunk);
	return t && trunk_matches(t, source);
}

bool did_choose_trunk(struct zk_map *const *maps, const struct did_source *source, const struct zk_uuid *tenant,
		      struct zk_uuid *trunk)
{
	struct zk_iter it;
	int best = 0;
	const struct did_trunk *t = zk_first(maps[DID_TRUNK], did_hash_host(&source->host), &it);
	for (; t; t = zk_next(&it)) {
		const struct did_tenant *owner = did_tenant_enabled(maps, &t->tenant);
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
