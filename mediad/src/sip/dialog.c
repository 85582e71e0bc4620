#include "sip/dialog.h"
#include "sip/cause.h"
#include "sip/ua.h"
#include <errno.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_tag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>
#include <zj_log.h>
#include <zj_time.h>

#define PARTING_MS 40000 /* longer than any transaction of ours */

static const char *const state_names[] = {"incoming", "answering", "calling", "up", "parting"};

void md_dialog_set_state(struct md_dialog *d, enum md_dialog_state state)
{
	if (d->state == state)
		return;
	zj_debug("sip", "dialog old=%s new=%s sip_call_id=%s", state_names[d->state], state_names[state],
		 zj_log_esc(d->call_id ? d->call_id : ""));
	d->state = state;
}

int md_dialog_alloc(struct md_dialog **dp, struct md_ua *ua)
{
	struct md_dialog *d = calloc(1, sizeof(*d));
	if (!d)
		return ENOMEM;
	d->ua = ua;
	d->sdp_id = (uint64_t)zj_now_us();
	d->codecs = ua->conf.codecs;
	d->timer = su_timer_create(su_root_task(ua->root), 1000);
	if (!d->timer) {
		free(d);
		return ENOMEM;
	}
	DL_APPEND(ua->dialogs, d);
	*dp = d;
	return 0;
}

void md_dialog_free(struct md_dialog *d)
{
	DL_DELETE(d->ua->dialogs, d);
	su_timer_destroy(d->timer);
	if (d->nh) {
		nua_handle_bind(d->nh, NULL);
		nua_handle_destroy(d->nh);
	}
	free(d->call_id);
	free(d);
}

/* Owner and dialog go separate ways. */
static void part(struct md_dialog *d)
{
	d->owner = NULL;
	md_dialog_set_state(d, MD_D_PARTING);
	su_timer_set_interval(d->timer, md_dialog_timer_h, d, d->dead ? 0 : PARTING_MS);
}

static void end(struct md_dialog *d, bool by_far, int code, const char *reason)
{
	void *owner = d->owner;
	struct md_ended e = {
		.by_far = by_far, .code = code, .cause = d->reason_cause ? d->reason_cause : md_cause_of_code(code)};
	if (d->state == MD_D_PARTING)
		return;
	snprintf(e.reason, sizeof(e.reason), "%s", reason ? reason : "");
	part(d);
	d->ua->ops->ended(owner, &e);
}

void md_dialog_timer_h(su_root_magic_t *magic ZJ_UNUSED, su_timer_t *t ZJ_UNUSED, struct md_dialog *d)
{
	if (d->state == MD_D_PARTING) {
		md_dialog_free(d);
		return;
	}
	if (d->invite_again && d->state == MD_D_UP) {
		d->invite_again = false;
		(void)md_dialog_offer(d, d->hold);
	}
}

const char *md_sip_contact(const sip_t *sip, char *buf, size_t size)
{
	buf[0] = 0;
	if (sip && sip->sip_contact)
		snprintf(buf, size, URL_PRINT_FORMAT, URL_PRINT_ARGS(sip->sip_contact->m_url));
	return buf;
}

static void note_reason(struct md_dialog *d, const sip_t *sip)
{
	for (const sip_reason_t *r = sip ? sip->sip_reason : NULL; r; r = r->re_next)
		if (r->re_protocol && !strcasecmp(r->re_protocol, "Q.850") && r->re_cause)
			d->reason_cause = atoi(r->re_cause);
}

/* ---- incoming ---- */

static json_t *x_headers(const sip_t *sip)
{
	json_t *o = json_object();
	for (const sip_unknown_t *u = sip->sip_unknown; u; u = u->un_next)
		if (u->un_name && !strncasecmp(u->un_name, "X-Zj-", 5) && json_object_size(o) < 32)
			json_object_set_new(o, u->un_name, json_string(u->un_value ? u->un_value : ""));
	return o;
}

static const char *user_of(const sip_addr_t *a)
{
	return a && a->a_url->url_user ? a->a_url->url_user : "";
}

static void display_of(const sip_addr_t *a, char *out, size_t size)
{
	const char *s = a && a->a_display ? a->a_display : "";
	size_t n = strlen(s);
	bool quoted = n >= 2 && s[0] == '"' && s[n - 1] == '"';
	snprintf(out, size, "%.*s", (int)(quoted ? n - 2 : n), s + (quoted ? 1 : 0));
}

static int offer_code(struct md_dialog *d, const sip_t *sip)
{
	switch (md_dialog_take_sdp(d, sip, false)) {
	case 0:
	case ENOENT: /* late offer: ours goes into the answer */
		return 0;
	case ENOTSUP:
		return 488;
	default:
		return 400;
	}
}

