/* Media relays that died: the calls they carried are offered to another, 50 a second, so that neither phones nor the
 * edge are flooded. Each leg says what carries it (the edge tells mediad, mediad tells us). */
#include "call/leg.h"
#include <utlist.h>

#define CALL_EVERY_US (20 * ACD_MS)

static bool is_down(const struct acd *acd, const char *relay)
{
	return relay[0] && json_object_get(acd->relays_down, relay);
}

void acd_relay_forget(struct acd_leg *leg)
{
	struct acd *acd = leg->call->tenant->acd;

	if (leg->lost)
		DL_DELETE2(acd->lost, leg, lost_prev, lost_next);
	leg->lost = false;
}

static void offer_anew(struct acd_leg *leg)
{
	acd_relay_forget(leg);
	if (!acd_leg_is_answered(leg))
		return;
	zj_info("relay", "offered anew relay=%s leg=%s call=%s", leg->relay, leg->id, leg->call->id);
	acd_media(leg->call->tenant->acd, leg->call->tenant, "leg.reoffer", json_pack("{s:s}", "leg", leg->id));
}

/* One call: all its legs at once. */
static void next_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_leg *leg;

	if (!acd->lost || !acd->relays_living)
		return;
	/* cppcheck-suppress nullPointerRedundantCheck; legs leave the list within the loop */
	DL_FOREACH (acd->lost->call->legs, leg)
		if (leg->lost)
			offer_anew(leg);
	if (acd->lost)
		acd_timer_start(acd, timer, acd->now + CALL_EVERY_US, next_h);
}

static void add(struct acd_leg *leg)
{
	struct acd *acd = leg->call->tenant->acd;

	if (leg->lost || !acd_leg_is_answered(leg))
		return;
	leg->lost = true;
	DL_APPEND2(acd->lost, leg, lost_prev, lost_next);
	if (acd->relays_living && !acd_timer_is_on(&acd->reoffer))
		acd_timer_start(acd, &acd->reoffer, acd->now, next_h);
}

void acd_relay_check(struct acd_leg *leg)
{
	if (is_down(leg->call->tenant->acd, leg->relay))
		add(leg);
	else
		acd_relay_forget(leg);
}

/* What comes back has forgotten its sessions, so its legs are offered anew then, too. */
void acd_relay_state(struct acd *acd, const char *relay, bool up, int64_t living)
{
	bool was_down = is_down(acd, relay);
	struct acd_leg *leg, *next;
	unsigned n = 0;

	acd_enter(acd);
	acd->relays_living = living;
	if (!acd->relays_down)
		acd->relays_down = json_object();
	if (!up)
		json_object_set_new(acd->relays_down, relay, json_true());
	HASH_ITER (hh, acd->legs, leg, next)
		if (!strcmp(leg->relay, relay) && (!up || was_down)) {
			add(leg);
			n += leg->lost;
		}
	if (up)
		json_object_del(acd->relays_down, relay);
	if (acd->lost && living && !acd_timer_is_on(&acd->reoffer))
		acd_timer_start(acd, &acd->reoffer, acd->now, next_h);
	if (n || was_down == up)
		zj_warn("relay", "%s relay=%s living=%lld legs=%u", up ? "lives" : "does not answer", relay,
			(long long)living, n);
	acd_leave(acd);
}
