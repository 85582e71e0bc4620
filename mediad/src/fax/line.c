#include "fax/line.h"
#include <string.h>

#define LATE      1200   /* samples that a packet may be late: 150 ms */
#define JUMP      8000   /* a time further away than this begins anew */
#define SILENT_US 400000 /* nothing came for so long: the far end says nothing */

/* Where a frame lies. A far end that stopped its clock while it said nothing, or began a new one, goes on where we are.
 */
static int64_t place(struct md_line *l, const struct md_tap_frame *f)
{
	int32_t d = (int32_t)(f->ts - l->ts);
	int64_t pos = l->at + d;
	if (!l->set || d > JUMP || d < -JUMP || (d > 0 && pos < l->read)) {
		pos = l->end > l->read ? l->end : l->read;
		d = 0;
	}
	if (d >= 0) {
		l->set = true;
		l->ts = f->ts;
		l->at = pos;
	}
	return pos;
}

static void put(struct md_line *l, const struct md_tap_frame *f)
{
	int64_t pos = place(l, f);
	for (unsigned i = 0; i < f->n; i++, pos++) {
		if (pos < l->read || pos >= l->read + MD_LINE_RING)
			continue;
		l->pcm[pos % MD_LINE_RING] = f->pcm[i];
		l->there[pos % MD_LINE_RING] = true;
	}
	if (pos > l->end)
		l->end = pos;
}

/* The next samples of one kind, before `limit`. */
static void tell(struct md_line *l, int64_t limit, md_line_h *h, void *arg)
{
	int16_t pcm[MD_FRAME];
	bool there = l->there[l->read % MD_LINE_RING];
	unsigned n = 0;
	for (; n < MD_FRAME && l->read < limit && l->there[l->read % MD_LINE_RING] == there; n++, l->read++) {
		pcm[n] = there ? l->pcm[l->read % MD_LINE_RING] : 0;
		l->there[l->read % MD_LINE_RING] = false;
	}
	h(pcm, n, !there, arg);
}

void md_line_step(struct md_line *l, struct md_tap *t, int64_t now_us, md_line_h *h, void *arg)
{
	const struct md_tap_frame *f;
	for (; (f = md_tap_next(t)); md_tap_drop(t)) {
		put(l, f);
		l->heard_us = now_us;
		while (l->end - l->read > MD_LINE_RING - LATE) /* we were away: it is told at once */
			tell(l, l->end - LATE, h, arg);
	}
	bool silent = now_us - l->heard_us > SILENT_US;
	for (int64_t limit = l->end - (silent ? 0 : LATE); l->read < limit;)
		tell(l, limit, h, arg);
	if (silent) {
		int16_t none[MD_FRAME] = {0};
		l->read += MD_FRAME;
		h(none, MD_FRAME, false, arg);
	}
}
