#include "edge_flow.h"
#include "edge_mod.h"
#include "edge_share.h"
#include "edge_usrloc.h"
#include "zk_log.h"
#include "zk_trunk.h"
#include <errno.h>
#include <modules/htable/ht_api.h>

#include <modules/htable/api.h> /* needs that one before */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SET_MAX 32 /* contacts of one address in one message */
#define REG_OK  "registered"

static struct edge_peers *links;
static htable_api_t htable;
static int slot[EDGE_PEERS_MAX]; /* of usrloc, that is said next to a peer whose link is new */
static unsigned long dropped;    /* events that we never saw */
/* Peers that died: the slot of usrloc up to which their phones have been seen to, while `is_losing`. */
static struct {
	bool is_losing;
	int slot;
	struct edge_lost sum;
} lost[EDGE_PEERS_MAX];
static void (*drain)(void *arg);
static void *drain_arg;

/* ---- contacts ---- */
/* The members of a contact in a message, in this order. */
#define TEXTS(X)                                                                                                       \
	X(ruid, 128) X(contact, 512) X(received, 256) X(path, 640) X(callid, 256) X(user_agent, 256) X(instance, 256)
#define NUMBERS(X) X(expires) X(last_modified) X(cseq) X(q) X(reg_id) X(flags) X(cflags) X(methods)

static json_t *contact_json(const struct edge_contact *c)
{
	json_t *a = json_array();
	char path[EDGE_PATH_MAX];
	struct edge_contact to = *c;
	if (!edge_flow_path(path, c))
		path[0] = '\0';
	to.path = path;
#define PUT_TEXT(name, size) json_array_append_new(a, edge_bytes_json(to.name, strnlen(to.name, (size)-1)));
#define PUT_NUMBER(name)     json_array_append_new(a, json_integer((json_int_t)to.name));
	TEXTS(PUT_TEXT)
	NUMBERS(PUT_NUMBER)
	return a;
}

struct text_room {
#define TEXT_ROOM(name, size) char name[size];
	TEXTS(TEXT_ROOM)
};

static bool contact_of(struct edge_contact *c, struct text_room *room, const json_t *a, int owner)
{
	size_t i = 0;
	bool ok = true;
	memset(c, 0, sizeof *c);
#define GET_TEXT(name, size)                                                                                           \
	ok &= edge_json_bytes(room->name, size, json_array_get(a, i++));                                               \
	c->name = room->name;
#define GET_NUMBER(name) c->name = (typeof(c->name))json_integer_value(json_array_get(a, i++));
	TEXTS(GET_TEXT)
	NUMBERS(GET_NUMBER)
	c->socket = "";
	c->owner = owner;
	return ok && c->ruid[0] && !strncmp(c->path, "<sip:", 5);
}

struct said {
	unsigned peer;
	char aor[284];
	json_t *contacts;
};

static void say_set(struct said *s)
{
	json_t *a = edge_bytes_json(s->aor, strlen(s->aor));
	if (s->aor[0] && a && s->contacts)
		edge_peers_say(links, s->peer, json_pack("{s:O,s:O}", "aor", a, "contacts", s->contacts));
	json_decref(a);
	json_decref(s->contacts);
	s->contacts = json_array();
}

/* The contacts of one address come one after the other. */
static void said_h(const struct edge_contact *c, void *arg)
{
	struct said *s = arg;
	char aor[sizeof s->aor];
	if (c->owner || snprintf(aor, sizeof aor, "%s@%s", c->aor, c->domain) >= (int)sizeof aor)
		return;
	if (strcmp(aor, s->aor) != 0) {
		if (json_array_size(s->contacts))
			say_set(s);
		memcpy(s->aor, aor, sizeof aor);
	}
	if (json_array_size(s->contacts) < SET_MAX)
		json_array_append_new(s->contacts, contact_json(c));
}

/* Also that there is none any more. */
static void say_address(const char *aor)
{
	struct said s = {.peer = EDGE_PEERS_MAX, .contacts = json_array()};
	if (!zk_copy(s.aor, sizeof s.aor, aor, strlen(aor)))
		return;
	edge_usrloc_walk_aor(aor, said_h, &s);
	say_set(&s);
	json_decref(s.contacts);
}

static bool more_h(unsigned peer, void *arg)
{
	struct said s = {.peer = peer, .contacts = json_array()};
	(void)arg;
	bool there = edge_usrloc_walk_slot(slot[peer]++, said_h, &s);
	if (json_array_size(s.contacts))
		say_set(&s);
	json_decref(s.contacts);
	return there;
}

