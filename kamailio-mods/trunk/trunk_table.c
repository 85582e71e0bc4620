#include "trunk_table.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The order of columns is that of the decoders below. Passwords come here and nowhere else. */
const struct zk_table trunk_tables[TRUNK_MAPS] = {
	[TRUNK_TENANT] = {"tenant", "kind, enabled, own_callers, time_zone", 4},
	[TRUNK_TRUNK] =
		{"trunk",
		 "tenant_id, identifier, host, port, host_priority, host_weight, type, transport, username, password, "
		 "expires_s, timeout_s, max_calls, max_cps, caller_number, caller_name, force_caller, own_callers, "
		 "force_rate, cascade_id, cascade_host, failure_codes, disable_after, sip_headers, dial_string, "
		 "area_code, long_distance, fixed_prefix, probe_s, package_id, enabled, template_details, details, "
		 "tls_name, "
		 "certificate_id, line",
		 36},
	[TRUNK_HOST] = {"trunk_host", "trunk_id, host, port, priority, weight, enabled, line", 7},
	[TRUNK_GROUP] = {"trunk_group", "tenant_id, strategy", 2},
	[TRUNK_MEMBER] = {"trunk_member", "group_id, trunk_id, priority", 3},
	[TRUNK_RULE] = {"trunk_rule",
			"tenant_id, trunk_id, group_id, attribute, match, prefix, area, length, strip, add", 10},
	[TRUNK_NUMBER] = {"trunk_number",
			  "tenant_id, trunk_id, full_number, caller_name, max_calls, call_type, enabled", 7},
	[TRUNK_POOL] = {"number_pool", "tenant_id, rotation, numbers, enabled", 4},
	[TRUNK_EMERGENCY] = {"emergency_number", "tenant_id, number", 2},
	[TRUNK_CALLER_RULE] = {"caller_rule",
			       "tenant_id, trunk_id, caller_prefix, called_prefix, length, action, strip, add, number, "
			       "enabled",
			       10},
	[TRUNK_RATE] = {"extension_rate",
			"tenant_id, account_group_id, trunk_id, prefix, length, enabled, connection_price, initial_s, "
			"price, increment_s",
			10},
	[TRUNK_AREA] = {"number_attribution", "tenant_id, prefix, area_code, province, city", 5},
	[TRUNK_OWN] = {"number", "tenant_id, number", 2},
	[TRUNK_GUARD] = {"toll_guard",
			 "tenant_id, by_carrier, subject, coalesce(extension_id, account_id), "
			 "array_to_string(allowed, ','), array_to_string(barred, ','), home, calls_hour, calls_day, "
			 "spend_hour, spend_day, abroad, night_from, night_until, night_calls_hour, night_spend_hour, "
			 "night_abroad, max_call_s, warn_percent, at_limit, enabled",
			 21},
	[TRUNK_CERT] = {"carrier_certificate", "authorities, certificate, private_key", 3},
};

int trunk_store_alloc(struct zk_store **sp)
{
	static const size_t sizes[TRUNK_MAPS] = {
		[TRUNK_TENANT] = sizeof(struct trunk_tenant),
		[TRUNK_TRUNK] = sizeof(struct trunk_trunk),
		[TRUNK_HOST] = sizeof(struct trunk_host),
		[TRUNK_GROUP] = sizeof(struct trunk_group),
		[TRUNK_MEMBER] = sizeof(struct trunk_member),
		[TRUNK_RULE] = sizeof(struct trunk_rule),
		[TRUNK_NUMBER] = sizeof(struct trunk_number),
		[TRUNK_POOL] = sizeof(struct trunk_pool),
		[TRUNK_EMERGENCY] = sizeof(struct trunk_emergency),
		[TRUNK_CALLER_RULE] = sizeof(struct trunk_caller_rule),
		[TRUNK_RATE] = sizeof(struct trunk_rate),
		[TRUNK_AREA] = sizeof(struct trunk_area),
		[TRUNK_OWN] = sizeof(struct trunk_own),
		[TRUNK_GUARD] = sizeof(struct trunk_guard_row),
		[TRUNK_CERT] = sizeof(struct trunk_cert),
	};
	return zk_store_alloc(sp, sizes, TRUNK_MAPS);
}