void md_dialog_accept(struct md_ua *ua, nua_handle_t *nh, const sip_t *sip)
{
	char contact[256], name[128];
	struct md_dialog *d = NULL;
	int code = ua->stopped || md_dialog_alloc(&d, ua) ? 503 : 0;
	if (code) {
		nua_respond(nh, code, md_code_phrase(code), SIPTAG_RETRY_AFTER_STR("5"), TAG_END());
		nua_handle_destroy(nh);
		return;
	}
	d->nh = nh;
	d->state = MD_D_INCOMING;
	d->call_id = strdup(sip->sip_call_id->i_id);
	nua_handle_bind(nh, d);
	code = d->call_id ? offer_code(d, sip) : 500;
	if (!code) {
		json_t *headers = x_headers(sip);
		display_of(sip->sip_from, name, sizeof(name));
		struct md_incoming in = {
			.sip_call_id = d->call_id,
			.from = user_of(sip->sip_from),
			.from_name = name,
			.to = user_of(sip->sip_to),
			.contact = md_sip_contact(sip, contact, sizeof(contact)),
			.headers = headers,
		};
		code = ua->ops->incoming(ua->arg, d, &in, &d->owner);
		json_decref(headers);
	} else {
		zj_warn("sip", "INVITE refused, its SDP offers nothing we have: code=%d sip_call_id=%s", code,
			zj_log_esc(d->call_id ? d->call_id : ""));
	}
	if (code)
		md_dialog_reject(d, code, 0, NULL);
	else if (d->has_remote)
		md_dialog_tell_media(d);
}

void md_dialog_set_port(struct md_dialog *d, uint16_t port)
{
	d->port = port;
}

bool md_dialog_has_offer(const struct md_dialog *d)
{
	return d->has_remote;
}

const char *md_dialog_call_id(const struct md_dialog *d)
{
	return d->call_id ? d->call_id : "";
}

