#include "edge_table.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

const struct zk_table edge_tables[EDGE_MAPS] = {
	[EDGE_TENANT] = {"tenant", "sip_domain, enabled", 2},
	[EDGE_EXTENSION] =
		{"extension",
		 "tenant_id, number, ha1, enabled, media_relay, host::text, max_contacts, account_id, blf_range, "
		 "lines->>'encryption'",
		 10},
	[EDGE_TRUNK] = {"trunk",
			"media_relay, substring(details || E'\\n' || template_details from "
			"'(?n)^\\s*encryption\\s*=\\s*([a-z]+)')",
			2},
	[EDGE_BAN] = {"ban", "what, extract(epoch from until_at)::bigint", 2},
	[EDGE_PAIR] = {"account_group_member", "account_id, group_id", 2},
};

int edge_store_alloc(struct zk_store **sp)
{
	static const size_t sizes[EDGE_MAPS] = {sizeof(struct edge_tenant), sizeof(struct edge_extension),
						sizeof(struct edge_trunk), sizeof(struct edge_ban),
						sizeof(struct edge_pair)};
	return zk_store_alloc(sp, sizes, EDGE_MAPS);
}

static uint64_t domain_hash(const char *domain)
{
	return zk_hash(NULL, 0, domain, strlen(domain));
}

static uint64_t extension_hash(const struct zk_uuid *tenant, const char *number)
{
	return zk_hash(tenant->b, sizeof tenant->b, number, strlen(number));
}

static bool copy_text(char *out, size_t size, const char *text)
{
	return text && zk_copy(out, size, text, strlen(text));
}

static bool decode_tenant(struct edge_tenant *t, const char *const *f)
{
	if (!copy_text(t->domain, sizeof t->domain, f[0]) || !f[1])
		return false;
	t->enabled = f[1][0] == 't';
	t->rec.hash = domain_hash(t->domain);
	return true;
}

static bool decode_extension(struct edge_extension *e, const char *const *f)
{
	if (!f[0] || !zk_uuid_parse(&e->tenant, f[0]) || !copy_text(e->number, sizeof e->number, f[1]) ||
	    !copy_text(e->ha1, sizeof e->ha1, f[2]) || !f[3])
		return false;
	e->enabled = f[3][0] == 't';
	e->media = edge_policy_parse(f[4]);
	e->encryption = edge_encryption_parse(f[9]);
	if (f[5] && !copy_text(e->host, sizeof e->host, f[5]))
		return false;
	e->max_contacts = f[6] ? atoi(f[6]) : 0;
	if (!f[7] || !zk_uuid_parse(&e->account, f[7]))
		e->account = (struct zk_uuid){{0}};
	e->watch = f[8] && !strcmp(f[8], "group")  ? EDGE_RANGE_GROUP
		   : f[8] && !strcmp(f[8], "none") ? EDGE_RANGE_NONE
						   : EDGE_RANGE_TEAM;
	e->rec.hash = extension_hash(&e->tenant, e->number);
	return true;
}

static bool decode_ban(struct edge_ban *b, const char *const *f)
{
	if (!f[0] || !zk_copy_lower(b->what, sizeof b->what, f[0], strlen(f[0])) || !f[1])
		return false;
	b->until = strtoll(f[1], NULL, 10);
	b->rec.hash = zk_hash(NULL, 0, b->what, strlen(b->what)) | 1;
	return true;
}

struct edge_lifted {
	_Atomic unsigned n;
	struct zk_uuid id[EDGE_LIFTED];
};
static struct edge_lifted *lifted;

int edge_lifted_alloc(struct edge_lifted **lp)
{
	*lp = zk_mem_alloc(sizeof **lp);
	if (!*lp)
		return ENOMEM;
	memset(*lp, 0, sizeof **lp);
	return 0;
}

void edge_lifted_put(struct edge_lifted *l, const struct zk_uuid *id)
{
	unsigned n = atomic_load(&l->n);
	l->id[n % EDGE_LIFTED] = *id;
	atomic_store(&l->n, n + 1);
}

bool edge_lifted_has(const struct edge_lifted *l, const struct zk_uuid *id)
{
	unsigned n = atomic_load(&l->n);
	for (unsigned i = 0; i < n && i < EDGE_LIFTED; i++)
		if (!zk_uuid_cmp(&l->id[i], id))
			return true;
	return false;
}

void edge_sink_lifted(struct edge_lifted *l)
{
	lifted = l;
}

static uint64_t account_hash(const struct zk_uuid *account)
{
	return zk_hash(account->b, sizeof account->b, "", 0) | 1;
}

