/* Calls that we place. */
#include "sip/ua.h"
#include <errno.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_protos.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zj_log.h>

#define HEADERS_MAX 20
#define HEADER_MAX  512

static bool is_token(const char *s)
{
	return *s && strlen(s) < 64 &&
	       s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!%*+`'~")] == 0;
}

static bool is_text(const char *s, size_t max)
{
	size_t n = 0;
	for (; *s; s++, n++)
		if ((unsigned char)*s < ' ' || *s == 127 || n >= max)
			return false;
	return true;
}

/* Only headers that no part of SIP itself stands on. */
static bool is_settable(const char *name)
{
	static const char *const others[] = {"Alert-Info", "Call-Info", "Subject",      "P-Asserted-Identity",
					     "Privacy",    "Diversion", "History-Info", "Answer-Mode",
					     "Priority",   "Replaces",  "Referred-By",  "P-Early-Media"};
	if (!is_token(name))
		return false;
	if (!strncasecmp(name, "X-", 2))
		return true;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(others); i++)
		if (!strcasecmp(name, others[i]))
			return true;
	return false;
}

/* All headers as one text, a line each. */
static int headers_text(char *out, size_t size, const struct md_invite *inv, char *why, size_t why_size)
{
	const char *name;
	json_t *v;
	size_t n = (size_t)snprintf(out, size, "X-Zj-Tenant: %s\r\nX-Zj-Call: %s\r\n", inv->tenant, inv->call);
	if (json_object_size(inv->headers) > HEADERS_MAX) {
		snprintf(why, why_size, "headers: at most %d", HEADERS_MAX);
		return EINVAL;
	}
	json_object_foreach ((json_t *)(uintptr_t)inv->headers, name, v) {
		const char *s = json_string_value(v);
		if (!s || !is_settable(name) || !is_text(s, HEADER_MAX)) {
			snprintf(why, why_size,
				 "headers: '%.32s' cannot be set (X-… and a few others, one line of at most %d bytes)",
				 is_token(name) ? name : "?", HEADER_MAX);
			return EINVAL;
		}
		if (!strcasecmp(name, "X-Zj-Tenant") || !strcasecmp(name, "X-Zj-Call"))
			continue;
		n += (size_t)snprintf(out + n, size - n, "%s: %s\r\n", name, s);
	}
	out[n - 2] = 0; /* the last line's end is sofia's */
	return 0;
}

static int from_text(char *out, size_t size, const struct md_invite *inv, const url_t *to, char *why, size_t why_size)
{
	char name[128];
	size_t n = 0;
	if (!is_text(inv->from, 64) || strpbrk(inv->from, " <>\"@:;,\\")) {
		snprintf(why, why_size, "from: the user part of a SIP URI");
		return EINVAL;
	}
	for (const char *p = inv->from_name ? inv->from_name : ""; *p && n < sizeof(name) - 1; p++)
		if ((unsigned char)*p >= ' ' && *p != '"' && *p != '\\')
			name[n++] = *p;
	name[n] = 0;
	snprintf(out, size, "%s%s%s<sip:%s%s%s>", n ? "\"" : "", name, n ? "\" " : "", inv->from,
		 inv->from[0] ? "@" : "", to->url_host);
	return 0;
}

int md_dialog_invite(struct md_dialog **dp, struct md_ua *ua, const struct md_invite *inv, void *owner, char *why,
		     size_t size)
{
	char headers[HEADERS_MAX * (HEADER_MAX + 70)], from[512], to[512], route[256], sdp[MD_SDP_MAX];
	su_home_t home[1] = {SU_HOME_INIT(home)};
	struct md_dialog *d = NULL;
	url_t *url = is_text(inv->to, 400) && !strpbrk(inv->to, " <>\"")
			     ? url_hdup(home, URL_STRING_MAKE(inv->to)->us_url)
			     : NULL;
	int err = url && (url->url_type == url_sip) && url->url_host && url->url_host[0] ? 0 : EINVAL;
	if (err)
		snprintf(why, size, "to: a SIP URI");
	if (!err && inv->via &&
	    (!is_text(inv->via, 200) || strpbrk(inv->via, " <>\"") || strncmp(inv->via, "sip:", 4) != 0)) {
		snprintf(why, size, "via: a SIP URI");
		err = EINVAL;
	}
	if (!err)
		err = headers_text(headers, sizeof(headers), inv, why, size);
	if (!err)
		err = from_text(from, sizeof(from), inv, url, why, size);
	su_home_deinit(home);
	if (!err && ua->stopped)
		err = ECANCELED;
	if (!err)
		err = md_dialog_alloc(&d, ua);
	if (err)
		return err;
	d->state = MD_D_CALLING;
	d->owner = owner;
	d->port = inv->rtp_port;
	d->offer_open = true;
	md_dialog_set_codecs(d, inv->codecs);
	snprintf(to, sizeof(to), "<%s>", inv->to);
	snprintf(route, sizeof(route), "<%s;lr>", inv->via && inv->via[0] ? inv->via : ua->conf.proxy);
	d->call_id = strdup(inv->call_id);
	d->nh = nua_handle(ua->nua, d, TAG_END());
	if (!d->nh || !d->call_id) {
		md_dialog_free(d);
		return ENOMEM;
	}
	d->out = true;
	d->late = inv->late;
	nua_invite(d->nh, NUTAG_URL(inv->to), NUTAG_AUTOACK(!inv->late), SIPTAG_TO_STR(to), SIPTAG_FROM_STR(from),
		   SIPTAG_CALL_ID_STR(d->call_id), TAG_IF(ua->conf.proxy[0], NUTAG_INITIAL_ROUTE_STR(route)),
		   SIPTAG_HEADER_STR(headers), TAG_IF(!inv->late, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
		   TAG_IF(!inv->late, SIPTAG_PAYLOAD_STR(md_dialog_local_sdp(d, sdp, sizeof(sdp), false))), TAG_END());
	*dp = d;
	return 0;
}
