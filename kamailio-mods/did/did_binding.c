/* Which page is to open with a call. */
#include "did_route.h"
#include <string.h>

static bool fits(const struct did_call *c, const struct did_binding *b)
{
	if (!b->enabled || zk_uuid_cmp(&b->tenant, &c->number->tenant))
		return false;
	if (b->kind == DID_BIND_CALLER)
		return !strncmp(b->caller, c->caller, sizeof b->caller);
	return (zk_uuid_is_zero(&b->trunk) || !zk_uuid_cmp(&b->trunk, &c->trunk)) &&
	       (!b->caller[0] || !strncmp(b->caller, c->caller, sizeof b->caller));
}

static bool before(const struct did_binding *a, const struct did_binding *b)
{
	if ((a->kind == DID_BIND_DEFAULT) != (b->kind == DID_BIND_DEFAULT))
		return b->kind == DID_BIND_DEFAULT; /* the default is for calls that nothing else is for */
	if (a->priority != b->priority)
		return a->priority > b->priority;
	if (a->kind != b->kind)
		return a->kind < b->kind;
	return zk_uuid_cmp(&a->rec.id, &b->rec.id) < 0;
}

static const struct did_binding *better(const struct did_call *c, enum did_binding_kind kind, const void *what,
					size_t len, const struct did_binding *best)
{
	struct zk_iter it;
	const struct did_binding *b =
		zk_first(c->maps[DID_BINDING], did_hash_binding(&c->number->tenant, kind, what, len), &it);
	for (; b; b = zk_next(&it)) {
		bool about = kind != DID_BIND_DID || !memcmp(b->did.b, what, sizeof b->did.b);
		if (b->kind == kind && about && fits(c, b) && (!best || before(b, best)))
			best = b;
	}
	return best;
}

const struct did_binding *did_binding_choose(const struct did_call *c)
{
	if (!zk_count(c->maps[DID_BINDING]))
		return NULL;
	const struct did_binding *best = better(c, DID_BIND_CALLER, c->caller, strlen(c->caller), NULL);
	best = better(c, DID_BIND_DID, c->number->rec.id.b, sizeof c->number->rec.id.b, best);
	for (unsigned i = 0; i < c->group_count; i++)
		best = better(c, DID_BIND_DID, c->groups[i].b, sizeof c->groups[i].b, best);
	return better(c, DID_BIND_DEFAULT, "", 0, best);
}

struct default_search {
	const struct zk_uuid *tenant;
	struct did_hit *hit;
	bool found;
};

static void default_h(struct zk_map *const *maps, void *arg)
{
	struct default_search *s = arg;
	struct zk_iter it;
	s->found = false;
	const struct did_binding *b =
		zk_first(maps[DID_BINDING], did_hash_binding(s->tenant, DID_BIND_DEFAULT, "", 0), &it);
	for (; b && !s->found; b = zk_next(&it)) {
		if (!b->enabled || b->kind != DID_BIND_DEFAULT || zk_uuid_cmp(&b->tenant, s->tenant))
			continue;
		s->hit->binding = b->rec.id;
		s->hit->binding_target = b->target;
		s->hit->binding_default = true;
		zk_copy(s->hit->binding_kind, sizeof s->hit->binding_kind, b->target_kind,
			strnlen(b->target_kind, sizeof s->hit->binding_kind - 1));
		s->found = true;
	}
}

bool did_binding_default(struct zk_store *store, const struct zk_uuid *tenant, struct did_hit *hit)
{
	struct default_search s = {tenant, hit, false};
	*hit = (struct did_hit){0};
	return !zk_read(store, default_h, &s) && s.found;
}
