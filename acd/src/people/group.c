/* Ring groups as they are configured, and whom one of their calls rings. */
#include "people/group.h"
#include "call/call.h"
#include "core/events.h"
#include "people/extension.h"
#include "zj_obj.h"
#include <stdlib.h>
#include <string.h>

static struct acd_group *usable(struct acd_group *g)
{
	return g && g->enabled ? g : NULL;
}

struct acd_group *acd_group_find(const struct acd_tenant *t, const char *id)
{
	struct acd_group *g = NULL;

	HASH_FIND_STR(t->groups, id, g);
	return usable(g);
}

struct acd_group *acd_group_by_number(const struct acd_tenant *t, const char *number)
{
	struct acd_group *g = NULL;

	HASH_FIND(by_number, t->groups_by_number, number, strlen(number), g);
	return usable(g);
}

static void fill(struct acd_group *g, const json_t *row)
{
	ACD_COPY(g->number, acd_str(row, "number"));
	ACD_COPY(g->name, acd_str(row, "name"));
	ACD_COPY(g->music_id, acd_str(row, "music_id"));
	ACD_COPY(g->music_class_id, acd_str(row, "music_class_id"));
	ACD_COPY(g->prompt_id, acd_str(row, "prompt_id"));
	ACD_COPY(g->number_prefix, acd_str(row, "number_prefix"));
	ACD_COPY(g->name_prefix, acd_str(row, "name_prefix"));
	acd_dest_read(&g->failure, row, "destination");
	g->hunt = acd_hunt_parse(acd_str(row, "strategy"), ACD_HUNT_ALL);
	g->ring_us = acd_int(row, "ring_time_s", 60) * ACD_S;
	g->turn_us = acd_int(row, "turn_s", 15) * ACD_S;
	g->recent_first = json_is_true(json_object_get(row, "recent_first"));
	g->enabled = json_is_true(json_object_get(row, "enabled"));
}

void acd_group_row(struct acd_tenant *t, const char *id, const json_t *row)
{
	struct acd_group *g = NULL;

	HASH_FIND_STR(t->groups, id, g);
	if (!g && row) {
		g = zj_alloc(sizeof(*g), NULL);
		if (!g)
			return;
		ACD_COPY(g->id, id);
		g->tenant = t;
		HASH_ADD_STR(t->groups, id, g);
	}
	if (!g)
		return;
	if (g->number[0]) {
		HASH_DELETE(by_number, t->groups_by_number, g);
		g->number[0] = 0;
	}
	g->enabled = false; /* a deleted one: its calls go on, none is begun */
	if (!row)
		return;
	fill(g, row);
	if (g->number[0])
		HASH_ADD(by_number, t->groups_by_number, number, strlen(g->number), g);
}

void acd_group_member_row(struct acd_tenant *t, const char *id, const json_t *row)
{
	struct acd_group_member *m;

	HASH_FIND_STR(t->group_members, id, m);
	if (m) {
		HASH_DEL(t->group_members, m);
		zj_deref(m);
	}
	m = row ? zj_alloc(sizeof(*m), NULL) : NULL;
	if (!m)
		return;
	ACD_COPY(m->id, id);
	ACD_COPY(m->group_id, acd_str(row, "group_id"));
	ACD_COPY(m->extension_id, acd_str(row, "extension_id"));
	m->priority = acd_int(row, "priority", 5);
	m->position = acd_int(row, "position", 0);
	HASH_ADD_STR(t->group_members, id, m);
}

/* Higher priority, then position, then as they were added (ids are in the order of time). */
static int member_cmp(const void *x, const void *y)
{
	const struct acd_group_member *a = *(const struct acd_group_member *const *)x,
				      *b = *(const struct acd_group_member *const *)y;

	if (a->priority != b->priority)
		return a->priority > b->priority ? -1 : 1;
	if (a->position != b->position)
		return a->position < b->position ? -1 : 1;
	return strcmp(a->id, b->id);
}

static void put_first(struct acd_hunting *h, const char *extension)
{
	for (unsigned i = 0; i < h->n; i++)
		if (!strcmp(h->order[i], extension)) {
			memmove(h->order[1], h->order[0], sizeof(h->order[0]) * i);
			ACD_COPY(h->order[0], extension);
			h->first = true;
			return;
		}
}

static void rotate(struct acd_hunting *h, int64_t by)
{
	char turned[ACD_HUNT_MAX][ZJ_UUID_SIZE];

	for (unsigned i = 0; i < h->n; i++)
		memcpy(turned[i], h->order[((uint64_t)by + i) % h->n], sizeof(turned[i]));
	memcpy(h->order, turned, sizeof(turned[0]) * h->n);
}