void md_dialog_progress(struct md_dialog *d, int code)
{
	char sdp[MD_SDP_MAX];
	bool early = code == 183 && d->has_remote;
	if (d->state != MD_D_INCOMING)
		return;
	nua_respond(d->nh, code, md_code_phrase(code), TAG_IF(early, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
		    TAG_IF(early, SIPTAG_PAYLOAD_STR(md_dialog_local_sdp(d, sdp, sizeof(sdp), true))), TAG_END());
}

void md_dialog_answer(struct md_dialog *d)
{
	char sdp[MD_SDP_MAX];
	if (d->state != MD_D_INCOMING)
		return;
	bool answer = d->has_remote;
	d->ack_answer = !answer;
	md_dialog_set_state(d, MD_D_ANSWERING);
	nua_respond(d->nh, SIP_200_OK, SIPTAG_CONTENT_TYPE_STR("application/sdp"),
		    SIPTAG_PAYLOAD_STR(md_dialog_local_sdp(d, sdp, sizeof(sdp), answer)), TAG_END());
}

void md_dialog_reject(struct md_dialog *d, int code, int cause, const char *reason)
{
	char text[128];
	if (cause || reason)
		md_reason_write(text, sizeof(text), cause ? cause : md_cause_of_code(code), reason);
	nua_respond(d->nh, code, md_code_phrase(code), TAG_IF(cause || reason, SIPTAG_REASON_STR(text)),
		    TAG_IF(code == 503, SIPTAG_RETRY_AFTER_STR("5")), TAG_END());
	part(d);
}

void md_dialog_redirect(struct md_dialog *d, const char *to)
{
	char contact[512];
	snprintf(contact, sizeof(contact), "<%s>", to);
	nua_respond(d->nh, SIP_302_MOVED_TEMPORARILY, SIPTAG_CONTACT_STR(contact), TAG_END());
	part(d);
}

void md_dialog_hangup(struct md_dialog *d, int cause, const char *reason)
{
	char text[128];
	md_reason_write(text, sizeof(text), cause ? cause : 16, reason);
	switch (d->state) {
	case MD_D_INCOMING:
		md_dialog_reject(d, 480, cause, reason);
		return;
	case MD_D_ANSWERING:
		d->bye_on_ack = true; /* RFC 3261 15: not before the ACK */
		d->reason_cause = cause;
		break;
	case MD_D_CALLING:
		nua_cancel(d->nh, SIPTAG_REASON_STR(text), TAG_END());
		break;
	case MD_D_UP:
		nua_bye(d->nh, SIPTAG_REASON_STR(text), TAG_END());
		break;
	case MD_D_PARTING:
		return;
	}
	part(d);
}

/* ---- events ---- */

static void provisional(struct md_dialog *d, int status, const sip_t *sip)
{
	char contact[256];
	int err = md_dialog_take_sdp(d, sip, true);
	md_sip_contact(sip, contact, sizeof(contact));
	if (!err) {
		d->offer_open = false;
		md_dialog_tell_media(d);
		if (d->owner)
			d->ua->ops->early(d->owner, contact);
	} else if (status == 180 && d->owner) {
		d->ua->ops->ringing(d->owner, contact);
	}
}

static void connected(struct md_dialog *d, const sip_t *sip)
{
	char contact[256];
	int err = md_dialog_take_sdp(d, sip, true);
	if (err && !(err == ENOENT && d->has_remote)) {
		zj_warn("sip", "answer without a usable SDP, hanging up: sip_call_id=%s",
			zj_log_esc(md_dialog_call_id(d)));
		nua_bye(d->nh, SIPTAG_REASON_STR("Q.850;cause=88;text=\"no common codec\""), TAG_END());
		d->reason_cause = 88;
		end(d, false, 488, "no common codec");
		return;
	}
	d->offer_open = false;
	md_dialog_set_state(d, MD_D_UP);
	md_dialog_tell_media(d);
	d->ua->ops->answered(d->owner, md_sip_contact(sip, contact, sizeof(contact)));
}

static void invite_answer(struct md_dialog *d, int status, const char *phrase, const sip_t *sip)
{
	if (status == 100)
		return;
	if (d->state == MD_D_PARTING) {
		/* The answer crossed our CANCEL. */
		if (status >= 200 && status < 300)
			nua_bye(d->nh, SIPTAG_REASON_STR("SIP;cause=200;text=\"Call completed elsewhere\""), TAG_END());
		return;
	}
	if (d->state == MD_D_UP) {
		md_dialog_offer_result(d, status, sip);
		return;
	}
	if (d->state != MD_D_CALLING)
		return;
	if (status < 200) {
		provisional(d, status, sip);
	} else if (status < 300) {
		connected(d, sip);
	} else {
		note_reason(d, sip);
		end(d, true, status, phrase);
	}
}

static void ack(struct md_dialog *d, const sip_t *sip)
{
	char contact[256];
	bool first = d->state == MD_D_ANSWERING;
	if (d->state == MD_D_PARTING && d->bye_on_ack) {
		char text[128];
		md_reason_write(text, sizeof(text), d->reason_cause ? d->reason_cause : 16, NULL);
		d->bye_on_ack = false;
		nua_bye(d->nh, SIPTAG_REASON_STR(text), TAG_END());
		return;
	}
	if (!first && d->state != MD_D_UP)
		return;
	if (first)
		md_dialog_set_state(d, MD_D_UP);
	if (d->ack_answer) {
		d->ack_answer = false;
		if (md_dialog_take_sdp(d, sip, true) && !d->has_remote) {
			zj_warn("sip", "ACK without an answer to our offer, hanging up: sip_call_id=%s",
				zj_log_esc(md_dialog_call_id(d)));
			nua_bye(d->nh, SIPTAG_REASON_STR("Q.850;cause=88;text=\"no answer to the offer\""), TAG_END());
			d->reason_cause = 88;
			end(d, false, 488, "no answer to the offer");
			return;
		}
		md_dialog_tell_media(d);
	}
	if (first)
		d->ua->ops->answered(d->owner, md_sip_contact(sip, contact, sizeof(contact)));
}

static void refer(struct md_dialog *d, const sip_t *sip)
{
	char to[512];
	if (!sip->sip_refer_to || d->state != MD_D_UP) {
		nua_respond(d->nh, 400, "Missing Refer-To", NUTAG_WITH_THIS(d->ua->nua), TAG_END());
		return;
	}
	snprintf(to, sizeof(to), URL_PRINT_FORMAT, URL_PRINT_ARGS(sip->sip_refer_to->r_url));
	nua_respond(d->nh, SIP_202_ACCEPTED, NUTAG_WITH_THIS(d->ua->nua), TAG_END());
	d->ua->ops->refer(d->owner, to);
}

static void state_changed(struct md_dialog *d, int status, const char *phrase, tagi_t tags[])
{
	int state = nua_callstate_init;
	tl_gets(tags, NUTAG_CALLSTATE_REF(state), TAG_END());
	if (state != nua_callstate_terminated)
		return;
	d->dead = true;
	if (d->state == MD_D_PARTING)
		su_timer_set_interval(d->timer, md_dialog_timer_h, d, 0);
	else
		end(d, true, status >= 300 ? status : d->state == MD_D_UP ? 200 : 487, phrase);
}

static void note_relay(struct md_dialog *d, const sip_t *sip)
{
	for (const sip_unknown_t *u = sip ? sip->sip_unknown : NULL; u; u = u->un_next)
		if (d->owner && u->un_name && u->un_value && !strcasecmp(u->un_name, "X-Zj-Relay"))
			d->ua->ops->relay(d->owner, u->un_value);
}

void md_dialog_event(struct md_dialog *d, nua_event_t event, int status, const char *phrase, const sip_t *sip,
		     tagi_t tags[])
{
	if (event == nua_i_invite || event == nua_i_update || event == nua_r_invite)
		note_relay(d, sip);
	switch (event) {
	case nua_i_invite:
		md_dialog_far_offer(d, sip, false);
		break;
	case nua_i_update:
		md_dialog_far_offer(d, sip, true);
		break;
	case nua_r_invite:
		invite_answer(d, status, phrase, sip);
		break;
	case nua_i_ack:
		ack(d, sip);
		break;
	case nua_i_cancel:
		note_reason(d, sip);
		end(d, true, 487, "cancelled");
		break;
	case nua_i_bye:
		note_reason(d, sip);
		end(d, true, 200, "");
		break;
	case nua_i_refer:
		refer(d, sip);
		break;
	case nua_i_state:
		state_changed(d, status, phrase, tags);
		break;
	default:
		break;
	}
}
