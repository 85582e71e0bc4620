/* A leg's life: from its first signal to the acknowledgement of its end. */
#include "control/control.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include <zj_log.h>

const char *const md_leg_state_names[MD_L_STATES] = {"trying", "ringing", "early", "answered", "ended"};

/* Which states may follow which. */
static const unsigned may_follow[MD_L_STATES] = {
	[MD_L_TRYING] = 1u << MD_L_RINGING | 1u << MD_L_EARLY | 1u << MD_L_ANSWERED | 1u << MD_L_ENDED,
	[MD_L_RINGING] = 1u << MD_L_EARLY | 1u << MD_L_ANSWERED | 1u << MD_L_ENDED,
	[MD_L_EARLY] = 1u << MD_L_RINGING | 1u << MD_L_ANSWERED | 1u << MD_L_ENDED,
	[MD_L_ANSWERED] = 1u << MD_L_ENDED,
	[MD_L_ENDED] = 0,
};

static void destructor(void *obj)
{
	struct md_leg *l = obj;
	zj_deref(l->sip_call_id);
	zj_deref(l->from);
	zj_deref(l->from_name);
	zj_deref(l->to);
	zj_deref(l->contact);
	json_decref(l->headers);
	json_decref(l->edge);
	json_decref(l->data);
	json_decref(l->final);
	json_decref(l->body);
	json_decref(l->bye_body);
}

int md_leg_alloc(struct md_leg **lp, struct md_control *c, const char *id, const char *call, const char *tenant,
		 struct md_peer *controller)
{
	struct md_leg *l = zj_alloc(sizeof(*l), destructor);
	if (!l)
		return ENOMEM;
	l->ctl = c;
	memcpy(l->id, id, ZJ_UUID_LEN);
	memcpy(l->call, call, ZJ_UUID_LEN);
	memcpy(l->tenant, tenant, ZJ_UUID_LEN);
	l->controller = controller;
	l->serial = ++c->serial;
	l->codec = MD_CODEC_NONE;
	l->started_us = zj_now_us();
	l->by = "system";
	int err = md_stream_open(&l->stream, c->engine, l->call, l);
	if (err) {
		zj_deref(l);
		return err;
	}
	zj_ref(l); /* the stream's, until the engine says that it is closed */
	HASH_ADD_STR(c->legs, id, l);
	c->living++;
	*lp = l;
	return 0;
}

struct md_leg *md_leg_find(struct md_control *c, const char *id)
{
	struct md_leg *l;
	HASH_FIND_STR(c->legs, id, l);
	return l;
}

/* The only writer of `state`. False: not possible from here. */
bool md_leg_set_state(struct md_leg *l, enum md_leg_state state, const char *why)
{
	if (l->state == state)
		return true;
	if (!(may_follow[l->state] & 1u << state)) {
		zj_warn("leg", "bogus state change: old=%s new=%s why=%s leg=%s call=%s", md_leg_state_names[l->state],
			md_leg_state_names[state], why, l->id, l->call);
		return false;
	}
	zj_info("leg", "state: old=%s new=%s why=%s leg=%s call=%s tenant=%s", md_leg_state_names[l->state],
		md_leg_state_names[state], zj_log_esc(why), l->id, l->call, l->tenant);
	l->state = state;
	int64_t now = zj_now_us();
	if (state == MD_L_RINGING && !l->ringing_us)
		l->ringing_us = now;
	if (state == MD_L_EARLY && !l->early_us)
		l->early_us = now;
	if (state == MD_L_ANSWERED)
		l->answered_us = now;
	if (state == MD_L_ENDED)
		l->ended_us = now;
	return true;
}

static void tell_end(struct md_leg *l)
{
	struct md_control *c = l->ctl;
	if (l->controller != c->owner)
		md_peer_event(l->controller, "leg.hungup", json_copy(l->final));
	l->hungup_seq = md_peer_event(c->owner, "leg.hungup", json_copy(l->final));
}

