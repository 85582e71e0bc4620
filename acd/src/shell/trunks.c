/* What the edges and we tell each other of trunks: which calls live on them, and how they are now. */
#include "call/leg.h"
#include "people/extension.h"
#include "shell/daemon.h"
#include "zj_obj.h"
#include <string.h>

/* ---- which calls live ---- */
#define LIVING_EVERY_US (10 * ACD_S)
#define LIVING_CHUNK    500

static void living_heard_h(json_t *result, int code, const char *message, json_t *data, void *arg)
{
	(void)code, (void)message, (void)data, (void)arg;
	if (acd_int(result, "dropped", 0))
		zj_warn("edge", "channels of calls that are over given back n=%lld",
			(long long)acd_int(result, "dropped", 0));
}

static void send_living(struct acd_daemon *d, json_t *calls, bool begin, bool end)
{
	json_t *p = json_pack("{s:o}", "calls", calls);

	if (begin)
		json_object_set_new(p, "begin", json_true());
	if (end)
		json_object_set_new(p, "end", json_true());
	(void)acd_edge_ask_all(d->edge, "edge.calls", p, living_heard_h, NULL);
}

/* A leg that mediad originates is called so (mediad/src/control/leg_methods.c). */
static json_t *living_call(const struct acd_leg *leg)
{
	json_t *row = json_pack("[o, s]", leg->out ? json_sprintf("%s@zongji", leg->id) : json_string(leg->sip_call_id),
				leg->trunk),
	       *asked = leg->asked ? json_copy(leg->asked) : NULL;

	if (asked && leg->answered_at)
		json_object_set_new(asked, "answered_at", json_integer(leg->answered_at));
	if (asked)
		json_array_append_new(row, asked);
	return row;
}

/* An edge that was restarted counts them again, one that missed an end forgets it. */
void acd_trunks_living(struct acd_daemon *d)
{
	struct acd_leg *leg, *next;
	json_t *calls;
	bool begin = true;

	if (!d->acd->media_up || zj_now_us() - d->living_at < LIVING_EVERY_US)
		return;
	d->living_at = zj_now_us();
	calls = json_array();
	HASH_ITER (hh, d->acd->legs, leg, next) {
		bool outside = leg->out && (!leg->ext[0] || (leg->phone && leg->phone->external[0]));

		if ((!leg->trunk[0] && !outside) || leg->ended_at)
			continue;
		json_array_append_new(calls, living_call(leg));
		if (json_array_size(calls) == LIVING_CHUNK) {
			send_living(d, calls, begin, false);
			calls = json_array();
			begin = false;
		}
	}
	send_living(d, calls, begin, true);
}

/* ---- how trunks are ---- */
struct asked {
	struct acd_daemon *d;
	struct zj_rpc_call *call;
	unsigned waiting, heard;
	json_t *trunks; /* id → what all edges say of it */
	struct part {
		struct asked *a;
		unsigned edge;
	} parts[ACD_EDGES];
};

static void destructor(void *arg)
{
	json_decref(((struct asked *)arg)->trunks);
}

/* Of two states the one to worry about: the later one in this list. */
static bool is_worse(const char *one, const char *other)
{
	static const char *const order[] = {"ok",   "up",           "full",   "unknown", "unreachable",
					    "down", "unregistered", "paused", "closed",  "disabled"};
	size_t a = 0, b = 0;

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(order); i++) {
		a = !strcmp(order[i], one) ? i : a;
		b = !strcmp(order[i], other) ? i : b;
	}
	return a > b;
}

static void take_worse(json_t *into, const json_t *from)
{
	if (is_worse(acd_str(from, "state"), acd_str(into, "state")))
		json_object_set(into, "state", json_object_get(from, "state"));
}

static void add_counts(json_t *into, const json_t *from)
{
	static const char *const counts[] = {"attempts", "answered"};

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(counts); i++)
		json_object_set_new(into, counts[i],
				    json_integer(acd_int(into, counts[i], 0) + acd_int(from, counts[i], 0)));
	if (acd_int(from, "failures", 0) > acd_int(into, "failures", 0))
		json_object_set(into, "failures", json_object_get(from, "failures"));
}

