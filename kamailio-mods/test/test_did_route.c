/* covers: PBX-V079 PBX-V080 PBX-V081 PBX-V082 PBX-V085 */
#include "did_explain.h"
#include "did_heads.h"
#include "plain.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CARRIER  "00000000-0000-7000-8000-000000000001"
#define TENANT_A "00000000-0000-7000-8000-00000000000a"
#define TENANT_B "00000000-0000-7000-8000-00000000000b"

static struct zk_store *store;
static struct zk_sink sink;

static struct zk_uuid uuid(unsigned n)
{
	struct zk_uuid u = {{0}};
	u.b[13] = (unsigned char)(n >> 16);
	u.b[14] = (unsigned char)(n >> 8);
	u.b[15] = (unsigned char)n;
	return u;
}

static unsigned number_of(const struct zk_uuid *u)
{
	return (unsigned)u->b[13] << 16 | (unsigned)u->b[14] << 8 | u->b[15];
}

/* The text of uuid(n), in one of a few buffers. */
static const char *id(unsigned n)
{
	static char texts[32][ZK_UUID_TEXT];
	static unsigned at;
	struct zk_uuid u = uuid(n);
	at = (at + 1) % 32;
	zk_uuid_text(texts[at], &u);
	return n ? texts[at] : NULL;
}

static void row(enum did_map table, unsigned n, const char *const *fields)
{
	size_t rows[DID_MAPS] = {0};
	struct zk_uuid u = uuid(n);
	rows[table] = 1;
	assert_int_equal(0, sink.begin(rows, false, sink.arg));
	sink.row(table, &u, fields, sink.arg);
	assert_int_equal(0, sink.end(sink.arg));
}

static void tenant(const char *name, const char *kind, const char *enabled)
{
	struct zk_uuid u;
	size_t rows[DID_MAPS] = {[DID_TENANT] = 1};
	assert_true(zk_uuid_parse(&u, name));
	assert_int_equal(0, sink.begin(rows, false, sink.arg));
	sink.row(DID_TENANT, &u, (const char *[]){kind, enabled, "Asia/Shanghai", NULL, NULL}, sink.arg);
	assert_int_equal(0, sink.end(sink.arg));
}

static void trunk(unsigned n, const char *owner, const char *host, const char *port, const char *match)
{
	row(DID_TRUNK, n, (const char *[]){owner, host, port, match, "t", "udp"});
}

struct number {
	const char *owner, *number, *enabled, *type, *vip;
	unsigned account, extension, group;
};

static void number(unsigned n, struct number x)
{
	row(DID_NUMBERS, n,
	    (const char *[]){x.owner, x.number, x.enabled ? x.enabled : "t", x.type ? x.type : "both",
			     x.vip ? x.vip : "f", id(x.account), id(x.extension), id(x.group)});
}

/* What is not said is as in the schema's defaults. */
struct route {
	const char *owner, *enabled, *priority, *did_match, *did, *caller_match, *caller, *weekdays, *date_from,
		*date_to, *time_from, *time_to, *kind, *target, *split;
	unsigned of, trunk, package;
	const char *off, *off_target, *holiday, *holiday_target;
};

static void route(unsigned n, struct route r)
{
	row(DID_ROUTE, n,
	    (const char *[]){r.owner ? r.owner : TENANT_A,
			     r.enabled ? r.enabled : "t",
			     r.priority ? r.priority : "0",
			     r.did_match ? r.did_match : "any",
			     id(r.of),
			     r.did,
			     r.caller_match ? r.caller_match : "any",
			     r.caller,
			     id(r.trunk),
			     id(r.package),
			     r.weekdays ? r.weekdays : "{}",
			     r.date_from,
			     r.date_to,
			     r.time_from,
			     r.time_to,
			     r.split ? r.split : "f",
			     r.kind ? r.kind : "queue",
			     r.target                                                               ? r.target
			     : r.kind && (!strcmp(r.kind, "hangup") || !strcmp(r.kind, "external")) ? NULL
												    : id(999),
			     r.off,
			     r.off_target,
			     r.holiday,
			     r.holiday_target});
}

static int setup(void **state)
{
	(void)state;
	assert_int_equal(0, did_heads_alloc());
	assert_int_equal(0, did_store_alloc(&store));
	sink = did_sink(store);
	tenant(CARRIER, "carrier", "t");
	tenant(TENANT_A, "tenant", "t");
	tenant(TENANT_B, "tenant", "t");
	number(1, (struct number){.owner = TENANT_A, .number = "+861000"});
	number(2, (struct number){.owner = TENANT_B, .number = "2000"});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	zk_store_free(store);
	did_heads_free();
	return plain_alive() ? -1 : 0;
}