static void finish(struct md_leg *l)
{
	json_t *o = md_leg_event(l);
	json_t *st =
		json_pack("{s:I,s:I,s:I,s:f,s:f,s:f,s:f}", "rx_packets", (json_int_t)l->stats.rx_packets, "rx_lost",
			  (json_int_t)l->stats.rx_lost, "tx_packets", (json_int_t)l->stats.tx_packets, "jitter_ms",
			  l->stats.jitter_ms, "rtt_ms", l->stats.rtt_ms, "loss", l->stats.loss, "mos", l->stats.mos);
	json_object_update_new(st,
			       json_pack("{s:f,s:f,s:f,s:I,s:I}", "jitter_max_ms", l->stats.jitter_max_ms, "far_loss",
					 l->stats.far_loss, "far_jitter_ms", l->stats.far_jitter_ms, "concealed",
					 (json_int_t)l->stats.concealed, "late", (json_int_t)l->stats.late));
	json_object_set_new(o, "by", json_string(l->by));
	json_object_set_new(o, "sip_code", json_integer(l->sip_code));
	json_object_set_new(o, "cause", json_integer(l->cause));
	json_object_set_new(o, "reason", json_string(l->reason));
	json_object_set_new(o, "stats", st);
	if (l->body)
		json_object_set(o, "body", l->body);
	json_t *whole = md_leg_json(l);
	static const char *const more[] = {"dir",     "codec",      "sip_call_id", "contact",        "relay",
					   "edge",    "started_at", "ringing_at",  "early_media_at", "answered_at",
					   "ended_at"};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(more); i++) {
		json_t *v = json_object_get(whole, more[i]);
		if (v)
			json_object_set(o, more[i], v);
	}
	json_decref(whole);
	l->final = o;
	tell_end(l);
	DL_APPEND2(l->ctl->ended, l, e_prev, e_next);
}

/* The stream's reference ends here. */
void md_leg_media_closed(struct md_leg *l, const struct md_stats *st)
{
	l->stats = *st;
	l->stream = NULL;
	if (!l->stillborn) {
		finish(l);
		md_leg_drop_if_done(l);
	}
	zj_deref(l);
}

void md_leg_drop_if_done(struct md_leg *l)
{
	struct md_control *c = l->ctl;
	if (!l->final || c->owner->acked < l->hungup_seq || (l->controller != c->owner && !l->done))
		return;
	DL_DELETE2(c->ended, l, e_prev, e_next);
	HASH_DEL(c->legs, l);
	zj_deref(l);
}

/* SIP is over (or parted with); everything else goes now. */
static void over(struct md_leg *l)
{
	if (!md_leg_set_state(l, MD_L_ENDED, l->reason[0] ? l->reason : l->by))
		return;
	l->ctl->living--;
	if (l->collect.on)
		md_collect_end(l, "stopped", 0);
	md_leg_play_drop(l);
	if (l->recording)
		md_recording_owner_gone(l->recording, MD_REC_HUNGUP);
	if (l->work)
		md_work_leg_gone(l->work);
	l->work = NULL;
	if (l->room)
		md_room_leave(l);
	md_stream_close(l->stream);
}

/* Of what its BYE shall carry. */
static const char *body_part(const struct md_leg *l, const char *key)
{
	return json_string_value(json_object_get(l->bye_body, key));
}

void md_leg_end(struct md_leg *l, const char *by, int code, int cause, const char *reason)
{
	struct md_dialog *d = l->dialog;
	if (l->state == MD_L_ENDED)
		return;
	l->by = by;
	l->cause = cause ? cause : 16;
	snprintf(l->reason, sizeof(l->reason), "%s", reason ? reason : "");
	bool refuse = !l->out && !l->answering && l->state != MD_L_ANSWERED;
	l->sip_code = refuse                                      ? code
		      : l->state == MD_L_ANSWERED || l->answering ? 200
		      : l->out && !strcmp(by, "us")               ? 487
								  : code;
	l->dialog = NULL;
	if (d && refuse)
		md_dialog_reject(d, code, cause, reason);
	else if (d)
		md_dialog_hangup(d, l->cause, reason, body_part(l, "type"), body_part(l, "text"));
	over(l);
}

json_t *md_leg_event(const struct md_leg *l)
{
	return json_pack("{s:s,s:s,s:s}", "leg", l->id, "call", l->call, "tenant", l->tenant);
}