static void hear_set(unsigned peer, const json_t *m)
{
	static struct edge_contact c[SET_MAX];
	static struct text_room room[SET_MAX];
	json_t *list = json_object_get(m, "contacts"), *one;
	char aor[284];
	unsigned n = 0;
	size_t i;
	if (!edge_json_bytes(aor, sizeof aor, json_object_get(m, "aor")) || !json_is_array(list))
		return;
	json_array_foreach (list, i, one)
		if (n < SET_MAX && contact_of(&c[n], &room[n], one, (int)peer + 1))
			n++;
	edge_usrloc_take((int)peer + 1, strcmp(edge_peers_known->peer[peer].name, edge_peers_known->name) > 0, aor, c,
			 n);
}

/* ---- entries of hash tables ---- */
static void hear_shared(const json_t *m)
{
	char table[24], key[264], value[136];
	int_str v = {0}, s = {.n = (int)json_integer_value(json_object_get(m, "seconds"))};
	json_int_t add = json_integer_value(json_object_get(m, "add"));
	if (!htable.set || !edge_json_bytes(table, sizeof table, json_object_get(m, "table")) ||
	    !edge_json_bytes(key, sizeof key, json_object_get(m, "key")))
		return;
	str t = {table, (int)strlen(table)}, k = {key, (int)strlen(key)};
	if (add) {
		ht_cell_t *was = htable.get_clone(&t, &k);
		v.n = (int)add + (was && !(was->flags & AVP_VAL_STR) ? (int)was->value.n : 0);
		if (was)
			pkg_free(was);
		htable.set(&t, &k, 0, &v, 1);
	} else if (edge_json_bytes(value, sizeof value, json_object_get(m, "value"))) {
		v.s = (str){value, (int)strlen(value)};
		htable.set(&t, &k, AVP_VAL_STR, &v, 1);
	}
	if (s.n > 0)
		htable.set_expire(&t, &k, 0, &s);
}

static void say_shared(const struct edge_event *e)
{
	json_t *m = json_pack("{s:s,s:o}", "table", e->because, "key", edge_bytes_json(e->contact, strlen(e->contact)));
	if (e->code)
		json_object_set_new(m, "add", json_integer(e->code));
	else
		json_object_set_new(m, "value", edge_bytes_json(e->agent, strlen(e->agent)));
	if (e->expires_s > 0)
		json_object_set_new(m, "seconds", json_integer(e->expires_s));
	edge_peers_say(links, EDGE_PEERS_MAX, m);
}

/* ---- trunks ---- */
static void say_trunk(unsigned peer, const char *trunk, const char *state)
{
	edge_peers_say(links, peer, json_pack("{s:s,s:s}", "trunk", trunk, "registration", state));
}

static void hear_trunk(const json_t *m)
{
	zk_trunk_elsewhere_f elsewhere = (zk_trunk_elsewhere_f)find_export(ZK_TRUNK_ELSEWHERE, 0, 0);
	const char *id = json_string_value(json_object_get(m, "trunk")),
		   *state = json_string_value(json_object_get(m, "registration"));
	struct zk_uuid trunk;
	if (elsewhere && id && state && zk_uuid_parse(&trunk, id))
		elsewhere(&trunk, state);
}

#define TURN_US 20000 /* then the others have their turn, or we are taken for dead ourselves */
static void lose(unsigned peer, int64_t until_us)
{
	while (lost[peer].is_losing && (!until_us || edge_mono_us() < until_us)) {
		lost[peer].is_losing = edge_usrloc_lost((int)peer + 1, lost[peer].slot++, &lost[peer].sum);
		drain(drain_arg);
	}
	if (!lost[peer].is_losing)
		zk_log(ZK_WARN, "phones of the edge that is away peer=%s on_udp=%u on_connections=%u",
		       edge_peers_known->peer[peer].name, lost[peer].sum.on_udp, lost[peer].sum.on_connections);
}

static void up_h(unsigned peer, void *arg)
{
	zk_trunk_ask_f ask = (zk_trunk_ask_f)find_export(ZK_TRUNK_ASK, 0, 0);
	const char *error = NULL;
	json_t *none = json_object(), *all = ask ? ask(ZK_TRUNK_STATUS, none, &error) : NULL, *t;
	struct zk_uuid id;
	size_t i;
	(void)arg;
	slot[peer] = 0;
	if (lost[peer].is_losing) /* what is left of it it says itself */
		lose(peer, 0);
	json_array_foreach (json_object_get(all, "trunks"), i, t) {
		const char *text = json_string_value(json_object_get(t, "trunk")),
			   *state = json_string_value(json_object_get(t, "registration"));
		if (text && state && !strcmp(state, REG_OK) && zk_uuid_parse(&id, text) && edge_owns(&id))
			say_trunk(peer, text, state);
	}
	json_decref(all);
	json_decref(none);
}

