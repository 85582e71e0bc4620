/* T.38 passes: a fax machine at one leg of a call offers it, the one at the other leg is asked, and their datagrams go
 * across as they come (media/stream_rx.c). Only between two that talk with each other and with nobody else; when a
 * third comes or one goes, who is left goes back to audio. */
#include "control/control.h"
#include <zj_log.h>

#define AUDIO_AFTER_US 500000 /* of a call that ends the other leg is hung up by then */

/* The other of two. */
static struct md_leg *partner(const struct md_leg *l)
{
	struct md_leg *a = l->room ? l->room->members : NULL, *b = a ? a->m_next : NULL, *other = a == l ? b : a;
	if (!b || b->m_next || a->role != MD_TALK || b->role != MD_TALK || other->state != MD_L_ANSWERED)
		return NULL;
	return other->dialog && !md_work_is(other->work, MD_WORK_FAX, NULL) ? other : NULL;
}

enum md_image md_passage_for(const struct md_leg *l)
{
	return partner(l) ? MD_IMAGE_ASK : MD_IMAGE_NO;
}

void md_passage_asked(struct md_leg *l, const char *lines)
{
	struct md_leg *other = partner(l);
	if (!other || md_dialog_ask_image(other->dialog, lines))
		md_dialog_image_answer(l->dialog, NULL);
}

void md_passage_answered(struct md_leg *l, const char *lines)
{
	struct md_leg *other = partner(l);
	if (other)
		md_dialog_image_answer(other->dialog, lines);
}

void md_passage_media(struct md_leg *l, bool t38)
{
	struct md_leg *other = partner(l);
	bool was = l->passing;
	l->passing = t38 && !md_work_is(l->work, MD_WORK_FAX, NULL);
	if (l->passing && !was)
		zj_info("fax", "T.38 passes: leg=%s call=%s", l->id, l->call);
	if (was && !l->passing && other && other->passing)
		(void)md_dialog_offer(other->dialog, other->holding); /* audio again, there too */
}

void md_passage_end(struct md_room *r)
{
	for (struct md_leg *l = r->members; l; l = l->m_next) {
		if (l->dialog)
			md_dialog_image_answer(l->dialog, NULL); /* if one waits */
		if (l->passing)
			l->audio_due_us = zj_now_us() + AUDIO_AFTER_US;
		l->passing = false;
	}
}

void md_passage_watch(struct md_leg *l, int64_t now_us)
{
	if (!l->audio_due_us || now_us < l->audio_due_us)
		return;
	l->audio_due_us = 0;
	if (l->dialog && l->state == MD_L_ANSWERED)
		(void)md_dialog_offer(l->dialog, l->holding);
}
