/* REFER both ways (RFC 3515), and Replaces (RFC 3891), which names one of our dialogs. */
#include "sip/cause.h"
#include "sip/ua.h"
#include <errno.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/url.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#define URI_MAX 512

static struct md_dialog *dialog_of(struct md_ua *ua, const nua_handle_t *nh)
{
	struct md_dialog *d;
	DL_FOREACH (ua->dialogs, d)
		if (nh && d->nh == nh)
			return d;
	return NULL;
}

static struct md_dialog *by_replaces(struct md_ua *ua, const sip_replaces_t *rp)
{
	nua_handle_t *nh = rp ? nua_handle_by_replaces(ua->nua, rp) : NULL;
	struct md_dialog *d = dialog_of(ua, nh);
	if (nh)
		nua_handle_unref(nh);
	return d;
}

/* RFC 3891 3: may that dialog be replaced? 0, or the code to refuse with. */
int md_dialog_replaces(struct md_ua *ua, const sip_t *sip, void **owner)
{
	const sip_replaces_t *rp = sip->sip_replaces;
	*owner = NULL;
	if (!rp)
		return 0;
	struct md_dialog *d = by_replaces(ua, rp);
	if (!d)
		return 481;
	if (d->state == MD_D_PARTING)
		return 603;
	if (d->state == MD_D_INCOMING)
		return 481; /* an early dialog that the far end began */
	if (rp->rp_early_only && d->state != MD_D_CALLING)
		return 486;
	*owner = d->owner;
	return 0;
}

/* The value of `?Replaces=` in the URI's headers. */
static bool replaces_text(const char *headers, char *out, size_t size)
{
	for (const char *p = headers; p && *p; p += strcspn(p, "&"), p += *p == '&') {
		size_t n = strcspn(p, "&");
		if (n < 9 || strncasecmp(p, "Replaces=", 9) || n - 9 >= size)
			continue;
		memcpy(out, p + 9, n - 9);
		out[n - 9] = 0;
		url_unescape(out, out);
		return true;
	}
	return false;
}

void md_dialog_referred(struct md_dialog *d, const sip_t *sip, tagi_t tags[])
{
	char to[URI_MAX], by[URI_MAX] = "", text[URI_MAX];
	const sip_refer_to_t *r = sip->sip_refer_to;
	struct md_refer in = {.to = to, .by = by};
	const sip_event_t *event = NULL;
	if (!r || d->state != MD_D_UP) {
		nua_respond(d->nh, 400, "Missing Refer-To", NUTAG_WITH_THIS(d->ua->nua), TAG_END());
		return;
	}
	url_t url = *r->r_url;
	if (replaces_text(url.url_headers, text, sizeof(text))) {
		su_home_t home[1] = {SU_HOME_INIT(home)};
		struct md_dialog *other = by_replaces(d->ua, sip_replaces_make(home, text));
		in.replaces = other ? other->owner : NULL;
		in.has_replaces = true;
		su_home_deinit(home);
	}
	url.url_headers = NULL;
	snprintf(to, sizeof(to), URL_PRINT_FORMAT, URL_PRINT_ARGS(&url));
	if (sip->sip_referred_by)
		snprintf(by, sizeof(by), URL_PRINT_FORMAT, URL_PRINT_ARGS(sip->sip_referred_by->b_url));
	tl_gets(tags, NUTAG_REFER_EVENT_REF(event), TAG_END());
	free(d->refer_event);
	d->refer_event = event && event->o_type ? malloc(128) : NULL;
	if (d->refer_event)
		snprintf(d->refer_event, 128, "%s%s%s", event->o_type, event->o_id ? ";id=" : "",
			 event->o_id ? event->o_id : "");
	nua_respond(d->nh, SIP_202_ACCEPTED, NUTAG_WITH_THIS(d->ua->nua), TAG_END());
	d->ua->ops->refer(d->owner, &in);
}

int md_dialog_notify(struct md_dialog *d, int code)
{
	char frag[128];
	if (d->state != MD_D_UP || !d->refer_event)
		return EINVAL;
	bool final = code >= 200;
	snprintf(frag, sizeof(frag), "SIP/2.0 %d %s\r\n", code, code == 100 ? "Trying" : md_code_phrase(code));
	nua_notify(d->nh, SIPTAG_EVENT_STR(d->refer_event),
		   NUTAG_SUBSTATE(final ? nua_substate_terminated : nua_substate_active),
		   TAG_IF(final, SIPTAG_SUBSCRIPTION_STATE_STR("terminated;reason=noresource")),
		   SIPTAG_CONTENT_TYPE_STR("message/sipfrag;version=2.0"), SIPTAG_PAYLOAD_STR(frag), TAG_END());
	if (final) {
		free(d->refer_event);
		d->refer_event = NULL;
	}
	return 0;
}

int md_dialog_refer(struct md_dialog *d, const char *to, struct md_dialog *replaces)
{
	char text[2 * URI_MAX], escaped[URI_MAX];
	su_home_t home[1] = {SU_HOME_INIT(home)};
	int err = 0;
	if (d->state != MD_D_UP || d->refer_open)
		return EBUSY;
	if (replaces) {
		sip_replaces_t *rp = nua_handle_make_replaces(replaces->nh, home, 0);
		char *value = rp ? sip_header_as_string(home, (sip_header_t *)rp) : NULL;
		if (!value || (size_t)url_esclen(value, NULL) >= sizeof(escaped))
			err = EINVAL;
		else
			snprintf(text, sizeof(text), "<%s?Replaces=%s>", to, url_escape(escaped, value, NULL));
	} else {
		snprintf(text, sizeof(text), "<%s>", to);
	}
	su_home_deinit(home);
	if (err)
		return err;
	d->refer_open = true;
	d->refer_code = 0;
	nua_refer(d->nh, SIPTAG_REFER_TO_STR(text), TAG_END());
	return 0;
}

static void tell(struct md_dialog *d, int code, const char *phrase, bool final)
{
	if (!d->refer_open)
		return;
	d->refer_code = code;
	if (final)
		d->refer_open = false;
	if (d->owner)
		d->ua->ops->notify(d->owner, code, phrase, final);
}

void md_dialog_refer_result(struct md_dialog *d, int status, const char *phrase)
{
	if (status >= 300)
		tell(d, status, phrase, true);
}

/* What became of a REFER of ours: a status line in a sipfrag (RFC 3420). */
void md_dialog_notified(struct md_dialog *d, const sip_t *sip)
{
	int code = 0, at = 0;
	char phrase[64] = "";
	const sip_payload_t *pl = sip->sip_payload;
	const sip_subscription_state_t *ss = sip->sip_subscription_state;
	if (!sip->sip_event || strcasecmp(sip->sip_event->o_type, "refer"))
		return;
	if (pl && pl->pl_len && pl->pl_len < 2000) {
		char line[80];
		snprintf(line, sizeof(line), "%.*s", (int)pl->pl_len, pl->pl_data);
		if (sscanf(line, "SIP/2.0 %3d %n", &code, &at) == 1)
			snprintf(phrase, sizeof(phrase), "%.*s", (int)strcspn(line + at, "\r\n"), line + at);
	}
	bool over = ss && ss->ss_substate && !strcasecmp(ss->ss_substate, "terminated");
	if (code >= 100 && code <= 699)
		tell(d, code, phrase, code >= 200 || over);
	else if (over)
		tell(d, d->refer_code, "", true);
}