/* A host that one edge does not reach is one to look at; the time is the slowest edge's. */
static void add_hosts(json_t *into, const json_t *from)
{
	json_t *host, *mine;
	size_t i, k;

	json_array_foreach (from, i, host)
		json_array_foreach (into, k, mine)
			if (!strcmp(acd_str(mine, "id"), acd_str(host, "id"))) {
				take_worse(mine, host);
				if (acd_int(host, "ms", -1) > acd_int(mine, "ms", -1))
					json_object_set(mine, "ms", json_object_get(host, "ms"));
			}
}

static void add_trunk(struct asked *a, const char *edge, json_t *t)
{
	json_t *one = json_pack("{s:s, s:O, s:O}", "edge", edge, "state", json_object_get(t, "state"), "calls",
				json_object_get(t, "calls")),
	       *all = json_object_get(a->trunks, acd_str(t, "trunk"));

	if (!all) {
		all = t;
		json_object_set_new(all, "edges", json_array());
		json_object_set(a->trunks, acd_str(t, "trunk"), all);
	} else {
		take_worse(all, t);
		add_counts(all, t);
		add_hosts(json_object_get(all, "hosts"), json_object_get(t, "hosts"));
	}
	json_array_append_new(json_object_get(all, "edges"), one);
}

/* An edge counts its own calls at once, and those of the others when it hears of them: of several edges' calls we know
 * better how many they are. */
static void count_calls(struct asked *a)
{
	struct acd_leg *leg, *next;
	const char *id;
	json_t *t;

	json_object_foreach (a->trunks, id, t)
		json_object_set_new(t, "calls", json_integer(0));
	HASH_ITER (hh, a->d->acd->legs, leg, next) {
		t = leg->ended_at ? NULL : json_object_get(a->trunks, leg->trunk);
		if (t)
			json_object_set_new(t, "calls", json_integer(acd_int(t, "calls", 0) + 1));
	}
}

static void finish(struct asked *a)
{
	json_t *list = json_array(), *t;
	const char *id;

	if (a->heard > 1)
		count_calls(a);
	json_object_foreach (a->trunks, id, t)
		json_array_append(list, t);
	if (a->heard) {
		zj_rpc_reply(a->call, json_pack("{s:o}", "trunks", list));
	} else {
		json_decref(list);
		zj_rpc_fail(a->call, ZJ_RPC_OVERLOAD, "no edge answers", NULL);
	}
	zj_deref(a);
}

static void heard_h(json_t *result, int code, const char *message, json_t *data, void *arg)
{
	struct part *part = arg;
	struct asked *a = part->a;
	const char *edge = acd_edge_name(a->d->edge, part->edge);
	json_t *t;
	size_t i;

	(void)data;
	if (result)
		a->heard++;
	else
		zj_warn("edge", "trunks not told edge=%s code=%d because=%s", edge, code,
			zj_log_esc(message ? message : ""));
	json_array_foreach (json_object_get(result, "trunks"), i, t)
		add_trunk(a, edge, t);
	if (--a->waiting == 0)
		finish(a);
}

void acd_trunks_now(struct acd_daemon *d, const char *tenant, struct zj_rpc_call *call)
{
	struct asked *a = zj_alloc(sizeof(*a), destructor);

	if (!a) {
		zj_rpc_fail(call, ZJ_RPC_INTERNAL, "out of memory", NULL);
		return;
	}
	a->d = d;
	a->call = call;
	a->trunks = json_object();
	for (unsigned i = 0; i < ACD_EDGES; i++) {
		json_t *p = *tenant ? json_pack("{s:s}", "tenant", tenant) : json_object();

		a->parts[i] = (struct part){a, i};
		a->waiting += !acd_edge_ask(d->edge, i, "edge.trunks", p, heard_h, &a->parts[i]);
	}
	if (!a->waiting)
		finish(a);
}
