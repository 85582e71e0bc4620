/* Rows of the database become records: one decoder a table; false when a row cannot be (the schema forbids it). */
#include "did_heads.h"
#include "did_trunk.h"
#include <stdlib.h>
#include <string.h>

static bool is_true(const char *text)
{
	return text && text[0] == 't';
}

static bool copy_text(char *out, size_t size, const char *text)
{
	return text && zk_copy(out, size, text, strlen(text));
}

static bool copy_id(struct zk_uuid *id, const char *text)
{
	return text && zk_uuid_parse(id, text);
}

/* NULL is no id. */
static bool copy_id_or_none(struct zk_uuid *id, const char *text)
{
	return !text || zk_uuid_parse(id, text);
}

static bool decode_dest(struct did_dest *d, const char *kind, const char *target)
{
	struct zk_uuid id;
	enum did_kind k = DID_TO_NOTHING;
	while (kind && k < DID_KINDS && strcmp(did_kind_name(k), kind) != 0)
		k++;
	if (k == DID_KINDS)
		return false;
	d->kind = (uint8_t)k;
	if (k == DID_TO_NOTHING || k == DID_TO_HANGUP)
		return true;
	if (k == DID_TO_EXTERNAL)
		return copy_text(d->raw, sizeof d->raw, target);
	if (!copy_id(&id, target))
		return false;
	memcpy(d->raw, id.b, sizeof id.b);
	return true;
}

static bool decode_tenant(struct did_tenant *t, const char *const *f)
{
	const struct did_zone *zone = f[2] ? did_zone_find(f[2]) : NULL;
	t->carrier = f[0] && !strcmp(f[0], "carrier");
	t->enabled = is_true(f[1]);
	if (zone)
		t->zone = *zone;
	decode_dest(&t->fallback, f[4] ? f[3] : NULL, f[4]);
	t->rec.hash = did_hash_id(&t->rec.id);
	return true;
}

static bool decode_trunk_host(struct did_trunk_host *h, const char *const *f)
{
	struct did_source s;
	if (!copy_id(&h->trunk, f[0]) || !f[1] || !f[2] || !did_source_parse(&s, f[1], strlen(f[1]), 0))
		return false;
	h->host = s.host;
	h->port = (uint16_t)atoi(f[2]);
	h->enabled = is_true(f[3]);
	h->rec.hash = did_hash_host(&h->host);
	return true;
}

static bool decode_trunk(struct did_trunk *t, const char *const *f)
{
	struct did_source s;
	if (!copy_id(&t->tenant, f[0]) || !f[1] || !f[2])
		return false;
	if (did_source_parse(&s, f[1], strlen(f[1]), 0))
		t->host = s.host;
	else
		memset(&t->host, 0, sizeof t->host); /* a name */
	t->port = (uint16_t)atoi(f[2]);
	t->match_port = is_true(f[3]);
	t->enabled = is_true(f[4]);
	t->tls = f[5] && !strcmp(f[5], "tls");
	t->rec.hash = did_hash_host(&t->host);
	return true;
}

static bool decode_number(struct did_number *n, const char *const *f)
{
	n->enabled = is_true(f[2]);
	n->inbound = !f[3] || strcmp(f[3], "out") != 0;
	n->vip = is_true(f[4]);
	if (!copy_id(&n->tenant, f[0]) || !copy_text(n->number, sizeof n->number, f[1]) ||
	    !copy_id_or_none(&n->account, f[5]) || !copy_id_or_none(&n->extension, f[6]) ||
	    !copy_id_or_none(&n->group, f[7]))
		return false;
	n->rec.hash = did_hash_number(n->number);
	return true;
}

static bool decode_alias(struct did_alias *a, const char *const *f)
{
	if (!copy_id(&a->number, f[0]) || !copy_text(a->alias, sizeof a->alias, f[1]) ||
	    !copy_id_or_none(&a->trunk, f[2]))
		return false;
	a->rec.hash = did_hash_number(a->alias);
	return true;
}

static bool decode_entry(struct did_entry *e, const char *const *f)
{
	e->prefix = is_true(f[3]);
	if (!copy_id(&e->tenant, f[0]) || !copy_id(&e->group, f[1]) || !f[2] ||
	    !copy_text(e->digits, sizeof e->digits, did_digits(f[2])))
		return false;
	e->rec.hash = did_hash_digits(&e->tenant, e->digits, strlen(e->digits));
	did_heads_entry(&e->tenant, strlen(e->digits));
	return true;
}

/* A criterion's text without pluses. */
static bool copy_criterion(char out[ZK_NUMBER_MAX], enum did_match m, const char *text)
{
	size_t n = 0;
	for (; text && *text; text++)
		if (*text != '+' && n < ZK_NUMBER_MAX - 1)
			out[n++] = *text;
		else if (*text != '+')
			return false;
	return did_criterion_is_good(m, out);
}

static bool decode_criteria(struct did_route *r, const char *const *f)
{
	enum did_match d = did_match_of(f[3]), c = did_match_of(f[6]);
	r->did_match = (uint8_t)d;
	r->caller_match = (uint8_t)c;
	if (d == DID_NUMBER || d == DID_GROUP) {
		if (!copy_id(&r->did.id, f[4]))
			return false;
	} else if (d != DID_ANY && (d == DID_ANONYMOUS || d == DID_MATCHES || !copy_criterion(r->did.text, d, f[5]))) {
		return false;
	}
	return c == DID_ANY || c == DID_ANONYMOUS ||
	       (c != DID_GROUP && c != DID_MATCHES && copy_criterion(r->caller, c, f[7]));
}

