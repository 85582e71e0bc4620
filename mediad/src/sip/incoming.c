/* Calls that come in, until they are answered, refused or sent elsewhere. */
#include "sip/cause.h"
#include "sip/ua.h"
#include <errno.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zj_log.h>

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
		void *replaced;
		code = md_dialog_replaces(ua, sip, &replaced);
		json_t *headers = x_headers(sip);
		display_of(sip->sip_from, name, sizeof(name));
		struct md_incoming in = {
			.sip_call_id = d->call_id,
			.from = user_of(sip->sip_from),
			.from_name = name,
			.to = user_of(sip->sip_to),
			.contact = md_sip_contact(sip, contact, sizeof(contact)),
			.headers = headers,
			.replaces = replaced,
		};
		if (!code)
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
	d->early = d->early || early;
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
	md_dialog_part(d);
}

void md_dialog_redirect(struct md_dialog *d, const char *to)
{
	char contact[512];
	snprintf(contact, sizeof(contact), "<%s>", to);
	nua_respond(d->nh, SIP_302_MOVED_TEMPORARILY, SIPTAG_CONTACT_STR(contact), TAG_END());
	md_dialog_part(d);
}
