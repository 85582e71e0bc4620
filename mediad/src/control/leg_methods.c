/* leg.*: placing, answering, ending, holding, handing over. */
#include "control/methods.h"
#include <errno.h>
#include <stdio.h>
#include <zj_log.h>

static bool is_unanswered(const struct md_leg *l, struct md_result *res)
{
	if (!l->out && l->dialog && !l->answering && l->state < MD_L_ANSWERED)
		return true;
	md_refuse(res, l->state == MD_L_ENDED ? "ended" : l->out ? "outgoing" : "answered");
	return false;
}

static bool is_up(const struct md_leg *l, struct md_result *res)
{
	if (l->dialog && l->state == MD_L_ANSWERED)
		return true;
	md_refuse(res, l->state == MD_L_ENDED ? "ended" : "not_answered");
	return false;
}

static void leg_progress(struct md_leg *l, const json_t *p, struct md_peer *peer ZJ_UNUSED, struct md_result *res)
{
	int64_t code = md_int(p, "code", 0);
	if (code != 180 && code != 183) {
		md_bad(res, "code: 180 or 183");
		return;
	}
	if (!is_unanswered(l, res))
		return;
	md_dialog_progress(l->dialog, (int)code);
	(void)md_leg_set_state(l, code == 180 ? MD_L_RINGING : MD_L_EARLY, "progress");
	res->state = md_leg_state_names[l->state];
}
MD_LEG_METHOD(progress)

static void leg_answer(struct md_leg *l, const json_t *p ZJ_UNUSED, struct md_peer *peer ZJ_UNUSED,
		       struct md_result *res)
{
	if (!is_unanswered(l, res))
		return;
	l->answering = true;
	md_dialog_answer(l->dialog);
	res->state = md_leg_state_names[l->state];
}
MD_LEG_METHOD(answer)

static bool is_media_type(const char *s)
{
	return strlen(s) <= 80 && strchr(s, '/') &&
	       s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-+./;= ")] == 0;
}

static void leg_hangup(struct md_leg *l, const json_t *p, struct md_peer *peer ZJ_UNUSED, struct md_result *res)
{
	int64_t code = md_int(p, "code", 486), cause = md_int(p, "cause", 0);
	if (!md_within(code, 300, 699, "code: 300 to 699", res) || !md_within(cause, 0, 127, "cause: 1 to 127", res))
		return;
	json_t *body = json_object_get(p, "body");
	const char *type = md_str(body, "type"), *text = md_str(body, "text");
	if (body && (!type || !text || strlen(text) > MD_BODY_MAX || !is_media_type(type))) {
		md_bad(res, "body: {type, text}: a media type, at most 4000 bytes");
		return;
	}
	l->bye_body = json_incref(body);
	md_leg_end(l, "us", (int)code, (int)cause, md_str(p, "reason"));
	res->state = md_leg_state_names[l->state];
}
MD_LEG_METHOD(hangup)

static void leg_move(struct md_leg *l, const json_t *p, struct md_peer *peer ZJ_UNUSED, struct md_result *res)
{
	const char *to = md_str(p, "to");
	if (!is_unanswered(l, res))
		return;
	if (strlen(to) > 400 || strpbrk(to, "<>\" \r\n") || (strncmp(to, "sip:", 4) && strncmp(to, "sips:", 5))) {
		md_bad(res, "to: a SIP URI");
		return;
	}
	struct md_dialog *d = l->dialog;
	l->dialog = NULL;
	md_dialog_redirect(d, to);
	md_leg_end(l, "us", 302, 23, "moved");
	res->state = md_leg_state_names[l->state];
}
MD_LEG_METHOD(move)

static void leg_hold(struct md_leg *l, const json_t *p, struct md_peer *peer ZJ_UNUSED, struct md_result *res)
{
	if (!is_up(l, res))
		return;
	l->holding = json_is_true(json_object_get(p, "on"));
	(void)md_dialog_offer(l->dialog, l->holding); /* EBUSY: it follows by itself */
	res->state = md_leg_state_names[l->state];
}
MD_LEG_METHOD(hold)

/* `codecs`, if there. False, with `res` filled: a word that is none. */
static bool codecs_of(const json_t *p, struct md_codec_list *list, struct md_result *res)
{
	char bad[40];
	const char *text = md_str(p, "codecs");
	list->n = text ? md_codec_list(list->order, text, bad, sizeof(bad)) : 0;
	if (!text || list->n)
		return true;
	snprintf(res->text, sizeof(res->text), "codecs: '%s' is unknown or there twice", zj_log_esc(bad));
	md_bad(res, res->text);
	return false;
}

static void leg_reoffer(struct md_leg *l, const json_t *p, struct md_peer *peer ZJ_UNUSED, struct md_result *res)
{
	struct md_codec_list codecs;
	if (!is_up(l, res) || !codecs_of(p, &codecs, res))
		return;
	if (codecs.n)
		md_dialog_set_codecs(l->dialog, &codecs);
	(void)md_dialog_offer(l->dialog, l->holding);
	res->state = md_leg_state_names[l->state];
}
MD_LEG_METHOD(reoffer)

static void leg_handover(struct md_leg *l, const json_t *p, struct md_peer *peer, struct md_result *res)
{
	struct md_control *c = l->ctl;
	struct md_peer *to = md_peer_find(c, md_str(p, "to"));
	if (!to || (to != c->owner && !md_peer_is_here(to))) {
		md_refuse(res, "no_such_controller");
		return;
	}
	if (l->state == MD_L_ENDED && to != c->owner) {
		md_refuse(res, "ended");
		return;
	}
	if (l->collect.on)
		md_collect_end(l, "stopped", 0);
	json_decref(l->data);
	l->data = json_deep_copy(json_object_get(p, "data"));
	l->controller = to;
	l->done = false;
	zj_info("leg", "handed over: from=%s to=%s", peer->name, to->name);
	json_t *o = md_leg_event(l);
	json_object_set_new(o, "from", json_string(peer->name));
	json_object_set(o, "data", l->data);
	json_object_set_new(o, "state", md_leg_json(l));
	md_leg_tell(l, "leg.handed", o);
	md_leg_drop_if_done(l);
}
MD_LEG_METHOD(handover)