static bool decode_pair(struct edge_pair *p, const char *const *f)
{
	if (!f[0] || !f[1] || !zk_uuid_parse(&p->account, f[0]) || !zk_uuid_parse(&p->group, f[1]))
		return false;
	p->rec.hash = account_hash(&p->account);
	return true;
}

static int sink_begin(const size_t *rows, bool anew, void *arg)
{
	return zk_write_begin(arg, rows, anew);
}

/* False: nothing to keep. */
static bool put(unsigned table, const struct zk_uuid *id, const char *const *fields, struct zk_store *store)
{
	struct edge_tenant t = {.rec = {.id = *id}};
	struct edge_extension e = {.rec = {.id = *id}};
	struct edge_ban b = {.rec = {.id = *id}};
	struct edge_pair p = {.rec = {.id = *id}};
	struct edge_trunk k = {.rec = {.id = *id, .hash = zk_hash(id->b, sizeof id->b, "", 0) | 1}};
	const void *row = NULL;
	if (table == EDGE_TENANT && decode_tenant(&t, fields))
		row = &t;
	else if (table == EDGE_EXTENSION && decode_extension(&e, fields))
		row = &e;
	else if (table == EDGE_BAN && decode_ban(&b, fields))
		row = &b;
	else if (table == EDGE_PAIR && decode_pair(&p, fields))
		row = &p;
	else if (table == EDGE_TRUNK)
		row = &k;
	k.media = table == EDGE_TRUNK ? edge_policy_parse(fields[0]) : EDGE_AUTO;
	k.encryption = table == EDGE_TRUNK ? edge_encryption_parse(fields[1]) : EDGE_OPTIONAL;
	if (row)
		zk_put(store, table, row);
	return row;
}

static void sink_row(unsigned table, const struct zk_uuid *id, const char *const *fields, void *arg)
{
	if (fields && put(table, id, fields, arg))
		return;
	zk_del(arg, table, id);
	if (table == EDGE_BAN && lifted)
		edge_lifted_put(lifted, id);
}

static int sink_end(void *arg)
{
	return zk_write_end(arg);
}

struct zk_sink edge_sink(struct zk_store *store)
{
	return (struct zk_sink){sink_begin, sink_row, sink_end, store};
}

struct search {
	char domain[ZK_DOMAIN_MAX], number[EDGE_NUMBER_MAX];
	struct edge_hit *hit;
	bool found;
};

static const struct edge_tenant *tenant_of(const struct zk_map *m, const char *domain)
{
	struct zk_iter it;
	const struct edge_tenant *t = zk_first(m, domain_hash(domain), &it);
	while (t && (!t->enabled || strncmp(t->domain, domain, sizeof t->domain) != 0))
		t = zk_next(&it);
	return t;
}

static void tenant_h(struct zk_map *const *maps, void *arg)
{
	struct search *s = arg;
	const struct edge_tenant *t = tenant_of(maps[EDGE_TENANT], s->domain);
	s->found = t != NULL;
	if (t)
		s->hit->tenant = t->rec.id;
}

bool edge_find_tenant(struct zk_store *store, const char *domain, size_t len, struct zk_uuid *tenant)
{
	struct edge_hit hit;
	struct search s = {.hit = &hit};
	if (!zk_copy_lower(s.domain, sizeof s.domain, domain, len) || zk_read(store, tenant_h, &s) || !s.found)
		return false;
	*tenant = hit.tenant;
	return true;
}

static void extension_h(struct zk_map *const *maps, void *arg)
{
	struct search *s = arg;
	struct zk_iter it;
	tenant_h(maps, arg);
	if (!s->found)
		return;
	const struct edge_extension *e =
		zk_first(maps[EDGE_EXTENSION], extension_hash(&s->hit->tenant, s->number), &it);
	while (e && (!e->enabled || zk_uuid_cmp(&e->tenant, &s->hit->tenant) ||
		     strncmp(e->number, s->number, sizeof e->number) != 0))
		e = zk_next(&it);
	s->found = e != NULL;
	if (!e)
		return;
	s->hit->extension = e->rec.id;
	s->hit->media = e->media;
	s->hit->encryption = e->encryption;
	zk_copy(s->hit->host, sizeof s->hit->host, e->host, strnlen(e->host, sizeof e->host - 1));
	s->hit->max_contacts = e->max_contacts;
	zk_copy(s->hit->ha1, sizeof s->hit->ha1, e->ha1, strnlen(e->ha1, sizeof e->ha1 - 1));
}

bool edge_find_extension(struct zk_store *store, const char *domain, size_t domain_len, const char *number,
			 size_t number_len, struct edge_hit *hit)
{
	struct search s = {.hit = hit};
	return zk_copy_lower(s.domain, sizeof s.domain, domain, domain_len) &&
	       zk_copy(s.number, sizeof s.number, number, number_len) && !zk_read(store, extension_h, &s) && s.found;
}

