#include "edge_event.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define EDGE_EVENT_NAME(kind, method) [kind] = method,
static const char *const methods[EDGE_KINDS] = {EDGE_EVENTS(EDGE_EVENT_NAME)};

const char *edge_kind_method(enum edge_kind kind)
{
	return (unsigned)kind < EDGE_KINDS ? methods[kind] : "?";
}

static void set_uuid(json_t *o, const char *name, const struct zk_uuid *u)
{
	char text[ZK_UUID_TEXT];
	if (zk_uuid_is_zero(u))
		return;
	zk_uuid_text(text, u);
	json_object_set_new(o, name, json_string(text));
}

static void set_text(json_t *o, const char *name, const char *text)
{
	json_object_set_new(o, name, json_string(text));
}

static void set_rejected(json_t *o, const struct edge_event *e)
{
	set_uuid(o, "call", &e->call);
	set_uuid(o, "tenant", &e->tenant);
	set_text(o, "caller", e->caller);
	set_text(o, "callee", e->callee);
	set_text(o, "source", e->source);
	set_uuid(o, "trunk", &e->trunk);
	set_text(o, "sip_call_id", e->sip_call_id);
	json_object_set_new(o, "code", json_integer(e->code));
	set_text(o, "because", e->because);
	set_uuid(o, "rule", &e->rule);
	json_object_set_new(o, "count", json_integer(e->count ? e->count : 1));
}

static void set_registration(json_t *o, const struct edge_event *e)
{
	set_uuid(o, "tenant", &e->tenant);
	set_text(o, "extension", e->extension);
	set_text(o, "contact", e->contact);
	if (e->kind != EDGE_REGISTERED)
		return;
	json_object_set_new(o, "expires_s", json_integer(e->expires_s));
	set_text(o, "user_agent", e->agent);
	if (!(e->code & EDGE_HELD))
		json_object_set_new(o, "held", json_false());
}

/* `rule` is the host's id, `expires_s` its milliseconds. */
static void set_trunk(json_t *o, const struct edge_event *e)
{
	set_uuid(o, "tenant", &e->tenant);
	set_uuid(o, "trunk", &e->trunk);
	set_uuid(o, "host", &e->rule);
	set_text(o, "state", e->because);
	set_text(o, "address", e->source);
	if (e->agent[0])
		set_text(o, "because", e->agent);
	if (e->expires_s >= 0)
		json_object_set_new(o, "ms", json_integer(e->expires_s));
	json_object_set_new(o, "code", json_integer(e->code));
}

/* `call` is the alarm's id, `rule` the guard's, `trunk` the subject's. */
static void set_guard(json_t *o, const struct edge_event *e)
{
	long long used = 0, limit = 0;
	(void)sscanf(e->contact, "%lld %lld", &used, &limit);
	set_uuid(o, "alarm", &e->call);
	set_uuid(o, "tenant", &e->tenant);
	set_uuid(o, "guard", &e->rule);
	set_text(o, "kind", e->extension);
	set_uuid(o, "subject", &e->trunk);
	set_text(o, "measure", e->because);
	json_object_set_new(o, "percent", json_integer(e->code));
	json_object_set_new(o, "used", json_integer(used));
	json_object_set_new(o, "limit", json_integer(limit));
}

char *edge_event_json(const struct edge_event *e)
{
	json_t *o = json_object();
	json_object_set_new(o, "at", json_integer(e->at_us));
	if (e->kind == EDGE_REJECTED)
		set_rejected(o, e);
	else if (e->kind == EDGE_REGISTERED || e->kind == EDGE_EXPIRED)
		set_registration(o, e);
	else if (e->kind == EDGE_TRUNK_STATE)
		set_trunk(o, e);
	else if (e->kind == EDGE_GUARD)
		set_guard(o, e);
	else if (e->kind == EDGE_BANNED) {
		set_uuid(o, "ban", &e->call);
		set_text(o, "kind", e->extension);
		set_text(o, "what", e->contact);
		set_text(o, "because", e->because);
		if (!zk_uuid_is_zero(&e->tenant)) { /* a lock */
			set_uuid(o, "tenant", &e->tenant);
			set_text(o, "source", e->source);
		}
		json_object_set_new(o, "seconds", json_integer(e->expires_s));
	} else if (e->kind == EDGE_WATCHED) {
		set_uuid(o, "tenant", &e->tenant);
		set_text(o, "extension", e->extension);
		set_text(o, "event", e->because);
		json_object_set_new(o, "expires_s", json_integer(e->expires_s));
	} else {
		set_text(o, "relay", e->because);
		set_text(o, "address", e->source);
		json_object_set_new(o, "living", json_integer(e->count));
	}
	char *text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	if (text)
		memmove(text, text + 1, strlen(text));
	return text;
}