static void down_h(unsigned peer, void *arg)
{
	(void)arg;
	memset(&lost[peer], 0, sizeof lost[peer]);
	lost[peer].is_losing = true;
}

static void heard_h(unsigned peer, json_t *m, void *arg)
{
	char aor[284], ruid[128];
	(void)arg;
	if (json_object_get(m, "contacts")) {
		hear_set(peer, m);
		drain(drain_arg);
	} else if (json_object_get(m, "drop")) {
		if (edge_json_bytes(aor, sizeof aor, json_object_get(m, "aor")) &&
		    edge_json_bytes(ruid, sizeof ruid, json_object_get(m, "drop")))
			edge_usrloc_drop(aor, ruid);
	} else if (json_object_get(m, "table"))
		hear_shared(m);
	else if (json_object_get(m, "trunk"))
		hear_trunk(m);
}

static const struct edge_peer_ops ops = {up_h, down_h, heard_h, more_h};

int edge_share_alloc(const char *sip, const char *secret, void (*d)(void *arg), void *arg)
{
	drain = d;
	drain_arg = arg;
	if (!edge_peers_known || !edge_peers_known->n)
		return 0;
	bind_htable_f bind = (bind_htable_f)find_export("bind_htable", 0, 0);
	if (!bind || bind(&htable) < 0)
		zk_log(ZK_ERROR, "module htable is not loaded: bans are not shared");
	int err = edge_peers_alloc(&links, edge_peers_known, secret, sip, &ops, NULL);
	if (err)
		zk_log(ZK_ERROR, "cannot listen for other edges host=%s port=%d because=\"%s\"", edge_peers_known->host,
		       edge_peers_known->port, strerror(err));
	return err;
}

/* ---- events ---- */
static void still_h(const struct edge_contact *c, void *arg)
{
	struct edge_event *e = arg;
	char contact[sizeof e->contact];
	zk_escape(contact, sizeof contact, c->contact, strlen(c->contact));
	if (strcmp(contact, e->contact) != 0)
		return;
	e->code = (e->kind == EDGE_REGISTERED ? e->code : 0) | (c->owner ? 0 : EDGE_HELD);
	e->kind = EDGE_REGISTERED;
	e->expires_s = (int)(c->expires - time(NULL));
}

/* Of two flows of a phone, whose contacts may be the same URI, one may be left: acd hears of what is, not of what was.
 */
static void registration(struct edge_event *e)
{
	bool told = e->code & EDGE_TOLD;
	if (e->code & EDGE_DROP)
		edge_peers_say(
			links, EDGE_PEERS_MAX,
			json_pack("{s:o,s:s}", "aor", edge_bytes_json(e->aor, strlen(e->aor)), "drop", e->sip_call_id));
	e->sip_call_id[0] = '\0';
	if (!told)
		say_address(e->aor);
	if (e->kind == EDGE_EXPIRED || !(e->code & EDGE_HELD))
		edge_usrloc_walk_aor(e->aor, still_h, e);
}

bool edge_share_event(struct edge_event *e)
{
	char trunk[ZK_UUID_TEXT];
	if (!links)
		return e->kind != EDGE_SHARED;
	if (e->kind == EDGE_REGISTERED || e->kind == EDGE_EXPIRED) {
		registration(e);
	} else if (e->kind == EDGE_TRUNK_STATE && !zk_uuid_cmp(&e->trunk, &e->rule) && edge_owns(&e->trunk)) {
		zk_uuid_text(trunk, &e->trunk);
		say_trunk(EDGE_PEERS_MAX, trunk, e->because);
	} else if (e->kind == EDGE_SHARED) {
		say_shared(e);
		return false;
	}
	return true;
}

unsigned edge_share_fds(struct pollfd *fds)
{
	return links ? edge_peers_fds(links, fds) : 0;
}

int edge_share_turn(int64_t now_us)
{
	if (!links)
		return 1000;
	if (dropped != edge_ring_dropped(edge_ring)) { /* what was missed is said with everything else */
		dropped = edge_ring_dropped(edge_ring);
		memset(slot, 0, sizeof slot);
		edge_peers_again(links);
	}
	int wait = edge_peers_turn(links, now_us);
	for (unsigned i = 0; i < edge_peers_known->n; i++)
		if (lost[i].is_losing) {
			lose(i, edge_mono_us() + TURN_US);
			wait = lost[i].is_losing ? 0 : wait;
		}
	return wait;
}