uint64_t trunk_id_hash(const struct zk_uuid *id)
{
	return zk_hash(id->b, sizeof id->b, "", 0);
}

uint64_t trunk_guard_hash(const struct zk_uuid *tenant, enum trunk_subject subject, const struct zk_uuid *id)
{
	char key[sizeof id->b + 1];
	key[0] = (char)('0' + subject);
	memcpy(key + 1, id->b, sizeof id->b);
	return zk_hash(tenant->b, sizeof tenant->b, key, sizeof key);
}

uint64_t trunk_text_hash(const char *text)
{
	return zk_hash(NULL, 0, text, strlen(text));
}

static bool is_true(const char *text)
{
	return text && text[0] == 't';
}

static int number_of(const char *text, int absent)
{
	return text ? atoi(text) : absent;
}

/* NULL is "". What does not fit the schema refuses; here it is cut. */
static void take(char *out, size_t size, const char *text)
{
	(void)zk_copy(out, size, text ? text : "", text ? strlen(text) : 0);
}
#define TAKE(array, text) take((array), sizeof(array), (text))

static void take_prefix(char out[ZK_NUMBER_MAX], const char *text)
{
	take(out, ZK_NUMBER_MAX, text && strcmp(text, "default") ? text : "");
}

static void take_id(struct zk_uuid *id, const char *text)
{
	if (!text || !zk_uuid_parse(id, text))
		*id = (struct zk_uuid){{0}};
}

unsigned trunk_parse_codes(uint16_t *out, unsigned max, const char *array)
{
	unsigned n = 0;
	for (const char *s = array; s && *s && n < max; s++)
		if (*s >= '0' && *s <= '9') {
			char *end;
			out[n++] = (uint16_t)strtoul(s, &end, 10);
			s = end - 1;
		}
	return n;
}

#define MONEY_MAX 1e12 /* a million of a currency: no sum of such leaves 64 bits */
static int64_t money_of(const char *text, int64_t absent)
{
	double millionths = text ? strtod(text, NULL) * 1e6 + 0.5 : (double)absent;
	return (int64_t)(millionths < MONEY_MAX ? millionths : MONEY_MAX);
}

static int name_of(const char *const *names, const char *text)
{
	for (int i = 0; text && names[i]; i++)
		if (!strcmp(names[i], text))
			return i;
	return 0;
}

/* `key=value` lines: the template's first, then the trunk's own, which win. */
static void take_details(struct trunk_trunk *t, const char *lines)
{
	while (lines && *lines) {
		char key[16] = "", value[101] = "";
		size_t len = strcspn(lines, "\r\n");
		char line[160] = "";
		(void)zk_copy(line, sizeof line, lines, len);
		lines += len + strspn(lines + len, "\r\n");
		if (sscanf(line, " %15[a-z] = %100[^ \t]", key, value) != 2)
			continue;
		if (!strcmp(key, "fromuser"))
			TAKE(t->from_user, value);
		else if (!strcmp(key, "fromdomain"))
			TAKE(t->from_domain, value);
		else if (!strcmp(key, "user"))
			t->user_phone = !strcmp(value, "phone");
		else if (!strcmp(key, "identity"))
			t->no_identity = !strcmp(value, "none");
	}
}

