#include "did_route.h"
#include "did_heads.h"
#include <string.h>

static const char *const result_names[DID_RESULTS] = {
	[DID_FOUND] = "found",
	[DID_NO_NUMBER] = "no such number",
	[DID_NO_DESTINATION] = "no destination for this call",
	[DID_NO_TRUNK] = "not from a trunk of this tenant or the carrier",
};

const char *did_result_name(enum did_result r)
{
	return (unsigned)r < DID_RESULTS ? result_names[r] : "?";
}

const char *did_by_name(enum did_by by)
{
	return by == DID_BY_ROUTE ? "route" : by == DID_BY_NUMBER ? "number" : "default";
}

const char *did_segment_name(enum did_segment s)
{
	static const char *const names[] = {"", "working", "off_duty", "holiday"};
	return (unsigned)s < 4 ? names[s] : "?";
}

static bool same(const struct zk_uuid *a, const struct zk_uuid *b)
{
	return !zk_uuid_cmp(a, b);
}

static const struct did_number *usable(struct zk_map *const *maps, const struct did_number *n)
{
	return n && n->enabled && n->inbound && did_tenant_enabled(maps, &n->tenant) ? n : NULL;
}

static bool comes_by(struct zk_map *const *maps, const struct did_query *q, const struct zk_uuid *trunk)
{
	return (q->trunk && same(q->trunk, trunk)) || (q->source && did_trunk_is(maps, trunk, q->source));
}

static const struct did_number *alias_find(struct zk_map *const *maps, const struct did_query *q, const char *called)
{
	struct zk_iter it;
	const struct did_alias *a = zk_first(maps[DID_ALIAS], did_hash_number(called), &it);
	const struct did_number *best = NULL;
	for (; a; a = zk_next(&it)) {
		bool anywhere = zk_uuid_is_zero(&a->trunk);
		if (strncmp(a->alias, called, sizeof a->alias) != 0 || (!anywhere && !comes_by(maps, q, &a->trunk)))
			continue;
		const struct did_number *n = usable(maps, zk_by_id(maps[DID_NUMBERS], &a->number));
		if (n && (!best || !anywhere))
			best = n;
	}
	return best;
}

static const struct did_number *number_find(struct zk_map *const *maps, const char *number)
{
	struct zk_iter it;
	const struct did_number *n = zk_first(maps[DID_NUMBERS], did_hash_number(number), &it);
	while (n && strncmp(n->number, number, sizeof n->number) != 0)
		n = zk_next(&it);
	return usable(maps, n);
}

/* As dialled; else the same digits with or without the plus; else in another notation. */
static const struct did_number *number_find_any(struct zk_map *const *maps, const struct did_query *q)
{
	char other[ZK_NUMBER_MAX + 1];
	const char *called = q->called, *turned = other;
	const struct did_number *n = number_find(maps, called);
	if (n || strlen(called) >= ZK_NUMBER_MAX)
		return n;
	other[0] = '+';
	memcpy(other + 1, called, strlen(called) + 1);
	if (called[0] == '+')
		turned = called + 1;
	n = number_find(maps, turned);
	if (!n)
		n = alias_find(maps, q, called);
	return n ? n : alias_find(maps, q, turned);
}

static bool in_group(const struct did_call *c, const struct zk_uuid *group)
{
	for (unsigned i = 0; i < c->group_count && i < DID_GROUPS_MAX; i++)
		if (same(&c->groups[i], group))
			return true;
	return false;
}

static void group_add(struct did_call *c, const struct zk_uuid *group)
{
	if (c->group_count < DID_GROUPS_MAX && !zk_uuid_is_zero(group) && !in_group(c, group))
		c->groups[c->group_count++] = *group;
}

/* The groups that the number names or that list it, or a prefix of it. */
static void groups_find(struct did_call *c)
{
	size_t len = strlen(c->called);
	uint64_t lengths = did_heads_entries(&c->number->tenant);
	group_add(c, &c->number->group);
	for (size_t n = 1; n <= len; n++) {
		if (!(lengths >> n & 1))
			continue;
		struct zk_iter it;
		const struct did_entry *e =
			zk_first(c->maps[DID_ENTRY], did_hash_digits(&c->number->tenant, c->called, n), &it);
		for (; e; e = zk_next(&it))
			if (same(&e->tenant, &c->number->tenant) && (e->prefix || n == len) &&
			    strnlen(e->digits, sizeof e->digits) == n && !memcmp(e->digits, c->called, n))
				group_add(c, &e->group);
	}
}

static bool is_holiday(const struct did_call *c)
{
	struct zk_iter it;
	const struct did_holiday *h = zk_first(c->maps[DID_HOLIDAY], did_hash_id(&c->tenant->rec.id), &it);
	for (; h; h = zk_next(&it))
		if (h->enabled && same(&h->tenant, &c->tenant->rec.id) && did_span_covers(&h->span, &c->now))
			return true;
	return false;
}