void md_leg_tell(struct md_leg *l, const char *method, json_t *params)
{
	md_peer_event(l->controller, method, params);
}

/* Its controller vanished. */
void md_leg_return(struct md_leg *l)
{
	struct md_control *c = l->ctl;
	json_t *o = md_leg_event(l);
	json_object_set_new(o, "controller", json_string(l->controller->name));
	json_object_set_new(o, "state", md_leg_json(l));
	zj_warn("leg", "its controller is gone, the owner has it again: controller=%s leg=%s call=%s",
		l->controller->name, l->id, l->call);
	l->controller = c->owner;
	if (l->collect.on)
		md_collect_end(l, "stopped", 0);
	md_peer_event(c->owner, "leg.handover_failed", o);
	if (l->state == MD_L_ENDED)
		md_leg_drop_if_done(l);
}

static void set_time(json_t *o, const char *key, int64_t us)
{
	if (us)
		json_object_set_new(o, key, json_integer(us));
}

static void set_text(json_t *o, const char *key, const char *s)
{
	json_object_set_new(o, key, json_string(s ? s : ""));
}

json_t *md_leg_json(const struct md_leg *l)
{
	json_t *o = md_leg_event(l);
	set_text(o, "dir", l->out ? "out" : "in");
	set_text(o, "state", md_leg_state_names[l->state]);
	set_text(o, "controller", l->controller->name);
	if (l->room)
		set_text(o, "room", l->room->id);
	set_text(o, "sip_call_id", l->sip_call_id);
	set_text(o, "from", l->from);
	set_text(o, "from_name", l->from_name);
	set_text(o, "to", l->to);
	if (l->contact)
		set_text(o, "contact", l->contact);
	if (l->relay[0])
		set_text(o, "relay", l->relay);
	json_object_set(o, "headers", l->headers);
	if (l->edge)
		json_object_set(o, "edge", l->edge);
	set_time(o, "started_at", l->started_us);
	set_time(o, "ringing_at", l->ringing_us);
	set_time(o, "early_media_at", l->early_us);
	set_time(o, "answered_at", l->answered_us);
	set_time(o, "ended_at", l->ended_us);
	if (l->codec != MD_CODEC_NONE)
		set_text(o, "codec", md_codec_title(l->codec));
	json_object_set_new(o, "held", json_boolean(l->held));
	if (l->loading || l->playing)
		set_text(o, "play", l->loading ? l->loading->id : ((struct md_play_info *)l->playing->tag)->id);
	if (l->data)
		json_object_set(o, "data", l->data);
	if (l->final)
		json_object_set(o, "final", l->final);
	return o;
}

static void watch(struct md_leg *l, int64_t now)
{
	const struct md_conf *conf = l->ctl->conf;
	if (l->state == MD_L_ENDED)
		return;
	if (!l->out && !l->taken && now - l->started_us > conf->no_owner_ms * 1000) {
		zj_error("leg", "nobody took the call: leg=%s call=%s", l->id, l->call);
		md_leg_end(l, "system", 503, 41, "no controller");
	} else if (l->state == MD_L_ANSWERED && now - l->started_us > conf->max_call_s * 1000000) {
		md_leg_end(l, "system", 200, 31, "longest call");
	} else if (l->state != MD_L_ANSWERED && now > l->deadline_us) {
		md_leg_end(l, "system", l->out ? 408 : 480, 19, "no answer");
	}
}

void md_legs_watch(struct md_control *c)
{
	struct md_leg *l, *next;
	int64_t now = zj_now_us();
	HASH_ITER (hh, c->legs, l, next) {
		watch(l, now);
		md_passage_watch(l, now);
	}
}

/* The dialog has ended, by the far end or by itself. */
void md_leg_sip_ended(struct md_leg *l, const struct md_ended *e)
{
	l->dialog = NULL;
	l->by = e->by_far ? "far" : "system";
	l->sip_code = e->code;
	l->cause = e->cause;
	snprintf(l->reason, sizeof(l->reason), "%s", e->reason);
	if (e->body) {
		json_t *text = json_string(e->body); /* NULL: not UTF-8 */
		l->body = text ? json_pack("{s:s,s:o}", "type", e->body_type, "text", text) : NULL;
	}
	over(l);
}
