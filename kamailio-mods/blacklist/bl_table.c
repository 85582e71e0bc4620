#include "bl_table.h"
#include <stdlib.h>
#include <string.h>

const struct zk_table bl_tables[BL_TABLES] = {
	[BL_TABLE_TENANT] = {"tenant", "kind", 1},
	[BL_TABLE_BLACKLIST] =
		{"blacklist",
		 "tenant_id, number, match, colour, direction, result_code, "
		 "ceil(extract(epoch from valid_from))::bigint, ceil(extract(epoch from valid_until))::bigint",
		 8},
};

int bl_store_alloc(struct zk_store **sp)
{
	static const size_t sizes[BL_MAPS] = {sizeof(struct bl_tenant), sizeof(struct bl_rule), sizeof(struct bl_rule)};
	return zk_store_alloc(sp, sizes, BL_MAPS);
}

/* Only the carrier's row is kept in BL_TENANT, under one key: whose rules apply to everybody. */
static uint64_t carrier_hash(void)
{
	return zk_hash(NULL, 0, "carrier", 7);
}

static uint64_t white_hash(const struct zk_uuid *tenant)
{
	return zk_hash(tenant->b, sizeof tenant->b, "", 0);
}

static uint64_t rule_hash(const struct zk_uuid *tenant, bool prefix, const char *digits, size_t len)
{
	unsigned char scope[sizeof tenant->b + 1];
	memcpy(scope, tenant->b, sizeof tenant->b);
	scope[sizeof tenant->b] = prefix;
	return zk_hash(scope, sizeof scope, digits, len);
}

static bool decode(struct bl_rule *r, const char *const *f)
{
	if (!f[0] || !f[1] || !f[2] || !f[3] || !f[4] || !f[5] || !zk_uuid_parse(&r->tenant, f[0]))
		return false;
	const char *digits = f[1][0] == '+' ? f[1] + 1 : f[1];
	if (!zk_copy(r->digits, sizeof r->digits, digits, strlen(digits)))
		return false;
	r->prefix = !strcmp(f[2], "prefix");
	r->white = !strcmp(f[3], "white");
	r->direction = !strcmp(f[4], "both") ? BL_BOTH : !strcmp(f[4], "in") ? BL_IN : BL_OUT;
	r->code = (uint16_t)atoi(f[5]);
	r->valid_from = f[6] ? strtoll(f[6], NULL, 10) : INT64_MIN;
	r->valid_until = f[7] ? strtoll(f[7], NULL, 10) : INT64_MAX;
	return true;
}

/* A white row is in two maps; few are white, so a large batch lets that map grow as it needs. */
static int sink_begin(const size_t *rows, bool anew, void *arg)
{
	size_t rules = rows[BL_TABLE_BLACKLIST];
	size_t adds[BL_MAPS] = {
		[BL_TENANT] = rows[BL_TABLE_TENANT],
		[BL_RULE] = rules,
		[BL_WHITE] = rules > ZK_IN_PLACE_MAX ? 0 : rules,
	};
	return zk_write_begin(arg, adds, anew);
}

static void put_tenant(struct zk_store *store, const struct zk_uuid *id, const char *const *fields)
{
	struct bl_tenant t = {.rec = {.id = *id, .hash = carrier_hash()}};
	if (fields && fields[0] && !strcmp(fields[0], "carrier"))
		zk_put(store, BL_TENANT, &t);
	else
		zk_del(store, BL_TENANT, id);
}

static void sink_row(unsigned table, const struct zk_uuid *id, const char *const *fields, void *arg)
{
	struct bl_rule r = {.rec = {.id = *id}};
	if (table == BL_TABLE_TENANT) {
		put_tenant(arg, id, fields);
		return;
	}
	zk_del(arg, BL_WHITE, id);
	if (!fields || !decode(&r, fields)) {
		zk_del(arg, BL_RULE, id);
		return;
	}
	r.rec.hash = rule_hash(&r.tenant, r.prefix, r.digits, strlen(r.digits));
	zk_put(arg, BL_RULE, &r);
	if (!r.white)
		return;
	r.rec.hash = white_hash(&r.tenant);
	zk_put(arg, BL_WHITE, &r);
}

static int sink_end(void *arg)
{
	return zk_write_end(arg);
}

struct zk_sink bl_sink(struct zk_store *store)
{
	return (struct zk_sink){sink_begin, sink_row, sink_end, store};
}

struct search {
	const struct bl_query *q;
	struct bl_answer *a;
	const char *digits;
	size_t len;
};

static bool in_force(const struct bl_rule *r, const struct bl_query *q)
{
	return (r->direction & q->direction) && r->valid_from <= q->now && q->now < r->valid_until;
}

/* Looks at the rules of one scope for the first `len` digits. */
static void look(struct zk_map *const *maps, struct search *s, const struct zk_uuid *scope, bool prefix, size_t len,
		 bool *white)
{
	struct zk_iter it;
	const struct bl_rule *r = zk_first(maps[BL_RULE], rule_hash(scope, prefix, s->digits, len), &it);
	for (; r; r = zk_next(&it)) {
		if (r->prefix != prefix || zk_uuid_cmp(&r->tenant, scope) ||
		    strnlen(r->digits, sizeof r->digits) != len || memcmp(r->digits, s->digits, len) != 0 ||
		    !in_force(r, s->q))
			continue;
		if (r->white)
			*white = true;
		else if (!s->a->barred)
			*s->a = (struct bl_answer){.barred = true, .code = r->code, .rule = r->rec.id, .scope = *scope};
	}
}

static bool has_white_list(struct zk_map *const *maps, const struct search *s, const struct zk_uuid *scope)
{
	struct zk_iter it;
	const struct bl_rule *r = zk_first(maps[BL_WHITE], white_hash(scope), &it);
	while (r && (zk_uuid_cmp(&r->tenant, scope) || !in_force(r, s->q)))
		r = zk_next(&it);
	return r != NULL;
}

static void check_scope(struct zk_map *const *maps, struct search *s, const struct zk_uuid *scope)
{
	bool white = false;
	look(maps, s, scope, false, s->len, &white);
	for (size_t len = s->len; len > 0 && !s->a->barred; len--)
		look(maps, s, scope, true, len, &white);
	if (!s->a->barred && !white && has_white_list(maps, s, scope))
		*s->a = (struct bl_answer){.barred = true, .code = BL_WHITE_CODE, .scope = *scope};
}

static void check_h(struct zk_map *const *maps, void *arg)
{
	struct search *s = arg;
	struct zk_iter it;
	*s->a = (struct bl_answer){0};
	check_scope(maps, s, &s->q->tenant);
	const struct bl_tenant *carrier = zk_first(maps[BL_TENANT], carrier_hash(), &it);
	if (!s->a->barred && carrier) {
		struct zk_uuid id = carrier->rec.id;
		if (zk_uuid_cmp(&id, &s->q->tenant))
			check_scope(maps, s, &id);
	}
}

/* 0, or EAGAIN as zk_read says. A caller without a number is the empty number: no rule names it, a white list bars it.
 */
int bl_check(struct zk_store *store, const struct bl_query *q, struct bl_answer *a)
{
	struct search s = {.q = q, .a = a, .digits = q->number[0] == '+' ? q->number + 1 : q->number};
	s.len = strnlen(s.digits, ZK_NUMBER_MAX - 1);
	return zk_read(store, check_h, &s);
}
