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
	free(d->asked);
	free(d->call_id);
	free(d->refer_event);
	free(d);
}

/* Owner and dialog go separate ways. */
void md_dialog_part(struct md_dialog *d)
{
	d->owner = NULL;
	md_dialog_set_state(d, MD_D_PARTING);
	su_timer_set_interval(d->timer, md_dialog_timer_h, d, d->dead ? 0 : PARTING_MS);
}

/* Printable text in a body that we pass on. */
static const char *body_text(const sip_t *sip, char *buf, size_t size)
{
	const sip_payload_t *pl = sip ? sip->sip_payload : NULL;
	if (!pl || !pl->pl_len || pl->pl_len >= size || !sip->sip_content_type)
		return NULL;
	memcpy(buf, pl->pl_data, pl->pl_len);
	buf[pl->pl_len] = 0;
	return strlen(buf) == pl->pl_len ? buf : NULL;
}

static void end_with(struct md_dialog *d, bool by_far, int code, const char *reason, const sip_t *sip)
{
	char body[MD_BODY_MAX + 1];
	void *owner = d->owner;
	struct md_ended e = {
		.by_far = by_far, .code = code, .cause = d->reason_cause ? d->reason_cause : md_cause_of_code(code)};
	if (d->state == MD_D_PARTING)
		return;
	snprintf(e.reason, sizeof(e.reason), "%s", reason ? reason : "");
	e.body = body_text(sip, body, sizeof(body));
	e.body_type = e.body && sip ? sip->sip_content_type->c_type : NULL;
	md_dialog_part(d);
	d->ua->ops->ended(owner, &e);
}

static void end(struct md_dialog *d, bool by_far, int code, const char *reason)
{
	end_with(d, by_far, code, reason, NULL);
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

void md_dialog_hangup(struct md_dialog *d, int cause, const char *reason, const char *body_type, const char *body)
{
	char text[256];
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
		nua_bye(d->nh, SIPTAG_REASON_STR(text), TAG_IF(body, SIPTAG_CONTENT_TYPE_STR(body_type)),
			TAG_IF(body, SIPTAG_PAYLOAD_STR(body)), TAG_END());
		break;
	case MD_D_PARTING:
		return;
	}
	md_dialog_part(d);
}

/* ---- events ---- */

static void provisional(struct md_dialog *d, int status, const sip_t *sip)
{
	char contact[256];
	md_sip_contact(sip, contact, sizeof(contact));
	/* Without an offer of ours its SDP is one, and only final when it is sent reliably. */
	int err = d->late && !sip->sip_rseq ? ENOENT : md_dialog_take_sdp(d, sip, !d->late);
	if (d->late && sip->sip_rseq)
		md_dialog_prack(d, !err);
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
	bool late = d->late && d->offer_open;
	int err = md_dialog_take_sdp(d, sip, !late);
	if (d->late)
		md_dialog_ack(d, late && !err);
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
		if (status >= 200 && status < 300 && d->late)
			md_dialog_ack(d, false);
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

/* What our own edge adds: the relay, and to answers which trunk they come from. */
static void note_edge(struct md_dialog *d, const sip_t *sip, bool answer)
{
	for (const sip_unknown_t *u = sip ? sip->sip_unknown : NULL; u; u = u->un_next) {
		if (!d->owner || !u->un_name || !u->un_value || strncasecmp(u->un_name, "X-Zj-", 5) != 0)
			continue;
		if (!strcasecmp(u->un_name, "X-Zj-Relay"))
			d->ua->ops->relay(d->owner, u->un_value);
		else if (answer)
			d->ua->ops->edge(d->owner, u->un_name, u->un_value);
	}
}

void md_dialog_event(struct md_dialog *d, nua_event_t event, int status, const char *phrase, const sip_t *sip,
		     tagi_t tags[])
{
	if (event == nua_i_invite || event == nua_i_update || event == nua_r_invite)
		note_edge(d, sip, event == nua_r_invite);
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
		if (d->state == MD_D_UP) { /* its offer within the call */
			free(d->asked);
			d->asked = NULL;
			break;
		}
		note_reason(d, sip);
		end(d, true, 487, "cancelled");
		break;
	case nua_i_bye:
		note_reason(d, sip);
		end_with(d, true, 200, "", sip);
		break;
	case nua_i_refer:
		md_dialog_referred(d, sip, tags);
		break;
	case nua_r_refer:
		md_dialog_refer_result(d, status, phrase);
		break;
	case nua_i_notify:
		md_dialog_notified(d, sip);
		break;
	case nua_i_info:
		md_dialog_info_in(d, sip);
		break;
	case nua_r_info:
		md_dialog_info_result(d, status);
		break;
	case nua_i_state:
		state_changed(d, status, phrase, tags);
		break;
	default:
		break;
	}
}