void acd_group_order(struct acd_group *g, const struct acd_call *call, struct acd_hunting *h)
{
	const struct acd_group_member *found[ACD_HUNT_MAX];
	struct acd_group_member *m, *next;
	size_t n = 0;

	HASH_ITER (hh, g->tenant->group_members, m, next)
		if (n < ACD_HUNT_MAX && !strcmp(m->group_id, g->id) && acd_extension_find(g->tenant, m->extension_id))
			found[n++] = m;
	qsort(found, n, sizeof(found[0]), member_cmp);
	for (size_t i = 0; i < n; i++)
		ACD_COPY(h->order[i], found[i]->extension_id);
	h->n = (unsigned)n;
	if (g->hunt == ACD_HUNT_ROUND_ROBIN && n)
		rotate(h, g->turns);
	g->turns++;
	acd_touch(g->tenant);
	g->tenant->acd->fx.state(g->tenant->id, ACD_KIND_GROUP, g->id, acd_group_save(g), g->tenant->acd->fx_arg);
	if (g->recent_first)
		put_first(h, acd_recent_of(g->tenant, call->caller));
}

json_t *acd_group_save(const struct acd_group *g)
{
	return json_pack("{s:I}", "turns", (json_int_t)g->turns);
}

void acd_group_load(struct acd_group *g, const json_t *o)
{
	g->turns = acd_int(o, "turns", 0);
}

/* ---- recent calls ---- */
static void forget(struct acd_tenant *t, struct acd_recent *r)
{
	t->acd->fx.state(t->id, ACD_KIND_RECENT, r->caller, NULL, t->acd->fx_arg);
	HASH_DEL(t->recent, r);
	zj_deref(r);
}

static struct acd_recent *note(struct acd_tenant *t, const char *caller, const char *extension, int64_t at)
{
	struct acd_recent *r;

	HASH_FIND_STR(t->recent, caller, r);
	if (r)
		HASH_DEL(t->recent, r);
	else
		r = zj_alloc(sizeof(*r), NULL);
	if (!r)
		return NULL;
	ACD_COPY(r->caller, caller);
	ACD_COPY(r->extension, extension);
	r->at = at;
	HASH_ADD_STR(t->recent, caller, r); /* uthash keeps the order: it is the youngest again */
	return r;
}

void acd_recent_note(struct acd_tenant *t, const char *caller, const struct acd_extension *e)
{
	struct acd_recent *r;

	if (!caller[0] || !HASH_COUNT(t->groups)) /* nobody would ask */
		return;
	r = note(t, caller, e->id, t->acd->now);
	if (!r)
		return;
	acd_touch(t);
	t->acd->fx.state(t->id, ACD_KIND_RECENT, caller, acd_recent_save(r), t->acd->fx_arg);
	while (t->recent && (HASH_COUNT(t->recent) > ACD_RECENT_MAX || t->recent->at < t->acd->now - ACD_RECENT_US))
		forget(t, t->recent);
}

const char *acd_recent_of(const struct acd_tenant *t, const char *caller)
{
	struct acd_recent *r = NULL;

	HASH_FIND_STR(t->recent, caller, r);
	return r && r->at >= t->acd->now - ACD_RECENT_US ? r->extension : "";
}

json_t *acd_recent_save(const struct acd_recent *r)
{
	return json_pack("{s:s, s:I}", "extension", r->extension, "at", (json_int_t)r->at);
}

static int older_first(const struct acd_recent *a, const struct acd_recent *b)
{
	return a->at < b->at ? -1 : a->at > b->at;
}

void acd_recent_load(struct acd_tenant *t, const char *caller, const json_t *o)
{
	if (note(t, caller, acd_str(o, "extension"), acd_int(o, "at", 0)))
		HASH_SORT(t->recent, older_first);
}

#define FREE_ALL(set, type)                                                                                            \
	do {                                                                                                           \
		type *x, *next; /* NOLINT(bugprone-macro-parentheses): a type */                                       \
		HASH_ITER (hh, set, x, next) {                                                                         \
			HASH_DEL(set, x);                                                                              \
			zj_deref(x);                                                                                   \
		}                                                                                                      \
	} while (0)

void acd_groups_free(struct acd_tenant *t)
{
	HASH_CLEAR(by_number, t->groups_by_number);
	FREE_ALL(t->groups, struct acd_group);
	FREE_ALL(t->group_members, struct acd_group_member);
	FREE_ALL(t->recent, struct acd_recent);
	FREE_ALL(t->shortcuts, struct acd_code);
	FREE_ALL(t->hot_keys, struct acd_code);
	FREE_ALL(t->applications, struct acd_code);
	FREE_ALL(t->account_groups, struct acd_pair);
}
