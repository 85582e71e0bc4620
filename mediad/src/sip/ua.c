/* The user agent: sofia's nua without its SDP engine, dispatching events to dialogs. */
#include "sip/ua.h"
#include "sip/cause.h"
#include <arpa/inet.h>
#include <errno.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/tport_tag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include <zj_log.h>

#define ALLOW "INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE, REFER, INFO, NOTIFY"

static void options(struct md_ua *ua, nua_handle_t *nh)
{
	if (ua->stopped || ua->ops->is_full(ua->arg))
		nua_respond(nh, SIP_503_SERVICE_UNAVAILABLE, NUTAG_WITH_THIS(ua->nua), SIPTAG_RETRY_AFTER_STR("5"),
			    TAG_END());
	else
		nua_respond(nh, SIP_200_OK, NUTAG_WITH_THIS(ua->nua), SIPTAG_ACCEPT_STR("application/sdp"), TAG_END());
}

/* An event of a handle that is no dialog of ours. */
static void stray(struct md_ua *ua, nua_event_t event, int status, nua_handle_t *nh, const sip_t *sip)
{
	switch (event) {
	case nua_i_invite:
		md_dialog_accept(ua, nh, sip);
		return;
	case nua_i_options:
		options(ua, nh);
		break;
	case nua_i_refer:
	case nua_i_update:
		nua_respond(nh, 481, "Call Does Not Exist", NUTAG_WITH_THIS(ua->nua), TAG_END());
		break;
	case nua_r_shutdown:
		if (status >= 200 && ua->done_h)
			ua->done_h(ua->done_arg);
		return;
	default:
		return;
	}
	if (nh)
		nua_handle_destroy(nh);
}

static void event_h(nua_event_t event, int status, char const *phrase, nua_t *nua ZJ_UNUSED, nua_magic_t *ua,
		    nua_handle_t *nh, nua_hmagic_t *d, sip_t const *sip, tagi_t tags[])
{
	zj_debug("sip", "event=%s status=%d", nua_event_name(event), status);
	if (d && event == nua_i_options)
		options(ua, nh);
	else if (d)
		md_dialog_event(d, event, status, phrase, sip, tags);
	else
		stray(ua, event, status, nh, sip);
}

static void quiet_h(void *stream ZJ_UNUSED, char const *fmt ZJ_UNUSED, va_list ap ZJ_UNUSED)
{
}

static int start(struct md_ua *ua, const char *dump)
{
	char url[80];
	snprintf(url, sizeof(url), "sip:%s:%u", ua->conf.address, ua->conf.port);
	su_log_redirect(NULL, quiet_h, NULL);
	ua->nua = nua_create(ua->root, event_h, ua, NUTAG_URL(url), NUTAG_MEDIA_ENABLE(0), NUTAG_AUTOACK(1),
			     NUTAG_AUTOALERT(0), NUTAG_AUTOANSWER(0), NUTAG_ALLOW(ALLOW),
			     NUTAG_APPL_METHOD("OPTIONS, REFER, UPDATE"), NUTAG_SUPPORTED("timer, 100rel, replaces"),
			     NUTAG_SESSION_TIMER(ua->conf.session_expires_s), NUTAG_MIN_SE(ua->conf.session_min_s),
			     NUTAG_EARLY_MEDIA(1), NUTAG_ONLY183_100REL(1), NUTAG_UPDATE_REFRESH(1),
			     NUTAG_REFRESH_WITHOUT_SDP(1), SIPTAG_USER_AGENT_STR("Zongji"), NTATAG_UDP_MTU(65535),
			     NTATAG_MAX_FORWARDS(70), NTATAG_SERVER_RPORT(1), NTATAG_USER_VIA(0), NTATAG_TIMER_C(0),
			     NTATAG_PASS_100(0), TAG_IF(dump[0], TPTAG_DUMP(dump)), TAG_END());
	if (!ua->nua)
		return EADDRINUSE;
	return 0;
}

int md_ua_alloc(struct md_ua **up, su_root_t *root, const struct md_ua_conf *conf, const struct md_ua_ops *ops,
		void *arg)
{
	char dump[64] = "";
	struct md_ua *ua = calloc(1, sizeof(*ua));
	if (!ua)
		return ENOMEM;
	ua->root = root;
	ua->conf = *conf;
	ua->ops = ops;
	ua->arg = arg;
	int err = inet_pton(AF_INET, conf->address, &ua->address) == 1 ? 0 : EINVAL;
	struct sockaddr_in self = {.sin_family = AF_INET, .sin_port = htons(conf->port), .sin_addr = ua->address};
	if (!err && conf->hep && conf->hep[0])
		err = md_hep_alloc(&ua->hep, conf->hep, &self, dump, sizeof(dump));
	if (!err)
		err = start(ua, dump);
	if (err) {
		md_hep_free(ua->hep);
		free(ua);
		return err;
	}
	*up = ua;
	return 0;
}

void md_ua_shutdown(struct md_ua *ua, void (*done_h)(void *arg), void *arg)
{
	struct md_dialog *d, *next;
	ua->stopped = true;
	DL_FOREACH_SAFE (ua->dialogs, d, next)
		if (d->state != MD_D_PARTING)
			md_dialog_hangup(d, 41, "shutting down", NULL, NULL);
	ua->done_h = done_h;
	ua->done_arg = arg;
	nua_shutdown(ua->nua);
}

void md_ua_free(struct md_ua *ua)
{
	if (!ua)
		return;
	while (ua->dialogs)
		md_dialog_free(ua->dialogs);
	nua_destroy(ua->nua);
	md_hep_free(ua->hep);
	free(ua);
}