static bool decode_trunk(struct trunk_trunk *t, const char *const *f)
{
	unsigned n;
	take_id(&t->tenant, f[0]);
	TAKE(t->identifier, f[1]);
	TAKE(t->host, f[2]);
	t->port = number_of(f[3], 5060);
	t->priority = number_of(f[4], 100);
	t->weight = number_of(f[5], 1);
	t->registers = f[6] && !strcmp(f[6], "registration");
	t->tcp = f[7] && !strcmp(f[7], "tcp");
	t->tls = f[7] && !strcmp(f[7], "tls");
	TAKE(t->username, f[8]);
	TAKE(t->password, f[9]);
	t->expires_s = number_of(f[10], 300);
	t->timeout_s = number_of(f[11], 45);
	t->max_calls = number_of(f[12], -1);
	t->max_cps = number_of(f[13], -1);
	TAKE(t->caller_number, f[14]);
	TAKE(t->caller_name, f[15]);
	t->force_caller = is_true(f[16]);
	t->own_callers = is_true(f[17]);
	t->force_rate = is_true(f[18]);
	take_id(&t->cascade, f[19]);
	TAKE(t->cascade_host, f[20]);
	n = trunk_parse_codes(t->codes, TRUNK_CODES_MAX, f[21]);
	while (n < TRUNK_CODES_MAX)
		t->codes[n++] = 0;
	t->disable_after = number_of(f[22], 0);
	TAKE(t->headers, f[23]);
	TAKE(t->dial_string, f[24]);
	TAKE(t->area_code, f[25]);
	TAKE(t->long_distance, f[26]);
	TAKE(t->prefix, f[27]);
	t->probe_s = number_of(f[28], 30);
	take_id(&t->package, f[29]);
	t->enabled = is_true(f[30]);
	take_details(t, f[31]);
	take_details(t, f[32]);
	TAKE(t->tls_name, f[33]);
	take_id(&t->cert, f[34]);
	t->line = number_of(f[35], 0);
	t->rec.hash = trunk_text_hash(t->identifier);
	return f[0] && f[1] && f[2];
}

static bool decode_tenant(struct trunk_tenant *t, const char *const *f)
{
	t->carrier = f[0] && !strcmp(f[0], "carrier");
	t->enabled = is_true(f[1]);
	t->own_callers = is_true(f[2]);
	const struct did_zone *zone = f[3] ? did_zone_find(f[3]) : NULL;
	if (zone)
		t->zone = *zone;
	t->rec.hash = t->carrier ? trunk_text_hash(TRUNK_CARRIER) : trunk_id_hash(&t->rec.id);
	return true;
}

static bool decode_host(struct trunk_host *h, const char *const *f)
{
	take_id(&h->trunk, f[0]);
	TAKE(h->host, f[1]);
	h->port = number_of(f[2], 5060);
	h->priority = number_of(f[3], 50);
	h->weight = number_of(f[4], 1);
	h->enabled = is_true(f[5]);
	h->line = number_of(f[6], 0);
	h->rec.hash = trunk_id_hash(&h->trunk);
	return f[0] && f[1];
}

static bool decode_group(struct trunk_group *g, const char *const *f)
{
	static const char *const names[] = {"sequential", "random", "round_robin", NULL};
	take_id(&g->tenant, f[0]);
	g->strategy = (enum trunk_strategy)name_of(names, f[1]);
	g->rec.hash = trunk_id_hash(&g->rec.id);
	return f[0] != NULL;
}

static bool decode_member(struct trunk_member *m, const char *const *f)
{
	take_id(&m->group, f[0]);
	take_id(&m->trunk, f[1]);
	m->priority = number_of(f[2], 0);
	m->rec.hash = trunk_id_hash(&m->group);
	return f[0] && f[1];
}

static bool decode_rule(struct trunk_rule *r, const char *const *f)
{
	static const char *const names[] = {"allow", "disabled", "forbid", NULL};
	take_id(&r->tenant, f[0]);
	take_id(&r->trunk, f[1]);
	take_id(&r->group, f[2]);
	r->attribute = (enum trunk_attribute)name_of(names, f[3]);
	r->by_area = f[4] && !strcmp(f[4], "area");
	take_prefix(r->prefix, f[5]);
	TAKE(r->area, f[6]);
	r->length = number_of(f[7], 0);
	TAKE(r->strip, f[8]);
	TAKE(r->add, f[9]);
	r->rec.hash = trunk_id_hash(&r->trunk);
	return f[0] && f[1];
}

