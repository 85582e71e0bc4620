/* Offers and answers inside a dialog: ours, the far end's, and both at once (glare). */
#include "sip/cause.h"
#include "sip/ua.h"
#include <errno.h>
#include <sofia-sip/sip_status.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zj_log.h>

static enum md_dir our_dir(const struct md_dialog *d)
{
	return d->hold ? MD_DIR_SEND : MD_DIR_BOTH; /* a held far end may still hear music */
}

const char *md_dialog_local_sdp(struct md_dialog *d, char *buf, size_t size, bool answer)
{
	struct md_sdp_local l = {
		.address = d->ua->address,
		.port = d->port,
		.id = d->sdp_id,
		.version = ++d->sdp_version,
		.image = answer ? d->remote.image : d->invite_image,
		.dir = answer ? md_sdp_answer_dir(&d->remote, our_dir(d)) : our_dir(d),
		.offer = answer ? &d->remote : NULL,
		.codecs = d->codecs.order,
		.n_codecs = d->codecs.n,
	};
	if (!md_sdp_write(buf, size, &l))
		buf[0] = 0;
	return buf;
}

void md_dialog_set_codecs(struct md_dialog *d, const struct md_codec_list *codecs)
{
	d->codecs = codecs ? *codecs : d->ua->conf.codecs;
}

int md_dialog_take_sdp(struct md_dialog *d, const sip_t *sip, bool answer)
{
	struct md_sdp s;
	const sip_payload_t *pl = sip ? sip->sip_payload : NULL;
	const char *type = sip && sip->sip_content_type ? sip->sip_content_type->c_type : NULL;
	if (!pl || !pl->pl_len)
		return ENOENT;
	if (!type || strcasecmp(type, "application/sdp"))
		return ENOENT;
	int err = md_sdp_parse(&s, pl->pl_data, pl->pl_len);
	if (err == ENOTSUP && s.image && d->state == MD_D_UP && d->owner &&
	    (answer ? d->invite_image : d->ua->ops->image(d->owner)))
		err = 0;
	else if (!err && answer && d->invite_image)
		err = ENOTSUP; /* we asked for something else */
	if (err)
		return err;
	if (!answer && !s.image && d->ua->conf.choose)
		md_sdp_prefer(&s, d->codecs.order, d->codecs.n);
	d->remote = s;
	d->offered = answer;
	d->has_remote = true;
	return 0;
}

void md_dialog_tell_media(struct md_dialog *d)
{
	struct md_media m;
	if (!d->has_remote || !d->owner)
		return;
	md_sdp_media(&d->remote, our_dir(d), d->offered, &m);
	d->ua->ops->media(d->owner, &m);
	bool held = md_sdp_is_hold(&d->remote) && !d->hold;
	if (held != d->held && d->state == MD_D_UP) {
		d->held = held;
		d->ua->ops->held(d->owner, held);
	}
}

void md_dialog_ack(struct md_dialog *d, bool answer)
{
	char sdp[MD_SDP_MAX];
	nua_ack(d->nh, TAG_IF(answer, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
		TAG_IF(answer, SIPTAG_PAYLOAD_STR(md_dialog_local_sdp(d, sdp, sizeof(sdp), answer))), TAG_END());
}

void md_dialog_prack(struct md_dialog *d, bool answer)
{
	char sdp[MD_SDP_MAX];
	nua_prack(d->nh, TAG_IF(answer, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
		  TAG_IF(answer, SIPTAG_PAYLOAD_STR(md_dialog_local_sdp(d, sdp, sizeof(sdp), answer))), TAG_END());
}

/* A re-INVITE or UPDATE of the far end. */
void md_dialog_far_offer(struct md_dialog *d, const sip_t *sip, bool update)
{
	char sdp[MD_SDP_MAX];
	bool has_sdp = sip->sip_payload && sip->sip_payload->pl_len;
	if (update && has_sdp && (d->offer_open || d->ack_answer)) {
		nua_respond(d->nh, 491, "Request Pending", NUTAG_WITH_THIS(d->ua->nua), TAG_END());
		return;
	}
	if (update && has_sdp && d->state == MD_D_INCOMING && !d->early) {
		/* RFC 3311 5.2: the INVITE's own offer has no answer yet. */
		nua_respond(d->nh, 500, "Offer Pending", NUTAG_WITH_THIS(d->ua->nua), SIPTAG_RETRY_AFTER_STR("2"),
			    TAG_END());
		return;
	}
	int err = d->state == MD_D_PARTING ? ECONNRESET : md_dialog_take_sdp(d, sip, false);
	if (err == ENOENT && update) {
		nua_respond(d->nh, SIP_200_OK, NUTAG_WITH_THIS(d->ua->nua), TAG_END());
		return;
	}
	if (err && err != ENOENT) {
		int code = err == ENOTSUP ? 488 : err == ECONNRESET ? 481 : 400;
		nua_respond(d->nh, code, md_code_phrase(code), NUTAG_WITH_THIS(d->ua->nua), TAG_END());
		return;
	}
	bool answer = err == 0;
	if (!answer)
		d->ack_answer = true;
	nua_respond(d->nh, SIP_200_OK, NUTAG_WITH_THIS(d->ua->nua), SIPTAG_CONTENT_TYPE_STR("application/sdp"),
		    SIPTAG_PAYLOAD_STR(md_dialog_local_sdp(d, sdp, sizeof(sdp), answer)), TAG_END());
	if (answer)
		md_dialog_tell_media(d);
}

int md_dialog_offer_image(struct md_dialog *d)
{
	if (d->state != MD_D_UP)
		return EINVAL;
	d->invite_image = true;
	int err = md_dialog_offer(d, d->hold);
	return err == EBUSY ? 0 : err;
}

int md_dialog_offer(struct md_dialog *d, bool hold)
{
	char sdp[MD_SDP_MAX];
	if (d->state != MD_D_UP)
		return EINVAL;
	d->hold = hold;
	if (d->offer_open || d->ack_answer) {
		d->invite_again = true;
		su_timer_set_interval(d->timer, md_dialog_timer_h, d, 500);
		return EBUSY;
	}
	d->offer_open = true;
	nua_invite(d->nh, NUTAG_AUTOACK(1), SIPTAG_CONTENT_TYPE_STR("application/sdp"),
		   SIPTAG_PAYLOAD_STR(md_dialog_local_sdp(d, sdp, sizeof(sdp), false)), TAG_END());
	return 0;
}

void md_dialog_offer_result(struct md_dialog *d, int status, const sip_t *sip)
{
	if (status < 200)
		return;
	d->offer_open = false;
	if (status < 300) {
		if (!md_dialog_take_sdp(d, sip, true))
			md_dialog_tell_media(d);
		d->invite_image = false;
		return;
	}
	d->invite_image = d->invite_image && status == 491;
	zj_info("sip", "the far end refused our offer: code=%d sip_call_id=%s", status,
		zj_log_esc(md_dialog_call_id(d)));
	if (status == 491) {
		/* RFC 3261 14.1: who made the Call-ID waits longer. */
		unsigned ms = d->out ? 2100 + (unsigned)(random() % 191) * 10 : (unsigned)(random() % 201) * 10;
		d->invite_again = true;
		su_timer_set_interval(d->timer, md_dialog_timer_h, d, ms);
	}
}