#define NOON 1796011200LL /* 2026-11-30 12:00 in Shanghai, a Monday */

static struct did_hit last;
static unsigned found_at(const char *called, const char *caller, int64_t when)
{
	enum did_result r = did_find(store, &(struct did_query){.called = called, .caller = caller, .at = when}, &last);
	return r == DID_FOUND ? number_of(&last.route) : 0;
}

static unsigned found(const char *called, const char *caller)
{
	return found_at(called, caller, NOON);
}

static void the_larger_priority_then_the_more_precise(void **state)
{
	(void)state;
	route(10, (struct route){.priority = "9", .did_match = "number", .of = 1});
	route(11, (struct route){.did_match = "number", .of = 1, .caller_match = "prefix", .caller = "138"});
	assert_int_equal(10, found("+861000", "13800")); /* priority before everything */
	route(12, (struct route){
			  .priority = "9", .did_match = "number", .of = 1, .caller_match = "prefix", .caller = "+138"});
	route(13, (struct route){
			  .priority = "9", .did_match = "number", .of = 1, .caller_match = "prefix", .caller = "1381"});
	route(14, (struct route){.priority = "9",
				 .did_match = "number",
				 .of = 1,
				 .caller_match = "prefix",
				 .caller = "13812",
				 .enabled = "f"});
	route(16, (struct route){
			  .priority = "9", .did_match = "number", .of = 1, .caller_match = "prefix", .caller = "999"});
	route(15, (struct route){
			  .priority = "9", .did_match = "number", .of = 1, .caller_match = "prefix", .caller = "999"});
	route(17, (struct route){.priority = "9", .did_match = "number", .of = 1, .caller_match = "anonymous"});
	static const struct {
		const char *caller;
		unsigned want;
	} cases[] = {{"13900", 10},    {"", 17},     {"138", 12},  {"+13820", 12},
		     {"13812345", 13}, {"1381", 13}, {"9991", 15}, {"anonymous", 17}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(cases[i].want, found("+861000", cases[i].caller));
}

static void each_way_to_say_a_did(void **state)
{
	(void)state;
	route(20, (struct route){.did_match = "any"});
	assert_int_equal(20, found("861000", "1"));
	route(22, (struct route){.did_match = "prefix", .did = "86"});
	route(23, (struct route){.did_match = "prefix", .did = "+861"});
	assert_int_equal(23, found("861000", "1"));
	route(24, (struct route){.did_match = "pattern", .did = "86NXXX"});
	assert_int_equal(23, found("861000", "1"));
	route(24, (struct route){.did_match = "pattern", .did = "86[12]XXX"});
	assert_int_equal(24, found("861000", "1"));
	route(25, (struct route){.did_match = "range", .did = "860000-869999"});
	assert_int_equal(25, found("861000", "1"));
	route(26, (struct route){.did_match = "range", .did = "861000-861001"});
	assert_int_equal(26, found("861000", "1"));
	number(1, (struct number){.owner = TENANT_A, .number = "+861000", .group = 70});
	route(21, (struct route){.did_match = "group", .of = 70});
	assert_int_equal(21, found("861000", "1"));
	route(27, (struct route){.did_match = "number", .of = 1});
	assert_int_equal(27, found("861000", "1"));
	/* A group lists numbers and prefixes, too. */
	row(DID_ROUTE, 27, NULL), row(DID_ROUTE, 26, NULL), row(DID_ROUTE, 25, NULL), row(DID_ROUTE, 24, NULL),
		row(DID_ROUTE, 23, NULL), row(DID_ROUTE, 22, NULL), row(DID_ROUTE, 21, NULL);
	route(28, (struct route){.did_match = "group", .of = 71});
	assert_int_equal(20, found("861000", "1"));
	row(DID_ENTRY, 80, (const char *[]){TENANT_A, id(71), "+8610", "f"});
	assert_int_equal(20, found("861000", "1"));
	row(DID_ENTRY, 80, (const char *[]){TENANT_A, id(71), "+8610", "t"});
	assert_int_equal(28, found("861000", "1"));
	row(DID_ENTRY, 80, (const char *[]){TENANT_A, id(71), "861000", "f"});
	assert_int_equal(28, found("861000", "1"));
	row(DID_ENTRY, 80, (const char *[]){TENANT_B, id(71), "861000", "f"});
	assert_int_equal(20, found("861000", "1"));
}

static void notations_of_a_number(void **state)
{
	(void)state;
	route(10, (struct route){.did_match = "number", .of = 1});
	route(20, (struct route){.owner = TENANT_B, .did_match = "number", .of = 2});
	assert_int_equal(10, found("861000", "1"));
	assert_int_equal(20, found("+2000", "1"));
	number(3, (struct number){.owner = TENANT_B, .number = "861000"}); /* as dialled comes first */
	route(21, (struct route){.owner = TENANT_B, .did_match = "number", .of = 3});
	assert_int_equal(21, found("861000", "1"));
	assert_int_equal(10, found("+861000", "1"));
	assert_int_equal(0, found("", "1"));
	assert_int_equal(0, found("9999999999999999999999999999999999999999999999999", "1"));
	row(DID_ALIAS, 90, (const char *[]){id(1), "4008001000", NULL});
	row(DID_ALIAS, 91, (const char *[]){id(1), "1000", id(30)});
	row(DID_ALIAS, 92, (const char *[]){id(2), "1000", id(31)});
	assert_int_equal(10, found("4008001000", "1"));
	assert_int_equal(0, found("1000", "1")); /* without an area code on its own trunk only */
	trunk(30, CARRIER, "10.0.0.1", "5060", "f");
	trunk(31, CARRIER, "10.0.0.2", "5060", "f");
	struct did_source s;
	struct did_hit hit;
	assert_true(did_source_parse(&s, "10.0.0.1", 8, 1));
	assert_int_equal(DID_FOUND,
			 did_find(store, &(struct did_query){.source = &s, .called = "1000", .caller = "1"}, &hit));
	assert_int_equal(1, number_of(&hit.number_id));
	assert_string_equal("+861000", hit.number);
	assert_true(did_source_parse(&s, "10.0.0.2", 8, 1));
	assert_int_equal(DID_FOUND,
			 did_find(store, &(struct did_query){.source = &s, .called = "1000", .caller = "1"}, &hit));
	assert_int_equal(2, number_of(&hit.number_id));
}

static void what_is_disabled_is_not_there(void **state)
{
	(void)state;
	route(10, (struct route){.did_match = "number", .of = 1});
	assert_int_equal(10, found("861000", "1"));
	number(1, (struct number){.owner = TENANT_A, .number = "+861000", .enabled = "f"});
	assert_int_equal(0, found("861000", "1"));
	number(1,
	       (struct number){
		       .owner = TENANT_A, .number = "+861000", .enabled = "t", .type = "out"}); /* for calls out only */
	assert_int_equal(0, found("861000", "1"));
	number(1, (struct number){.owner = TENANT_A, .number = "+861000", .enabled = "t", .type = "in"});
	assert_int_equal(10, found("861000", "1"));
	tenant(TENANT_A, "tenant", "f");
	assert_int_equal(0, found("861000", "1"));
	tenant(TENANT_A, "tenant", "t");
	row(DID_ROUTE, 10, NULL);
	assert_int_equal(0, found("861000", "1"));
	route(20, (struct route){.owner = TENANT_B,
				 .did_match = "number",
				 .of = 1}); /* another tenant's row, whatever the keys say */
	assert_int_equal(0, found("861000", "1"));
}

static void without_a_route(void **state)
{
	(void)state;
	number(1, (struct number){.owner = TENANT_A, .number = "+861000", .account = 50, .vip = "t"});
	assert_int_equal(0, found("861000", "1"));
	assert_int_equal(DID_TO_ACCOUNT, last.dest.kind);
	assert_int_equal(DID_BY_NUMBER, last.by);
	assert_true(last.vip);
	number(1, (struct number){.owner = TENANT_A, .number = "+861000", .account = 50, .extension = 51});
	found("861000", "1");
	assert_int_equal(DID_TO_EXTENSION, last.dest.kind);
	assert_int_equal(51, last.dest.raw[15]);
	number(1, (struct number){.owner = TENANT_A, .number = "+861000"});
	assert_int_equal(DID_NO_DESTINATION,
			 did_find(store, &(struct did_query){.called = "861000", .caller = ""}, &last));
	struct zk_uuid u;
	size_t rows[DID_MAPS] = {[DID_TENANT] = 1};
	assert_true(zk_uuid_parse(&u, TENANT_A));
	assert_int_equal(0, sink.begin(rows, false, sink.arg));
	sink.row(DID_TENANT, &u, (const char *[]){"tenant", "t", "UTC", "queue", id(60)}, sink.arg);
	assert_int_equal(0, sink.end(sink.arg));
	assert_int_equal(DID_FOUND, did_find(store, &(struct did_query){.called = "861000", .caller = ""}, &last));
	assert_int_equal(DID_BY_DEFAULT, last.by);
	assert_int_equal(60, last.dest.raw[15]);
}

static void working_off_duty_holiday(void **state)
{
	(void)state;
	char text[DID_TARGET_MAX];
	row(DID_WORK_TIME, 40, (const char *[]){"09:00:00", "18:00:00", NULL, NULL, "mon", "fri"});
	row(DID_PACKAGE, 41, (const char *[]){"t", "ignored", "{00000000-0000-0000-0000-000000000028}"});
	route(10, (struct route){.did_match = "number",
				 .of = 1,
				 .package = 41,
				 .split = "t",
				 .target = id(1),
				 .off = "external",
				 .off_target = "+8613800000000",
				 .holiday = "hangup"});
	assert_int_equal(10, found_at("861000", "1", NOON));
	assert_int_equal(DID_WORKING, last.segment);
	assert_int_equal(DID_TO_QUEUE, last.dest.kind);
	assert_int_equal(10, found_at("861000", "1", NOON + 7 * 3600));
	assert_int_equal(DID_OFF_DUTY, last.segment);
	did_dest_text(text, &last.dest);
	assert_string_equal("+8613800000000", text);
	row(DID_HOLIDAY, 42, (const char *[]){TENANT_A, "t", "11-30", "12-02"});
	assert_int_equal(10, found_at("861000", "1", NOON));
	assert_int_equal(DID_ON_HOLIDAY, last.segment);
	assert_int_equal(DID_TO_HANGUP, last.dest.kind);
	did_dest_text(text, &last.dest);
	assert_string_equal("-", text);
	/* A holiday without a place of its own is off duty. */
	route(10, (struct route){.did_match = "number",
				 .of = 1,
				 .package = 41,
				 .split = "t",
				 .target = id(1),
				 .off = "external",
				 .off_target = "1"});
	assert_int_equal(10, found_at("861000", "1", NOON));
	assert_int_equal(DID_TO_EXTERNAL, last.dest.kind);
	/* Without the split, a package says when the route is there at all. */
	route(10, (struct route){.did_match = "number", .of = 1, .package = 41});
	assert_int_equal(10, found_at("861000", "1", NOON));
	assert_int_equal(0, found_at("861000", "1", NOON + 7 * 3600));
	row(DID_PACKAGE, 41, (const char *[]){"t", "closed", "{00000000-0000-0000-0000-000000000028}"});
	assert_int_equal(0, found_at("861000", "1", NOON));
	row(DID_HOLIDAY, 42, (const char *[]){TENANT_A, "f", "11-30", "12-02"});
	assert_int_equal(10, found_at("861000", "1", NOON));
	row(DID_PACKAGE, 41, (const char *[]){"f", "closed", "{00000000-0000-0000-0000-000000000028}"});
	assert_int_equal(0, found_at("861000", "1", NOON));
	row(DID_PACKAGE, 41, (const char *[]){"t", "ignored", "{}"});
	assert_int_equal(0, found_at("861000", "1", NOON));
}

static void bindings(void **state)
{
	(void)state;
	route(10, (struct route){});
	number(1, (struct number){.owner = TENANT_A, .number = "+861000", .group = 70});
	assert_int_equal(10, found("861000", "1"));
	assert_string_equal("", last.binding_kind);
	row(DID_BINDING, 60,
	    (const char *[]){TENANT_A, "t", "1000", "default", "application", id(1), NULL, NULL, NULL, NULL});
	found("861000", "1");
	assert_int_equal(60, number_of(&last.binding));
	row(DID_BINDING, 61, (const char *[]){TENANT_A, "t", "0", "did", "campaign", id(2), NULL, id(70), NULL, NULL});
	found("861000", "1");
	assert_int_equal(61, number_of(&last.binding));
	row(DID_BINDING, 62,
	    (const char *[]){TENANT_A, "t", "5", "did", "business_client", id(3), NULL, id(1), NULL, "138"});
	found("861000", "1");
	assert_int_equal(61, number_of(&last.binding));
	found("861000", "+138");
	assert_int_equal(62, number_of(&last.binding));
	assert_string_equal("business_client", last.binding_kind);
	assert_int_equal(3, number_of(&last.binding_target));
	row(DID_BINDING, 63,
	    (const char *[]){TENANT_A, "t", "5", "caller", "campaign", id(4), "+138", NULL, NULL, NULL});
	found("861000", "138");
	assert_int_equal(63, number_of(&last.binding));
	row(DID_BINDING, 63,
	    (const char *[]){TENANT_A, "f", "5", "caller", "campaign", id(4), "+138", NULL, NULL, NULL});
	found("861000", "138");
	assert_int_equal(62, number_of(&last.binding));
	row(DID_BINDING, 62,
	    (const char *[]){TENANT_A, "t", "5", "did", "business_client", id(3), NULL, id(1), id(30), NULL});
	found("861000", "138");
	assert_int_equal(61, number_of(&last.binding)); /* not by that trunk */
	struct zk_uuid u;
	assert_true(zk_uuid_parse(&u, TENANT_A));
	assert_true(did_binding_default(store, &u, &last));
	assert_int_equal(60, number_of(&last.binding));
	assert_true(zk_uuid_parse(&u, TENANT_B));
	assert_false(did_binding_default(store, &u, &last));
}

static enum did_result from(const char *host, uint16_t port, const char *called, struct did_hit *hit)
{
	struct did_source s;
	assert_true(did_source_parse(&s, host, strlen(host), port));
	return did_find(store, &(struct did_query){.source = &s, .called = called, .caller = "1"}, hit);
}

static void trunks(void **state)
{
	(void)state;
	struct did_hit hit;
	struct did_trunk_hit t;
	struct did_source s;
	route(10, (struct route){.did_match = "number", .of = 1});
	route(11, (struct route){.did_match = "number", .of = 1, .trunk = 32});
	route(20, (struct route){.owner = TENANT_B, .did_match = "number", .of = 2});
	trunk(30, CARRIER, "10.0.0.1", "5060", "f");
	trunk(31, TENANT_A, "10.0.0.2", "5060", "f");
	trunk(32, TENANT_A, "10.0.0.1", "5070", "t");
	trunk(33, CARRIER, "2001:db8::1", "5060", "f");
	assert_int_equal(DID_FOUND, from("10.0.0.1", 40000, "2000", &hit));
	assert_int_equal(30, number_of(&hit.trunk));
	assert_int_equal(DID_FOUND, from("10.0.0.1", 5070, "861000", &hit)); /* the tenant's own before the carrier's */
	assert_int_equal(32, number_of(&hit.trunk));
	assert_int_equal(11, number_of(&hit.route));
	assert_int_equal(DID_FOUND, from("10.0.0.2", 1, "861000", &hit));
	assert_int_equal(10, number_of(&hit.route));
	assert_int_equal(DID_NO_TRUNK, from("10.0.0.2", 1, "2000", &hit)); /* tenants don't reach each other */
	assert_int_equal(DID_FOUND, from("[2001:db8::1]", 1, "2000", &hit));
	assert_int_equal(DID_FOUND, from("2001:DB8:0::1", 1, "2000", &hit));
	assert_int_equal(DID_NO_TRUNK, from("10.0.0.3", 1, "2000", &hit));
	assert_true(did_source_parse(&s, "10.0.0.1", 8, 5070));
	assert_true(did_find_trunk(store, &s, &t));
	assert_true(t.exact);
	assert_int_equal(32, number_of(&t.trunk));
	s.port = 1;
	assert_true(did_find_trunk(store, &s, &t));
	assert_false(t.exact);
	assert_int_equal(30, number_of(&t.trunk));
	tenant(CARRIER, "carrier", "f");
	assert_false(did_find_trunk(store, &s, &t));
	assert_false(did_source_parse(&s, "host.example", 12, 1));
	assert_false(did_source_parse(&s, "10.0.0.1.1", 10, 1));
}

static bool is_from(const char *address, uint16_t port, unsigned want)
{
	struct did_source s;
	struct did_trunk_hit hit;
	assert_true(did_source_parse(&s, address, strlen(address), port));
	return did_find_trunk(store, &s, &hit) && number_of(&hit.trunk) == want;
}

static void named(unsigned host, unsigned of, const char *const *addresses, unsigned n)
{
	struct zk_did_addr addr[ZK_DID_NAMED_MAX];
	struct zk_uuid h = uuid(host), t = uuid(of);
	h.b[8] = t.b[8] = 0x80;
	for (unsigned i = 0; i < n; i++) {
		struct did_source s;
		assert_true(did_source_parse(&s, addresses[i], strlen(addresses[i]), 0));
		addr[i] = (struct zk_did_addr){s.host, 5060};
	}
	t.b[8] = 0;
	did_named(&h, &t, addr, n);
}

/* Names: a trunk is where they lead now, not where they led. */
static void trunks_with_names(void **state)
{
	(void)state;
	assert_int_equal(0, did_names_alloc());
	trunk(10, TENANT_A, "sip.carrier.example", "5060", "f");
	trunk(11, TENANT_B, "sip.other.example", "5060", "t");
	assert_false(is_from("192.0.2.1", 5060, 10));
	named(10, 10, (const char *[]){"192.0.2.1", "192.0.2.2", "2001:db8::1"}, 3);
	named(11, 11, (const char *[]){"192.0.2.9"}, 1);
	assert_true(is_from("192.0.2.1", 1, 10) && is_from("192.0.2.2", 1, 10) && is_from("2001:db8::1", 1, 10));
	assert_true(is_from("192.0.2.9", 5060, 11));
	assert_false(is_from("192.0.2.9", 5061, 11)); /* it names its port */
	named(10, 10, (const char *[]){"192.0.2.2", "192.0.2.3"}, 2);
	assert_false(is_from("192.0.2.1", 1, 10));
	assert_true(is_from("192.0.2.2", 1, 10) && is_from("192.0.2.3", 1, 10));
	named(12, 10, (const char *[]){"192.0.2.4"}, 1); /* a further host of it */
	assert_true(is_from("192.0.2.4", 1, 10));
	named(10, 10, NULL, 0);
	named(12, 10, NULL, 0);
	assert_false(is_from("192.0.2.2", 1, 10) || is_from("192.0.2.4", 1, 10));
	named(10, 10, (const char *[]){"192.0.2.9"}, 1); /* two trunks at one address: the one that names the port */
	assert_true(is_from("192.0.2.9", 5060, 11));
	assert_true(is_from("192.0.2.9", 5070, 10));
	row(DID_TRUNK, 10, (const char *[]){TENANT_A, "sip.carrier.example", "5060", "f", "f", "udp"});
	assert_false(is_from("192.0.2.9", 5070, 10)); /* disabled */
	did_names_free();
}

/* Whether a trunk's package is open: 2026-10-12 is a Monday, +08:00. */
static void hours_of_a_package(void **state)
{
	struct zk_uuid a, b, package = uuid(30), none = uuid(31);
	int64_t monday_noon = 1791777600; /* 2026-10-12T04:00:00Z */
	(void)state;
	assert_true(zk_uuid_parse(&a, TENANT_A) && zk_uuid_parse(&b, "00000000-0000-7000-8000-0000000000ff"));
	row(DID_WORK_TIME, 20, (const char *[]){"09:00:00", "18:00:00", NULL, NULL, "mon", "fri"});
	row(DID_WORK_TIME, 21, (const char *[]){"22:00:00", "02:00:00", NULL, NULL, "sat", "sat"});
	char times[128];
	snprintf(times, sizeof times, "{%s,%s}", id(20), id(21));
	row(DID_PACKAGE, 30, (const char *[]){"t", "closed", times});
	assert_true(did_works(store, &a, &package, monday_noon));
	assert_false(did_works(store, &a, &package, monday_noon + 7 * 3600));
	assert_true(did_works(store, &a, &package, monday_noon + 5 * 86400 + 11 * 3600));  /* Saturday, 23:00 */
	assert_true(did_works(store, &a, &package, monday_noon + 5 * 86400 + 13 * 3600));  /* and its night */
	assert_false(did_works(store, &a, &package, monday_noon + 6 * 86400 + 11 * 3600)); /* not Sunday's */
	assert_false(did_works(store, &a, &none, monday_noon));
	assert_false(did_works(store, &b, &package, monday_noon)); /* an unknown tenant has no clock */
	row(DID_HOLIDAY, 40, (const char *[]){TENANT_A, "t", "10-12", "10-12"});
	assert_false(did_works(store, &a, &package, monday_noon));
	row(DID_PACKAGE, 30, (const char *[]){"t", "ignored", times});
	assert_true(did_works(store, &a, &package, monday_noon));
	row(DID_PACKAGE, 30, (const char *[]){"f", "ignored", times});
	assert_false(did_works(store, &a, &package, monday_noon));
}

static void broken_rows_are_left_out(void **state)
{
	(void)state;
	route(10, (struct route){.kind = "elsewhere"});
	route(11, (struct route){.did_match = "prefix"});
	route(12, (struct route){.did_match = "prefix", .did = "8610001234567890123456789012345678901234567890"});
	route(13, (struct route){.did_match = "pattern", .did = "["});
	route(14, (struct route){.did_match = "range", .did = "2-1"});
	route(15, (struct route){.did_match = "number"});
	route(16, (struct route){.caller_match = "group", .caller = "1"});
	route(17, (struct route){.time_from = "08:00:00"});
	route(18, (struct route){.target = "not an id"});
	row(DID_TRUNK, 19, (const char *[]){TENANT_A, NULL, "1", "f", "t", "udp"});
	row(DID_TRUNK_HOST, 22, (const char *[]){TENANT_A, "a name", "5060", "t"});
	row(DID_PACKAGE, 20, (const char *[]){"t", "ignored", "{x}"});
	row(DID_HOLIDAY, 21, (const char *[]){TENANT_A, "t", NULL, NULL});
	for (unsigned m = DID_TRUNK; m < DID_MAPS; m++)
		assert_int_equal(m == DID_NUMBERS ? 2 : 0, zk_store_count(store, m));
}

#include "did_model.h"

/* A thousand tables, fifty calls each, against the slow one; explain says the same and names the winner first. */
static void a_thousand_tables(void **state)
{
	(void)state;
	static struct did_explanation e;
	char called[8], caller[8];
	unsigned hits = 0;
	srand(2026);
	for (unsigned i = 0; i < 27; i++) {
		snprintf(called, sizeof called, "%u%u%u", i / 9, i / 3 % 3, i % 3);
		number(100 + i, (struct number){.owner = TENANT_A,
						.number = called,
						.group = i % 4 == 0   ? 70
							 : i % 4 == 1 ? 71
								      : 0});
	}
	for (int t = 0; t < 1000; t++) {
		some_table();
		for (int c = 0; c < 50; c++) {
			unsigned n = (unsigned)rand() % 27, via = 30 + (unsigned)rand() % 3;
			int hour = rand() % 24;
			struct zk_uuid by = uuid(via);
			snprintf(called, sizeof called, "%u%u%u", n / 9, n / 3 % 3, n % 3);
			some_digits(caller, 0, 4);
			struct did_query q = {.trunk = &by,
					      .called = called,
					      .caller = caller,
					      .at = NOON + (hour - 12) * 3600 + rand() % 3600};
			enum did_result r = did_find(store, &q, &last);
			unsigned got = r == DID_FOUND ? number_of(&last.route) : 0;
			unsigned want = plain_find(called, 100 + n,
						   n % 4 == 0   ? 70
						   : n % 4 == 1 ? 71
								: 0,
						   caller, via, hour);
			if (got != want)
				fail_msg("table %d: %s calls %s at %d via %u: %u, not %u", t, caller, called, hour, via,
					 got, want);
			hits += got != 0;
			if (c)
				continue;
			did_explain(store, &q, NULL, &e);
			assert_int_equal(r, e.result);
			assert_true(e.count <= e.routes && e.count > 0);
			for (size_t i = 0; i < e.count; i++)
				assert_int_equal(i == 0 && got, e.opinions[i].verdict == DID_WINS);
			if (got)
				assert_int_equal(got, number_of(&e.opinions[0].route));
		}
	}
	assert_true(hits > 25000);
}

static void an_explanation_says_what_speaks_against(void **state)
{
	(void)state;
	static struct did_explanation e;
	struct zk_uuid b;
	trunk(30, CARRIER, "10.0.0.1", "5060", "f");
	route(10, (struct route){.did_match = "number", .of = 1});
	route(11, (struct route){.did_match = "prefix", .did = "86", .priority = "0"});
	route(12, (struct route){.did_match = "prefix",
				 .did = "87",
				 .caller_match = "number",
				 .caller = "2",
				 .trunk = 30,
				 .time_from = "01:00:00",
				 .time_to = "02:00:00",
				 .enabled = "f",
				 .package = 9});
	route(20, (struct route){.owner = TENANT_B});
	struct did_query q = {.called = "861000", .caller = "1", .at = NOON};
	did_explain(store, &q, NULL, &e);
	assert_int_equal(3, e.count);
	assert_int_equal(DID_WINS, e.opinions[0].verdict);
	assert_int_equal(DID_BEATEN, e.opinions[1].verdict);
	assert_string_equal("did_match", e.opinions[1].decided_by);
	assert_int_equal(DID_NOT_ENABLED | DID_NOT_DID | DID_NOT_CALLER | DID_NOT_TRUNK | DID_NOT_TIME |
				 DID_NOT_PACKAGE,
			 e.opinions[2].against);
	assert_int_equal(12 * 3600, e.now.second);
	assert_true(zk_uuid_parse(&b, TENANT_B));
	did_explain(store, &q, &b, &e); /* a tenant asks about its own numbers only */
	assert_int_equal(DID_NO_NUMBER, e.result);
	assert_int_equal(0, e.count);
}

/* Prints what it costs; run with ZK_BENCH=1. */
static void a_million_numbers(void **state)
{
	(void)state;
	char text[16], tenant_text[ZK_UUID_TEXT], target[ZK_UUID_TEXT];
	size_t rows[DID_MAPS] = {[DID_TENANT] = 10000, [DID_NUMBERS] = 1000000, [DID_ROUTE] = 1000000}, bytes = 0;
	struct timespec a, b;
	if (!getenv("ZK_BENCH"))
		skip();
	clock_gettime(CLOCK_MONOTONIC, &a);
	assert_int_equal(0, sink.begin(rows, true, sink.arg));
	for (unsigned t = 0; t < 10000; t++) {
		struct zk_uuid u = uuid(0x800000 + t);
		sink.row(DID_TENANT, &u,
			 (const char *[]){"tenant", "t", t % 2 ? "Europe/Berlin" : "Asia/Shanghai", NULL, NULL},
			 sink.arg);
	}
	for (unsigned n = 0; n < 1000000; n++) {
		struct zk_uuid u = uuid(n + 1), o = uuid(0x800000 + n / 100);
		zk_uuid_text(tenant_text, &o);
		zk_uuid_text(target, &u);
		snprintf(text, sizeof text, "021%08u", n);
		sink.row(DID_NUMBERS, &u, (const char *[]){tenant_text, text, "t", "both", "f", NULL, NULL, NULL},
			 sink.arg);
		sink.row(DID_ROUTE, &u, (const char *[]){tenant_text, "t",    "0",  "number", target, NULL, "any", NULL,
							 NULL,        NULL,   "{}", NULL,     NULL,   NULL, NULL,  "f",
							 "queue",     target, NULL, NULL,     NULL,   NULL},
			 sink.arg);
	}
	assert_int_equal(0, sink.end(sink.arg));
	clock_gettime(CLOCK_MONOTONIC, &b);
	for (unsigned m = 0; m < DID_MAPS; m++)
		bytes += zk_store_bytes(store, m);
	print_message("1,000,000 numbers, as many routes, 10,000 tenants: %.2f s, %.0f MB\n",
		      (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9, (double)bytes / 1e6);
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (unsigned n = 0; n < 200000; n++) {
		snprintf(text, sizeof text, "021%08u", n * 5);
		assert_true(found(text, "13800000000") == n * 5 + 1);
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	print_message("a look-up: %.2f us\n",
		      ((double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9) * 1e6 / 200000);
	/* One tenant with ten thousand rules of all kinds. */
	for (unsigned i = 0; i < 10000; i++) {
		struct zk_uuid o = uuid(0x800000);
		zk_uuid_text(tenant_text, &o);
		snprintf(text, sizeof text, "138%05u", i);
		route(0x900000 + i, (struct route){.owner = tenant_text,
						   .priority = "1",
						   .did_match = "number",
						   .of = 1,
						   .caller_match = "prefix",
						   .caller = text});
	}
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (unsigned n = 0; n < 100000; n++)
		found("02100000000", "13800005000");
	clock_gettime(CLOCK_MONOTONIC, &b);
	print_message("a look-up among 10,000 rules for callers of one number: %.2f us\n",
		      ((double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9) * 1e6 / 100000);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(the_larger_priority_then_the_more_precise),
		CASE(each_way_to_say_a_did),
		CASE(notations_of_a_number),
		CASE(what_is_disabled_is_not_there),
		CASE(without_a_route),
		CASE(working_off_duty_holiday),
		CASE(bindings),
		CASE(trunks),
		CASE(trunks_with_names),
		CASE(hours_of_a_package),
		CASE(broken_rows_are_left_out),
		CASE(a_thousand_tables),
		CASE(an_explanation_says_what_speaks_against),
		CASE(a_million_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
