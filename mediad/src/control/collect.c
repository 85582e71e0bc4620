/* Keys: typed ahead, collected, told. A key counts when it goes down; leg.dtmf tells it when it is up again. */
#include "control/control.h"
#include <string.h>
#include <utlist.h>

static void tell(struct md_leg *l, const char *reason, char term)
{
	struct md_collect *k = &l->collect;
	json_t *o = md_leg_event(l);
	json_object_set_new(o, "collect", json_string(k->id));
	json_object_set_new(o, "digits", json_string(k->digits));
	json_object_set_new(o, "reason", json_string(reason));
	if (term)
		json_object_set_new(o, "term", json_stringn(&term, 1));
	md_leg_tell(l, "leg.collected", o);
}

void md_collect_end(struct md_leg *l, const char *reason, char term)
{
	if (!l->collect.on)
		return;
	l->collect.on = false;
	DL_DELETE2(l->ctl->collecting, l, c_prev, c_next);
	tell(l, reason, term);
}

/* True when the collect is over. */
static bool take(struct md_leg *l, char digit)
{
	struct md_collect *k = &l->collect;
	if (strchr(k->term, digit)) {
		md_collect_end(l, "term", digit);
		return true;
	}
	k->digits[k->n++] = digit;
	k->digits[k->n] = 0;
	if (k->n >= k->max) {
		md_collect_end(l, "max", 0);
		return true;
	}
	k->due_us = zj_mono_us() + (int64_t)k->inter_ms * 1000;
	return false;
}

/* l->collect is filled; digits typed ahead come first. The first timeout counts from the end of a play that will end.
 */
void md_collect_start(struct md_leg *l)
{
	struct md_collect *k = &l->collect;
	k->on = true;
	k->n = 0;
	k->digits[0] = 0;
	k->due_us = md_leg_play_will_end(l) ? 0 : zj_mono_us() + (int64_t)k->first_ms * 1000;
	DL_APPEND2(l->ctl->collecting, l, c_prev, c_next);
	while (l->ahead[0]) {
		char digit = l->ahead[0];
		memmove(l->ahead, l->ahead + 1, strlen(l->ahead));
		if (take(l, digit))
			return;
	}
}

void md_collect_play_ended(struct md_leg *l)
{
	if (l->collect.on && !l->collect.due_us)
		l->collect.due_us = zj_mono_us() + (int64_t)l->collect.first_ms * 1000;
}

void md_collect_watch(struct md_control *c)
{
	struct md_leg *l, *next;
	int64_t now = zj_mono_us();
	DL_FOREACH_SAFE2(c->collecting, l, next, c_next)
	if (l->collect.due_us && now >= l->collect.due_us)
		md_collect_end(l, l->collect.n ? "inter_timeout" : "first_timeout", 0);
}

void md_leg_digit_on(struct md_leg *l, char digit)
{
	md_leg_play_barge(l);
	if (l->recording)
		md_recording_digit(l->recording, digit);
	if (l->collect.on) {
		(void)take(l, digit);
		return;
	}
	size_t n = strlen(l->ahead);
	if (n == MD_DIGITS_MAX) {
		memmove(l->ahead, l->ahead + 1, n); /* the oldest goes */
		n--;
	}
	l->ahead[n] = digit;
	l->ahead[n + 1] = 0;
}

void md_leg_digit(struct md_leg *l, char digit, unsigned ms)
{
	json_t *o = md_leg_event(l);
	json_object_set_new(o, "digit", json_stringn(&digit, 1));
	json_object_set_new(o, "ms", json_integer(ms));
	md_leg_tell(l, "leg.dtmf", o);
}