struct watch {
	char domain[ZK_DOMAIN_MAX];
	const char *watcher, *watched;
	bool own, may;
};

static const struct edge_extension *extension_of(const struct zk_map *m, const struct zk_uuid *tenant,
						 const char *number)
{
	struct zk_iter it;
	const struct edge_extension *e = zk_first(m, extension_hash(tenant, number), &it);
	while (e &&
	       (!e->enabled || zk_uuid_cmp(&e->tenant, tenant) || strncmp(e->number, number, sizeof e->number) != 0))
		e = zk_next(&it);
	return e;
}

static bool share_a_group(const struct zk_map *pairs, const struct zk_uuid *a, const struct zk_uuid *b)
{
	struct zk_iter x, y;
	for (const struct edge_pair *p = zk_first(pairs, account_hash(a), &x); p; p = zk_next(&x))
		for (const struct edge_pair *q = zk_first(pairs, account_hash(b), &y); q; q = zk_next(&y))
			if (!zk_uuid_cmp(&p->account, a) && !zk_uuid_cmp(&q->account, b) &&
			    !zk_uuid_cmp(&p->group, &q->group))
				return true;
	return false;
}

static void watch_h(struct zk_map *const *maps, void *arg)
{
	struct watch *w = arg;
	const struct edge_tenant *t = tenant_of(maps[EDGE_TENANT], w->domain);
	const struct edge_extension *a = t ? extension_of(maps[EDGE_EXTENSION], &t->rec.id, w->watcher) : NULL,
				    *b = t ? extension_of(maps[EDGE_EXTENSION], &t->rec.id, w->watched) : NULL;
	w->may = a && b &&
		 (a == b || (!w->own && (a->watch == EDGE_RANGE_TEAM ||
					 (a->watch == EDGE_RANGE_GROUP && !zk_uuid_is_zero(&a->account) &&
					  !zk_uuid_is_zero(&b->account) &&
					  (!zk_uuid_cmp(&a->account, &b->account) ||
					   share_a_group(maps[EDGE_PAIR], &a->account, &b->account))))));
}

bool edge_may_watch(struct zk_store *store, const char *domain, const char *watcher, const char *watched, bool own)
{
	struct watch w = {.watcher = watcher, .watched = watched, .own = own};
	return strlen(watcher) < EDGE_NUMBER_MAX && strlen(watched) < EDGE_NUMBER_MAX &&
	       zk_copy_lower(w.domain, sizeof w.domain, domain, strlen(domain)) && !zk_read(store, watch_h, &w) &&
	       w.may;
}

struct trunk_search {
	const struct zk_uuid *id;
	enum edge_policy media;
	enum edge_encryption encryption;
};

static void trunk_h(struct zk_map *const *maps, void *arg)
{
	struct trunk_search *s = arg;
	const struct edge_trunk *k = zk_by_id(maps[EDGE_TRUNK], s->id);
	s->media = k ? k->media : EDGE_AUTO;
	s->encryption = k ? k->encryption : EDGE_OPTIONAL;
}

void edge_trunk_media(struct zk_store *store, const struct zk_uuid *trunk, struct edge_media_ask *ask)
{
	struct trunk_search s = {.id = trunk};
	bool known = !zk_read(store, trunk_h, &s);
	ask->policy = known ? s.media : EDGE_AUTO;
	ask->encryption = known ? s.encryption : EDGE_OPTIONAL;
}

struct ban_search {
	char what[EDGE_WHAT_MAX];
	int64_t now;
	bool found;
};

static void ban_h(struct zk_map *const *maps, void *arg)
{
	struct ban_search *s = arg;
	struct zk_iter it;
	const struct edge_ban *b = zk_first(maps[EDGE_BAN], zk_hash(NULL, 0, s->what, strlen(s->what)) | 1, &it);
	while (b && (b->until <= s->now || strncmp(b->what, s->what, sizeof b->what) != 0))
		b = zk_next(&it);
	s->found = b != NULL;
}

bool edge_find_ban(struct zk_store *store, const char *what, size_t len, int64_t now)
{
	struct ban_search s = {.now = now};
	return zk_copy_lower(s.what, sizeof s.what, what, len) && !zk_read(store, ban_h, &s) && s.found;
}

bool edge_host_allows(const char *host, const char *address)
{
	struct edge_nets nets;
	struct in6_addr a;
	return !host[0] || (edge_nets_parse(&nets, host) && edge_address_parse(&a, address, strlen(address)) &&
			    edge_nets_has(&nets, &a));
}