static void leg_done(struct md_leg *l, const json_t *p ZJ_UNUSED, struct md_peer *peer ZJ_UNUSED, struct md_result *res)
{
	if (l->state != MD_L_ENDED) {
		md_refuse(res, "not_ended");
		return;
	}
	l->done = true;
	md_leg_drop_if_done(l);
}
MD_LEG_METHOD(done)

/* ---- originate ---- */

static void originate(struct md_control *c, const json_t *p, struct md_peer *peer, struct md_result *res)
{
	struct md_leg *l;
	const char *because, *controller = md_str(p, "controller");
	struct md_peer *who = controller ? md_peer_find(c, controller) : peer;
	int64_t timeout = md_int(p, "timeout_ms", 60000);
	struct md_codec_list codecs;
	if (!codecs_of(p, &codecs, res))
		return;
	if (!who) {
		md_refuse(res, "no_such_controller");
		return;
	}
	if (!md_within(timeout, 1000, c->conf->ring_max_s * 1000, "timeout_ms: 1000 to the longest ring time", res))
		return;
	if (md_control_is_full(c, &because) && strcmp(because, "draining")) {
		res->code = ZJ_RPC_OVERLOAD;
		res->because = because;
		return;
	}
	int err = md_leg_alloc(&l, c, md_str(p, "leg"), md_str(p, "call"), md_str(p, "tenant"), who);
	if (err) {
		res->code = ZJ_RPC_OVERLOAD;
		res->because = err == EADDRINUSE ? "rtp_ports" : "resources";
		return;
	}
	l->out = l->taken = true;
	l->deadline_us = l->started_us + timeout * 1000;
	l->from = zj_strdup(md_str(p, "from"));
	l->from_name = zj_strdup(md_str(p, "from_name") ? md_str(p, "from_name") : "");
	l->to = zj_strdup(md_str(p, "to"));
	l->sip_call_id = zj_asprintf("%s@zongji", l->id);
	l->headers = json_object_get(p, "headers") ? json_deep_copy(json_object_get(p, "headers")) : json_object();
	struct md_invite inv = {
		.to = l->to,
		.from = l->from,
		.from_name = l->from_name,
		.via = md_str(p, "via"),
		.tenant = l->tenant,
		.call = l->call,
		.call_id = l->sip_call_id,
		.headers = l->headers,
		.rtp_port = md_stream_port(l->stream),
		.codecs = codecs.n ? &codecs : NULL,
		.late = json_is_true(json_object_get(p, "late_offer")),
	};
	err = md_dialog_invite(&l->dialog, c->ua, &inv, l, res->text, sizeof(res->text));
	if (err) {
		res->code = err == EINVAL ? ZJ_RPC_BAD_PARAMS : ZJ_RPC_OVERLOAD;
		res->because = res->text[0] ? res->text : "resources";
		/* It never was: nothing will be told. */
		HASH_DEL(c->legs, l);
		c->living--;
		l->stillborn = true;
		l->state = MD_L_ENDED;
		md_stream_close(l->stream);
		zj_deref(l);
		return;
	}
	md_count(MD_M_CALLS_OUT);
	zj_info("leg", "originate: to=%s from=%s leg=%s call=%s tenant=%s", zj_log_esc(l->to), zj_log_esc(l->from),
		l->id, l->call, l->tenant);
	md_cmd_keep(&l->cmds, md_str(p, "cmd_id"), res);
	res->state = md_leg_state_names[l->state];
}

static void m_leg_originate(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct md_control *c = arg;
	struct md_result res = {0};
	struct md_peer *peer = md_peer_of(conn, call);
	if (!peer)
		return;
	struct md_leg *l = md_leg_find(c, md_str(p, "leg"));
	if (!md_epoch_check(c, peer, p, &res))
		;
	else if (l && strcmp(l->tenant, md_str(p, "tenant")))
		md_refuse(&res, "leg_taken");
	else if (l)
		res.state = md_leg_state_names[l->state]; /* a repetition */
	else
		originate(c, p, peer, &res);
	md_answer(call, &res);
}

const struct zj_rpc_method md_leg_methods[] = {
	{"leg.originate",
	 MD_C " call:u to:s from:s from_name?:s headers?:o timeout_ms?:i controller?:s codecs?:s via?:s late_offer?:b",
	 m_leg_originate, "Calls somebody"},
	{"leg.progress", MD_C " code:i", m_leg_progress, "180, or 183 with early media"},
	{"leg.answer", MD_C, m_leg_answer, "200"},
	{"leg.hangup", MD_C " code?:i cause?:i reason?:s body?:o", m_leg_hangup, "Refuses, cancels or ends"},
	{"leg.move", MD_C " to:s", m_leg_move, "302"},
	{"leg.hold", MD_C " on:b", m_leg_hold, "re-INVITE sendonly or sendrecv"},
	{"leg.reoffer", MD_C " codecs?:s", m_leg_reoffer, "re-INVITE with a fresh offer"},
	{"leg.handover", MD_C " to:s data:o", m_leg_handover, "Another controller takes it"},
	{"leg.done", MD_C, m_leg_done, "Forgets an ended leg"},
	{0},
};
