/* What the SIP half of a leg tells: becomes state and events. */
#include "control/control.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zj_log.h>

#define OVERLOAD_EVERY_US 1000000

bool md_control_is_full(struct md_control *c, const char **because)
{
	*because = c->draining ? "draining" : c->living >= c->conf->max_legs ? "max_legs" : NULL;
	return *because != NULL;
}

static void tell_overload(struct md_control *c, const char *because)
{
	int64_t now = zj_mono_us();
	md_count(MD_M_OVERLOAD);
	if (now - c->overload_us < OVERLOAD_EVERY_US)
		return;
	c->overload_us = now;
	zj_warn("sip", "calls are refused: because=%s legs=%u", because, c->living);
	md_peer_event(c->owner, "overload", json_pack("{s:i,s:s}", "legs", (int)c->living, "because", because));
}

static const char *header(const json_t *headers, const char *name)
{
	const char *key;
	json_t *v;
	json_object_foreach ((json_t *)(uintptr_t)headers, key, v)
		if (!strcasecmp(key, name))
			return json_string_value(v);
	return NULL;
}

static void set_object(char **field, const char *s)
{
	zj_deref(*field);
	*field = zj_strdup(s ? s : "");
}

static void set_contact(struct md_leg *l, const char *contact)
{
	if (contact && contact[0])
		set_object(&l->contact, contact);
}

static int incoming_h(void *arg, struct md_dialog *d, const struct md_incoming *in, void **owner)
{
	struct md_control *c = arg;
	struct md_leg *l;
	char id[ZJ_UUID_SIZE], new_call[ZJ_UUID_SIZE];
	const char *because, *tenant = header(in->headers, "X-Zj-Tenant"), *call = header(in->headers, "X-Zj-Call"),
			     *relay = header(in->headers, "X-Zj-Relay");
	if (md_control_is_full(c, &because)) {
		tell_overload(c, because);
		return 503;
	}
	if (!tenant || !zj_uuid_is_valid(tenant)) {
		zj_warn("sip", "INVITE without a tenant refused: sip_call_id=%s", zj_log_esc(in->sip_call_id));
		return 403;
	}
	if (!call || !zj_uuid_is_valid(call)) {
		zj_uuid7(new_call);
		call = new_call;
	}
	zj_uuid7(id);
	int err = md_leg_alloc(&l, c, id, call, tenant, c->owner);
	if (err) {
		zj_error("sip", "INVITE refused, no media: %s", strerror(err));
		tell_overload(c, err == EADDRINUSE ? "rtp_ports" : "resources");
		return 503;
	}
	set_object(&l->sip_call_id, in->sip_call_id);
	set_object(&l->from, in->from);
	set_object(&l->from_name, in->from_name);
	set_object(&l->to, in->to);
	set_contact(l, in->contact);
	snprintf(l->relay, sizeof(l->relay), "%.*s", (int)sizeof(l->relay) - 1, relay ? relay : "");
	l->headers = json_incref(in->headers);
	l->dialog = d;
	l->deadline_us = l->started_us + c->conf->ring_max_s * 1000000;
	md_dialog_set_port(d, md_stream_port(l->stream));
	*owner = l;
	md_count(MD_M_CALLS_IN);
	zj_info("leg", "incoming: from=%s to=%s sip_call_id=%s leg=%s call=%s tenant=%s", zj_log_esc(l->from),
		zj_log_esc(l->to), zj_log_esc(l->sip_call_id), l->id, l->call, l->tenant);
	json_t *o = md_leg_json(l);
	if (in->replaces)
		json_object_set_new(o, "replaces", json_string(((const struct md_leg *)in->replaces)->id));
	md_leg_tell(l, "leg.incoming", o);
	return 0;
}

static void progress(struct md_leg *l, enum md_leg_state state, const char *event, const char *contact)
{
	set_contact(l, contact);
	if (!md_leg_set_state(l, state, event))
		return;
	json_t *o = md_leg_event(l);
	if (l->codec != MD_CODEC_NONE)
		json_object_set_new(o, "codec", json_string(md_codec_title(l->codec)));
	if (l->contact)
		json_object_set_new(o, "contact", json_string(l->contact));
	if (l->relay[0])
		json_object_set_new(o, "relay", json_string(l->relay));
	if (l->edge)
		json_object_set_new(o, "edge", json_copy(l->edge));
	md_leg_tell(l, event, o);
}

static void ringing_h(void *owner, const char *contact)
{
	struct md_leg *l = owner;
	if (l->state == MD_L_TRYING)
		progress(l, MD_L_RINGING, "leg.ringing", contact);
}

