/* Offers and answers inside a dialog: ours, the far end's, and both at once (glare). */
#include "sip/cause.h"
#include "sip/ua.h"
#include <errno.h>
#include <sofia-sip/sip_status.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zj_log.h>

/* The far end's BYE may be done with in sofia, and not here yet: then there is no dialog any more, and what was to be a
 * re-INVITE would be a new one, straight to the far end's Contact. It goes to the discard port instead. A dialog does
 * not look at this. */
#define NOWHERE "<sip:127.0.0.1:9;lr>"

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
		.image_lines = d->image_pass ? d->image_lines : NULL,
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

/* EINPROGRESS: the far end's offer is for another machine. */
static int take_image(struct md_dialog *d, const struct md_sdp *s, bool answer)
{
	if (answer)
		return d->invite_image ? 0 : ENOTSUP;
	enum md_image who = d->ua->ops->image(d->owner);
	d->image_pass = false;
	if (who != MD_IMAGE_ASK)
		return who == MD_IMAGE_OURS ? 0 : ENOTSUP;
	free(d->asked);
	d->asked = malloc(sizeof(*d->asked));
	if (!d->asked)
		return ENOTSUP;
	*d->asked = *s;
	return EINPROGRESS;
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
	if (err == ENOTSUP && s.image && d->state == MD_D_UP && d->owner)
		err = take_image(d, &s, answer);
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
	if (err == EINPROGRESS && !update) {
		d->ua->ops->image_asked(d->owner, d->asked->image_lines);
		return;
	}
	if (err && err != ENOENT) {
		int code = err == ENOTSUP || err == EINPROGRESS ? 488 : err == ECONNRESET ? 481 : 400;
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

void md_dialog_image_answer(struct md_dialog *d, const char *lines)
{
	char sdp[MD_SDP_MAX];
	struct md_sdp *asked = d->asked;
	d->asked = NULL;
	if (!asked)
		return;
	if (!lines || d->state != MD_D_UP) {
		nua_respond(d->nh, 488, md_code_phrase(488), TAG_END());
	} else {
		d->remote = *asked;
		d->offered = false;
		d->image_pass = true;
		snprintf(d->image_lines, sizeof(d->image_lines), "%s", lines);
		nua_respond(d->nh, SIP_200_OK, SIPTAG_CONTENT_TYPE_STR("application/sdp"),
			    SIPTAG_PAYLOAD_STR(md_dialog_local_sdp(d, sdp, sizeof(sdp), true)), TAG_END());
		md_dialog_tell_media(d);
	}
	free(asked);
}

int md_dialog_ask_image(struct md_dialog *d, const char *lines)
{
	if (d->offer_open || d->ack_answer || d->asked)
		return EBUSY;
	snprintf(d->image_lines, sizeof(d->image_lines), "%s", lines);
	d->image_pass = true;
	return md_dialog_offer_image(d);
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
	if (d->offer_open || d->ack_answer || d->asked) {
		d->invite_again = true;
		su_timer_set_interval(d->timer, md_dialog_timer_h, d, 500);
		return EBUSY;
	}
	d->offer_open = true;
	nua_invite(d->nh, NUTAG_AUTOACK(1), NUTAG_INITIAL_ROUTE_STR(NOWHERE),
		   SIPTAG_CONTENT_TYPE_STR("application/sdp"),
		   SIPTAG_PAYLOAD_STR(md_dialog_local_sdp(d, sdp, sizeof(sdp), false)), TAG_END());
	return 0;
}

static void image_answered(struct md_dialog *d, bool good)
{
	bool asked = d->invite_image && d->image_pass;
	d->invite_image = false;
	d->image_pass = d->image_pass && good;
	if (asked && d->owner)
		d->ua->ops->image_answered(d->owner, good ? d->remote.image_lines : NULL);
}

void md_dialog_offer_result(struct md_dialog *d, int status, const sip_t *sip)
{
	if (status < 200)
		return;
	d->offer_open = false;
	if (status < 300) {
		bool good = !md_dialog_take_sdp(d, sip, true);
		if (good)
			md_dialog_tell_media(d);
		image_answered(d, good);
		return;
	}
	if (status != 491)
		image_answered(d, false);
	zj_info("sip", "the far end refused our offer: code=%d sip_call_id=%s", status,
		zj_log_esc(md_dialog_call_id(d)));
	if (status == 491) {
		/* RFC 3261 14.1: who made the Call-ID waits longer. */
		unsigned ms = d->out ? 2100 + (unsigned)(random() % 191) * 10 : (unsigned)(random() % 201) * 10;
		d->invite_again = true;
		su_timer_set_interval(d->timer, md_dialog_timer_h, d, ms);
	}
}