static bool decode_route(struct did_route *r, const char *const *f)
{
	r->enabled = is_true(f[1]);
	r->priority = f[2] ? atoi(f[2]) : 0;
	r->split = is_true(f[15]);
	r->span = DID_SPAN_ALWAYS;
	if (!copy_id(&r->tenant, f[0]) || !decode_criteria(r, f) || !copy_id_or_none(&r->trunk, f[8]) ||
	    !copy_id_or_none(&r->package, f[9]) || !did_span_weekday_list(&r->span, f[10]) ||
	    !did_span_days(&r->span, f[11], f[12]) || !did_span_times(&r->span, f[13], f[14]) ||
	    !decode_dest(&r->work, f[16], f[17]) || !decode_dest(&r->off, f[18], f[19]) ||
	    !decode_dest(&r->holiday, f[20], f[21]))
		return false;
	bool by_id = r->did_match == DID_NUMBER || r->did_match == DID_GROUP;
	size_t did_len = by_id ? sizeof r->did.id.b : did_head((enum did_match)r->did_match, r->did.text),
	       caller_len = did_head((enum did_match)r->caller_match, r->caller);
	r->rec.hash = did_hash_route(&r->tenant, r->did.text, did_len, r->caller, caller_len);
	did_heads_route(&r->tenant, by_id ? DID_BY_ID : did_len, caller_len);
	return true;
}

static bool decode_work_time(struct did_work_time *w, const char *const *f)
{
	w->span = DID_SPAN_ALWAYS;
	w->rec.hash = did_hash_id(&w->rec.id);
	return did_span_times(&w->span, f[0], f[1]) && did_span_days(&w->span, f[2], f[3]) &&
	       did_span_weekdays(&w->span, f[4], f[5]);
}

static bool decode_package(struct did_package *p, const char *const *f)
{
	char id[ZK_UUID_TEXT];
	const char *list = f[2];
	p->enabled = is_true(f[0]);
	p->closed_on_holidays = f[1] && !strcmp(f[1], "closed");
	p->rec.hash = did_hash_id(&p->rec.id);
	if (!list || *list != '{')
		return false;
	while ((*list == '{' || *list == ',') && list[1] != '}' && p->count < DID_PACKAGE_MAX) {
		size_t len = strcspn(++list, ",}");
		if (!zk_copy(id, sizeof id, list, len) || !zk_uuid_parse(&p->times[p->count], id))
			return false;
		p->count++;
		list += len;
	}
	return true;
}

static bool decode_holiday(struct did_holiday *h, const char *const *f)
{
	h->span = DID_SPAN_ALWAYS;
	h->enabled = is_true(f[1]);
	if (!copy_id(&h->tenant, f[0]) || !did_span_days(&h->span, f[2], f[3]) || !h->span.first)
		return false;
	h->rec.hash = did_hash_id(&h->tenant);
	return true;
}

static bool decode_binding(struct did_binding *b, const char *const *f)
{
	const char *kind = f[3] ? f[3] : "", *caller;
	b->enabled = is_true(f[1]);
	b->priority = f[2] ? atoi(f[2]) : 0;
	b->kind = !strcmp(kind, "caller") ? DID_BIND_CALLER : !strcmp(kind, "did") ? DID_BIND_DID : DID_BIND_DEFAULT;
	caller = b->kind == DID_BIND_CALLER ? f[6] : f[9];
	if (!copy_id(&b->tenant, f[0]) || !copy_text(b->target_kind, sizeof b->target_kind, f[4]) ||
	    !copy_id(&b->target, f[5]) || !copy_id_or_none(&b->did, f[7]) || !copy_id_or_none(&b->trunk, f[8]) ||
	    (caller && !copy_text(b->caller, sizeof b->caller, did_digits(caller))))
		return false;
	if (b->kind == DID_BIND_CALLER)
		b->rec.hash = did_hash_binding(&b->tenant, DID_BIND_CALLER, b->caller, strlen(b->caller));
	else if (b->kind == DID_BIND_DID)
		b->rec.hash = did_hash_binding(&b->tenant, DID_BIND_DID, b->did.b, sizeof b->did.b);
	else
		b->rec.hash = did_hash_binding(&b->tenant, DID_BIND_DEFAULT, "", 0);
	return true;
}

static bool decode(unsigned table, void *rec, const char *const *fields)
{
	switch ((enum did_map)table) {
	case DID_TENANT:
		return decode_tenant(rec, fields);
	case DID_TRUNK:
		return decode_trunk(rec, fields);
	case DID_TRUNK_HOST:
		return decode_trunk_host(rec, fields);
	case DID_NUMBERS:
		return decode_number(rec, fields);
	case DID_ALIAS:
		return decode_alias(rec, fields);
	case DID_ENTRY:
		return decode_entry(rec, fields);
	case DID_ROUTE:
		return decode_route(rec, fields);
	case DID_WORK_TIME:
		return decode_work_time(rec, fields);
	case DID_PACKAGE:
		return decode_package(rec, fields);
	case DID_HOLIDAY:
		return decode_holiday(rec, fields);
	case DID_BINDING:
		return decode_binding(rec, fields);
	case DID_MAPS:
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
	union {
		struct zk_rec rec;
		struct did_tenant tenant;
		struct did_trunk trunk;
		struct did_trunk_host trunk_host;
		struct did_number number;
		struct did_alias alias;
		struct did_entry entry;
		struct did_route route;
		struct did_work_time work_time;
		struct did_package package;
		struct did_holiday holiday;
		struct did_binding binding;
	} u;
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

struct zk_sink did_sink(struct zk_store *store)
{
	return (struct zk_sink){sink_begin, sink_row, sink_end, store};
}