static void early_h(void *owner, const char *contact)
{
	struct md_leg *l = owner;
	if (l->state == MD_L_TRYING || l->state == MD_L_RINGING)
		progress(l, MD_L_EARLY, "leg.early_media", contact);
}

static void answered_h(void *owner, const char *contact)
{
	struct md_leg *l = owner;
	progress(l, MD_L_ANSWERED, "leg.answered", contact);
	if (l->work)
		md_work_answered(l->work);
}

static void media_h(void *owner, const struct md_media *m)
{
	struct md_leg *l = owner;
	if (m->udptl && l->work)
		md_work_t38(l->work);
	if (!m->udptl) {
		l->codec = m->codec;
		l->dtmf_ok = m->dtmf_tx != MD_NO_PT;
	}
	if (l->stream && l->state != MD_L_ENDED)
		md_stream_set_media(l->stream, m);
	md_passage_media(l, m->udptl);
}

static enum md_image image_h(void *owner)
{
	const struct md_leg *l = owner;
	return md_work_is(l->work, MD_WORK_FAX, NULL) ? MD_IMAGE_OURS : md_passage_for(l);
}

static void image_asked_h(void *owner, const char *lines)
{
	md_passage_asked(owner, lines);
}

static void image_answered_h(void *owner, const char *lines)
{
	md_passage_answered(owner, lines);
}

static void held_h(void *owner, bool on)
{
	struct md_leg *l = owner;
	l->held = on;
	md_leg_tell(l, on ? "leg.held" : "leg.unheld", md_leg_event(l));
}

static void refer_h(void *owner, const struct md_refer *r)
{
	struct md_leg *l = owner;
	const struct md_leg *other = r->replaces;
	json_t *o = md_leg_event(l);
	json_object_set_new(o, "to", json_string(r->to));
	if (r->by[0])
		json_object_set_new(o, "by", json_string(r->by));
	if (r->has_replaces)
		json_object_set_new(o, "replaces", other ? json_string(other->id) : json_null());
	md_leg_tell(l, "leg.refer", o);
}

/* Only a change of a call that talks is news; before, the next milestone says it. The owner's alone, whoever has the
 * leg. */
#define EDGE_HEADERS_MAX 8
static void edge_h(void *owner, const char *header, const char *value)
{
	struct md_leg *l = owner;
	if (!l->edge)
		l->edge = json_object();
	if (json_object_get(l->edge, header) || json_object_size(l->edge) < EDGE_HEADERS_MAX)
		json_object_set_new(l->edge, header, json_string(value));
}

static void relay_h(void *owner, const char *relay)
{
	struct md_leg *l = owner;
	if (!strncmp(l->relay, relay, sizeof(l->relay) - 1))
		return;
	snprintf(l->relay, sizeof(l->relay), "%.*s", (int)sizeof(l->relay) - 1, relay);
	if (l->state != MD_L_ANSWERED)
		return;
	json_t *o = md_leg_event(l);
	json_object_set_new(o, "relay", json_string(l->relay));
	md_peer_event(l->ctl->owner, "leg.relay", o);
}

static void notify_h(void *owner, int code, const char *phrase, bool final)
{
	struct md_leg *l = owner;
	json_t *o = md_leg_event(l), *text = json_string(phrase);
	json_object_set_new(o, "code", json_integer(code));
	json_object_set_new(o, "reason", text ? text : json_string(""));
	json_object_set_new(o, "final", json_boolean(final));
	md_leg_tell(l, "leg.notify", o);
}

/* By INFO: it ends a play and is passed on as one in the audio is. */
static void key_h(void *owner, char digit, unsigned ms)
{
	struct md_leg *l = owner;
	if (l->stream && l->state != MD_L_ENDED)
		md_stream_key(l->stream, digit, ms);
}

static void ended_h(void *owner, const struct md_ended *e)
{
	md_leg_sip_ended(owner, e);
}

static bool is_full_h(void *arg)
{
	const char *because;
	return md_control_is_full(arg, &because);
}

const struct md_ua_ops md_leg_ua_ops = {
	.incoming = incoming_h,
	.ringing = ringing_h,
	.early = early_h,
	.answered = answered_h,
	.media = media_h,
	.image = image_h,
	.image_asked = image_asked_h,
	.image_answered = image_answered_h,
	.held = held_h,
	.refer = refer_h,
	.edge = edge_h,
	.relay = relay_h,
	.notify = notify_h,
	.key = key_h,
	.ended = ended_h,
	.is_full = is_full_h,
};