static bool decode_number(struct trunk_number *n, const char *const *f)
{
	take_id(&n->tenant, f[0]);
	take_id(&n->trunk, f[1]);
	TAKE(n->number, f[2]);
	TAKE(n->name, f[3]);
	n->max_calls = number_of(f[4], -1);
	n->out = f[5] && strcmp(f[5], "in") != 0;
	n->enabled = is_true(f[6]);
	n->rec.hash = trunk_text_hash(n->number);
	return f[0] && f[2];
}

static bool decode_pool(struct trunk_pool *p, const char *const *f)
{
	static const char *const names[] = {"round_robin", "random", "least_used", NULL};
	take_id(&p->tenant, f[0]);
	p->rotation = (enum trunk_rotation)name_of(names, f[1]);
	p->n = 0;
	for (const char *s = f[2]; s && *s && p->n < TRUNK_POOL_MAX; s++) {
		char id[ZK_UUID_TEXT];
		if (*s == '{' || *s == ',' || *s == '}')
			continue;
		if (zk_copy(id, sizeof id, s, strcspn(s, ",}")) && zk_uuid_parse(&p->numbers[p->n], id))
			p->n++;
		s += strcspn(s, ",}") - 1;
	}
	p->enabled = is_true(f[3]);
	p->rec.hash = trunk_id_hash(&p->rec.id);
	return f[0] != NULL;
}

static bool decode_emergency(struct trunk_emergency *e, const char *const *f)
{
	take_id(&e->tenant, f[0]);
	TAKE(e->number, f[1]);
	e->rec.hash = trunk_text_hash(e->number);
	return f[0] && f[1];
}

static bool decode_caller_rule(struct trunk_caller_rule *r, const char *const *f)
{
	static const char *const names[] = {"rewrite", "replace", "anonymous", "forbid", NULL};
	take_id(&r->tenant, f[0]);
	take_id(&r->trunk, f[1]);
	take_prefix(r->caller_prefix, f[2]);
	take_prefix(r->called_prefix, f[3]);
	r->length = number_of(f[4], 0);
	r->action = (enum trunk_action)name_of(names, f[5]);
	TAKE(r->strip, f[6]);
	TAKE(r->add, f[7]);
	TAKE(r->number, f[8]);
	r->enabled = is_true(f[9]);
	r->rec.hash = trunk_id_hash(&r->tenant);
	return f[0] != NULL;
}

static bool decode_rate(struct trunk_rate *r, const char *const *f)
{
	take_id(&r->owner, f[1] ? f[1] : f[0]);
	take_id(&r->trunk, f[2]);
	take_prefix(r->prefix, f[3]);
	r->length = number_of(f[4], 0);
	r->enabled = is_true(f[5]);
	r->connection = money_of(f[6], 0);
	r->initial_s = number_of(f[7], 0);
	r->minute = money_of(f[8], 0);
	r->increment_s = number_of(f[9], 60);
	r->rec.hash = trunk_id_hash(&r->owner);
	return f[0] != NULL;
}

static bool decode_area(struct trunk_area *a, const char *const *f)
{
	take_id(&a->tenant, f[0]);
	TAKE(a->prefix, f[1]);
	TAKE(a->area_code, f[2]);
	TAKE(a->province, f[3]);
	TAKE(a->city, f[4]);
	a->rec.hash = trunk_text_hash(a->prefix);
	return f[0] && f[1];
}

static bool decode_own(struct trunk_own *o, const char *const *f)
{
	take_id(&o->tenant, f[0]);
	TAKE(o->number, f[1]);
	o->rec.hash = trunk_text_hash(o->number);
	return f[0] && f[1];
}

/* Minutes of the day of HH:MM(:SS); -1: none. */
static int minutes_of(const char *text)
{
	int h, m;
	return text && sscanf(text, "%2d:%2d", &h, &m) == 2 ? 60 * h + m : -1;
}

