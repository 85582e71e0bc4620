#include "bl_people.h"
#include <string.h>

enum { MAP_EXTENSION, MAP_AGENT, MAP_MEMBER, MAP_SWITCH, MAPS };

struct person { /* an extension by its own id, an agent by its extension's; a member of a trunk group by its trunk's */
	struct zk_rec rec;
	struct zk_uuid extension, account, group;
};
struct switches { /* of a tenant that has one off, by its id */
	struct zk_rec rec;
	bool in_off, out_off;
};

const struct zk_table bl_people_tables[BL_PEOPLE_TABLES] = {
	[BL_TABLE_EXTENSION] = {"extension", "account_id", 1},
	[BL_TABLE_AGENT] = {"agent", "extension_id, account_id, group_id", 3},
	[BL_TABLE_MEMBER] = {"trunk_member", "trunk_id, group_id", 2},
	[BL_TABLE_SETTING] = {"setting", "inbound_blacklist, outbound_blacklist", 2},
};

int bl_people_alloc(struct zk_store **sp)
{
	static const size_t sizes[MAPS] = {sizeof(struct person), sizeof(struct person), sizeof(struct person),
					   sizeof(struct switches)};
	return zk_store_alloc(sp, sizes, MAPS);
}

static uint64_t hash(const struct zk_uuid *id)
{
	return zk_hash(id->b, sizeof id->b, "", 0);
}

static int sink_begin(const size_t *rows, bool anew, void *arg)
{
	return zk_write_begin(arg, rows, anew);
}

static void read_uuid(struct zk_uuid *u, const char *text)
{
	if (!text || !zk_uuid_parse(u, text))
		*u = (struct zk_uuid){{0}};
}

/* Rows that say nothing are not kept: most extensions belong to nobody, most switches are on. */
static void put_person(struct zk_store *s, unsigned map, struct person *p)
{
	if (zk_uuid_is_zero(&p->extension) || (zk_uuid_is_zero(&p->account) && zk_uuid_is_zero(&p->group))) {
		zk_del(s, map, &p->rec.id);
		return;
	}
	p->rec.hash = hash(&p->extension);
	zk_put(s, map, p);
}

static void sink_row(unsigned table, const struct zk_uuid *id, const char *const *f, void *arg)
{
	struct person p = {.rec = {.id = *id}};
	struct switches w = {.rec = {.id = *id}};
	if (table == BL_TABLE_EXTENSION && f) {
		p.extension = *id;
		read_uuid(&p.account, f[0]);
	} else if (table == BL_TABLE_AGENT && f) {
		read_uuid(&p.extension, f[0]);
		read_uuid(&p.account, f[1]);
		read_uuid(&p.group, f[2]);
	} else if (table == BL_TABLE_MEMBER && f) {
		read_uuid(&p.extension, f[0]);
		read_uuid(&p.group, f[1]);
	}
	if (table != BL_TABLE_SETTING) {
		put_person(arg, (unsigned)table, &p); /* the maps are in the tables' order */
		return;
	}
	w.in_off = f && f[0] && f[0][0] == 'f';
	w.out_off = f && f[1] && f[1][0] == 'f';
	w.rec.hash = hash(id);
	if (w.in_off || w.out_off)
		zk_put(arg, MAP_SWITCH, &w);
	else
		zk_del(arg, MAP_SWITCH, id);
}

static int sink_end(void *arg)
{
	return zk_write_end(arg);
}

struct zk_sink bl_people_sink(struct zk_store *s)
{
	return (struct zk_sink){sink_begin, sink_row, sink_end, s};
}

struct asking {
	enum bl_scope scope;
	const struct zk_uuid *id;
	struct bl_query *q;
	unsigned before;
};

static void add(struct bl_query *q, enum bl_scope scope, const struct zk_uuid *ref)
{
	for (unsigned i = 0; i < q->n; i++)
		if (q->at[i].scope == scope && !zk_uuid_cmp(&q->at[i].ref, ref))
			return;
	if (!zk_uuid_is_zero(ref) && q->n < sizeof q->at / sizeof *q->at)
		q->at[q->n++] = (struct bl_at){scope, *ref};
}

static void scopes_h(struct zk_map *const *maps, void *arg)
{
	struct asking *a = arg;
	struct zk_iter it;
	a->q->n = a->before;
	add(a->q, a->scope, a->id);
	for (unsigned m = MAP_EXTENSION; m <= MAP_MEMBER; m++) {
		if ((m == MAP_MEMBER) != (a->scope == BL_TRUNK) || !zk_count(maps[m]))
			continue;
		for (const struct person *p = zk_first(maps[m], hash(a->id), &it); p; p = zk_next(&it)) {
			if (zk_uuid_cmp(&p->extension, a->id))
				continue;
			add(a->q, BL_ACCOUNT, &p->account);
			add(a->q, m == MAP_MEMBER ? BL_TRUNK_GROUP : BL_AGENT_GROUP, &p->group);
		}
	}
}

void bl_people_scopes(struct zk_store *s, enum bl_scope scope, const struct zk_uuid *id, struct bl_query *q)
{
	struct asking a = {scope, id, q, q->n};
	if (zk_is_empty(s))
		add(q, scope, id);
	else
		(void)zk_read(s, scopes_h, &a);
}

struct switch_asked {
	const struct zk_uuid *tenant;
	enum bl_direction d;
	bool on;
};

static void switch_h(struct zk_map *const *maps, void *arg)
{
	struct switch_asked *a = arg;
	const struct switches *w = zk_by_id(maps[MAP_SWITCH], a->tenant);
	a->on = !w || !(a->d == BL_IN ? w->in_off : w->out_off);
}

bool bl_people_switch(struct zk_store *s, const struct zk_uuid *tenant, enum bl_direction d)
{
	struct switch_asked a = {tenant, d, true};
	return zk_is_empty(s) || zk_read(s, switch_h, &a) || a.on;
}