enum did_result did_call_make(struct did_call *c, struct zk_map *const *maps, const struct did_query *q)
{
	*c = (struct did_call){.maps = maps, .number = number_find_any(maps, q)};
	if (!c->number)
		return DID_NO_NUMBER;
	c->tenant = did_tenant_enabled(maps, &c->number->tenant);
	if (!c->tenant)
		return DID_NO_NUMBER;
	if (q->trunk)
		c->trunk = *q->trunk;
	else if (q->source && !did_choose_trunk(maps, q->source, &c->number->tenant, &c->trunk))
		return DID_NO_TRUNK;
	const char *called = did_digits(c->number->number), *caller = did_digits(q->caller);
	zk_copy(c->called, sizeof c->called, called, strnlen(called, sizeof c->called - 1));
	zk_copy(c->caller, sizeof c->caller, caller, strnlen(caller, sizeof c->caller - 1));
	did_local_at(&c->now, &c->tenant->zone, q->at);
	groups_find(c);
	c->holiday = is_holiday(c);
	return DID_FOUND;
}

static bool package_works(const struct did_call *c, const struct zk_uuid *id)
{
	const struct did_package *p = zk_by_id(c->maps[DID_PACKAGE], id);
	if (!p || !p->enabled)
		return false;
	for (unsigned i = 0; i < p->count && i < DID_PACKAGE_MAX; i++) {
		const struct did_work_time *w = zk_by_id(c->maps[DID_WORK_TIME], &p->times[i]);
		if (w && did_span_covers(&w->span, &c->now))
			return true;
	}
	return false;
}

static bool package_closed(const struct did_call *c, const struct zk_uuid *id)
{
	const struct did_package *p = zk_by_id(c->maps[DID_PACKAGE], id);
	return c->holiday && p && p->closed_on_holidays;
}

struct works {
	const struct zk_uuid *tenant, *package;
	int64_t at;
	bool open;
};

static void works_h(struct zk_map *const *maps, void *arg)
{
	struct works *w = arg;
	struct did_call c = {.maps = maps, .tenant = did_tenant_enabled(maps, w->tenant)};
	w->open = false;
	if (!c.tenant)
		return;
	did_local_at(&c.now, &c.tenant->zone, w->at);
	c.holiday = is_holiday(&c);
	w->open = !package_closed(&c, w->package) && package_works(&c, w->package);
}

bool did_works(struct zk_store *store, const struct zk_uuid *tenant, const struct zk_uuid *package, int64_t at)
{
	struct works w = {tenant, package, at, false};
	return !zk_read(store, works_h, &w) && w.open;
}

static bool did_is(const struct did_call *c, const struct did_route *r)
{
	if (r->did_match == DID_NUMBER)
		return same(&r->did.id, &c->number->rec.id);
	if (r->did_match == DID_GROUP)
		return in_group(c, &r->did.id);
	return did_fits((enum did_match)r->did_match, r->did.text, c->called);
}

unsigned did_route_against(const struct did_call *c, const struct did_route *r)
{
	unsigned bits = 0;
	bool timed = !zk_uuid_is_zero(&r->package);
	if (!r->enabled)
		bits |= DID_NOT_ENABLED;
	if (!same(&r->tenant, &c->number->tenant) || !did_is(c, r))
		bits |= DID_NOT_DID;
	if (!did_fits((enum did_match)r->caller_match, r->caller, c->caller))
		bits |= DID_NOT_CALLER;
	if (!zk_uuid_is_zero(&r->trunk) && !same(&r->trunk, &c->trunk))
		bits |= DID_NOT_TRUNK;
	if (!did_span_covers(&r->span, &c->now))
		bits |= DID_NOT_TIME;
	if (timed && !r->split && (package_closed(c, &r->package) || !package_works(c, &r->package)))
		bits |= DID_NOT_PACKAGE;
	return bits;
}

static int larger_first(uint64_t a, uint64_t b)
{
	return a > b ? -1 : a < b;
}

static uint64_t did_kind_rank(const struct did_route *r)
{
	static const uint8_t ranks[DID_MATCHES] = {
		[DID_NUMBER] = 5, [DID_GROUP] = 4, [DID_RANGE] = 3, [DID_PATTERN] = 2, [DID_PREFIX] = 1};
	return r->did_match < DID_MATCHES ? ranks[r->did_match] : 0;
}

static uint64_t caller_kind_rank(const struct did_route *r)
{
	static const uint8_t ranks[DID_MATCHES] = {
		[DID_NUMBER] = 4, [DID_PATTERN] = 3, [DID_PREFIX] = 2, [DID_ANONYMOUS] = 1};
	return r->caller_match < DID_MATCHES ? ranks[r->caller_match] : 0;
}

static uint64_t did_precision_of(const struct did_route *r)
{
	bool by_id = r->did_match == DID_NUMBER || r->did_match == DID_GROUP;
	return by_id ? 0 : did_precision((enum did_match)r->did_match, r->did.text);
}

static uint64_t is_timed(const struct did_route *r)
{
	return (!zk_uuid_is_zero(&r->package) && !r->split) || did_span_says(&r->span);
}