static bool decode_guard(struct trunk_guard_row *g, const char *const *f)
{
	static const char *const names[] = {"tenant", "extension", "account", NULL};
	take_id(&g->tenant, f[0]);
	g->by_carrier = is_true(f[1]);
	g->subject = (enum trunk_subject)name_of(names, f[2]);
	take_id(&g->id, f[3]);
	TAKE(g->allowed, f[4]);
	TAKE(g->barred, f[5]);
	TAKE(g->home, f[6] ? f[6] : "86");
	g->limit[TRUNK_CALLS_HOUR] = number_of(f[7], -1);
	g->limit[TRUNK_CALLS_DAY] = number_of(f[8], -1);
	g->limit[TRUNK_SPEND_HOUR] = money_of(f[9], -1);
	g->limit[TRUNK_SPEND_DAY] = money_of(f[10], -1);
	g->limit[TRUNK_ABROAD] = number_of(f[11], -1);
	g->night_from = minutes_of(f[12]);
	g->night_until = minutes_of(f[13]);
	g->night[TRUNK_CALLS_HOUR] = number_of(f[14], -1);
	g->night[TRUNK_SPEND_HOUR] = money_of(f[15], -1);
	g->night[TRUNK_ABROAD] = number_of(f[16], -1);
	g->night[TRUNK_CALLS_DAY] = g->night[TRUNK_SPEND_DAY] = -1;
	g->max_s = number_of(f[17], 0);
	g->warn = number_of(f[18], 80);
	g->bars = !f[19] || strcmp(f[19], "alarm") != 0;
	g->enabled = is_true(f[20]);
	g->rec.hash = trunk_guard_hash(&g->tenant, g->subject, &g->id);
	return f[0] != NULL;
}

static bool decode_cert(struct trunk_cert *c, const char *const *f)
{
	TAKE(c->authorities, f[0]);
	TAKE(c->certificate, f[1]);
	TAKE(c->key, f[2]);
	c->rec.hash = trunk_id_hash(&c->rec.id);
	return true;
}

union any {
	struct zk_rec rec;
	struct trunk_tenant tenant;
	struct trunk_trunk trunk;
	struct trunk_host host;
	struct trunk_group group;
	struct trunk_member member;
	struct trunk_rule rule;
	struct trunk_number number;
	struct trunk_pool pool;
	struct trunk_emergency emergency;
	struct trunk_caller_rule caller_rule;
	struct trunk_rate rate;
	struct trunk_area area;
	struct trunk_own own;
	struct trunk_guard_row guard;
	struct trunk_cert cert;
};

static bool decode(unsigned table, union any *u, const char *const *f)
{
	switch ((enum trunk_map)table) {
	case TRUNK_TENANT:
		return decode_tenant(&u->tenant, f);
	case TRUNK_TRUNK:
		return decode_trunk(&u->trunk, f);
	case TRUNK_HOST:
		return decode_host(&u->host, f);
	case TRUNK_GROUP:
		return decode_group(&u->group, f);
	case TRUNK_MEMBER:
		return decode_member(&u->member, f);
	case TRUNK_RULE:
		return decode_rule(&u->rule, f);
	case TRUNK_NUMBER:
		return decode_number(&u->number, f);
	case TRUNK_POOL:
		return decode_pool(&u->pool, f);
	case TRUNK_EMERGENCY:
		return decode_emergency(&u->emergency, f);
	case TRUNK_CALLER_RULE:
		return decode_caller_rule(&u->caller_rule, f);
	case TRUNK_RATE:
		return decode_rate(&u->rate, f);
	case TRUNK_AREA:
		return decode_area(&u->area, f);
	case TRUNK_OWN:
		return decode_own(&u->own, f);
	case TRUNK_GUARD:
		return decode_guard(&u->guard, f);
	case TRUNK_CERT:
		return decode_cert(&u->cert, f);
	case TRUNK_MAPS:
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
	static union any u; /* the module's one process writes; too large for a stack to be pretty */
	memset(&u, 0, sizeof u);
	u.rec.id = *id;
	if (fields && decode(table, &u, fields))
		zk_put(arg, table, &u);
	else
		zk_del(arg, table, id);
}

static int sink_end(void *arg)
{
	return zk_write_end(arg);
}

struct zk_sink trunk_sink(struct zk_store *store)
{
	return (struct zk_sink){sink_begin, sink_row, sink_end, store};
}