int did_route_compare(const struct did_route *a, const struct did_route *b, const char **why)
{
	const struct {
		const char *name;
		int order;
	} steps[] = {
		{"priority", larger_first((uint64_t)(uint32_t)a->priority, (uint64_t)(uint32_t)b->priority)},
		{"did_match", larger_first(did_kind_rank(a), did_kind_rank(b))},
		{"did_precision", larger_first(did_precision_of(a), did_precision_of(b))},
		{"caller_match", larger_first(caller_kind_rank(a), caller_kind_rank(b))},
		{"caller_precision", larger_first(did_precision((enum did_match)a->caller_match, a->caller),
						  did_precision((enum did_match)b->caller_match, b->caller))},
		{"trunk", larger_first(!zk_uuid_is_zero(&a->trunk), !zk_uuid_is_zero(&b->trunk))},
		{"time", larger_first(is_timed(a), is_timed(b))},
	};
	for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++)
		if (steps[i].order) {
			*why = steps[i].name;
			return steps[i].order;
		}
	*why = "older";
	return zk_uuid_cmp(&a->rec.id, &b->rec.id);
}

/* The routes of one key, and the best so far. */
static const struct did_route *better(const struct did_call *c, const void *did, size_t len, bool by_id,
				      const struct did_route *best)
{
	uint64_t lengths = did_heads_callers(&c->number->tenant, by_id ? DID_BY_ID : len);
	size_t most = strlen(c->caller);
	const char *why;
	for (size_t n = 0; n <= most; n++) {
		struct zk_iter it;
		if (!(lengths >> n & 1))
			continue;
		const struct did_route *r =
			zk_first(c->maps[DID_ROUTE], did_hash_route(&c->number->tenant, did, len, c->caller, n), &it);
		for (; r; r = zk_next(&it))
			if ((!best || did_route_compare(r, best, &why) < 0) && !did_route_against(c, r))
				best = r;
	}
	return best;
}

const struct did_route *did_route_choose(const struct did_call *c)
{
	size_t len = strlen(c->called);
	uint64_t lengths = did_heads_dids(&c->number->tenant);
	const struct did_route *best = better(c, c->number->rec.id.b, sizeof c->number->rec.id.b, true, NULL);
	for (unsigned i = 0; i < c->group_count; i++)
		best = better(c, c->groups[i].b, sizeof c->groups[i].b, true, best);
	for (size_t n = 0; n <= len; n++)
		if (lengths >> n & 1)
			best = better(c, c->called, n, false, best);
	return best;
}

static void take_route(struct did_hit *hit, const struct did_call *c, const struct did_route *r)
{
	hit->route = r->rec.id;
	hit->by = DID_BY_ROUTE;
	hit->dest = r->work;
	if (!r->split)
		return;
	hit->segment = c->holiday ? DID_ON_HOLIDAY : package_works(c, &r->package) ? DID_WORKING : DID_OFF_DUTY;
	if (hit->segment == DID_ON_HOLIDAY && r->holiday.kind)
		hit->dest = r->holiday;
	else if (hit->segment != DID_WORKING)
		hit->dest = r->off;
}

static void take_number(struct did_hit *hit, const struct did_number *n)
{
	bool extension = !zk_uuid_is_zero(&n->extension);
	hit->by = DID_BY_NUMBER;
	hit->dest.kind = extension ? DID_TO_EXTENSION : DID_TO_ACCOUNT;
	memcpy(hit->dest.raw, extension ? n->extension.b : n->account.b, sizeof n->account.b);
}

struct search {
	const struct did_query *q;
	struct did_hit *hit;
	enum did_result result;
};

static void find_h(struct zk_map *const *maps, void *arg)
{
	struct search *s = arg;
	struct did_hit *hit = s->hit;
	struct did_call c;
	*hit = (struct did_hit){0};
	s->result = did_call_make(&c, maps, s->q);
	if (s->result)
		return;
	const struct did_route *r = did_route_choose(&c);
	const struct did_binding *b = did_binding_choose(&c);
	if (r)
		take_route(hit, &c, r);
	else if (!zk_uuid_is_zero(&c.number->extension) || !zk_uuid_is_zero(&c.number->account))
		take_number(hit, c.number);
	else if (c.tenant->fallback.kind) {
		hit->dest = c.tenant->fallback;
		hit->by = DID_BY_DEFAULT;
	} else
		s->result = DID_NO_DESTINATION;
	hit->tenant = c.number->tenant;
	hit->number_id = c.number->rec.id;
	hit->trunk = c.trunk;
	hit->vip = c.number->vip;
	zk_copy(hit->number, sizeof hit->number, c.number->number, strnlen(c.number->number, sizeof hit->number - 1));
	if (b) {
		hit->binding = b->rec.id;
		hit->binding_target = b->target;
		hit->binding_default = b->kind == DID_BIND_DEFAULT;
		zk_copy(hit->binding_kind, sizeof hit->binding_kind, b->target_kind,
			strnlen(b->target_kind, sizeof hit->binding_kind - 1));
	}
}

enum did_result did_find(struct zk_store *store, const struct did_query *q, struct did_hit *hit)
{
	struct search s = {q, hit, DID_NO_NUMBER};
	if (zk_read(store, find_h, &s))
		return DID_NO_NUMBER;
	return s.result;
}
