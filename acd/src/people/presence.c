/* What lamps show of an extension: idle, ringing, talking. Told when it changes, to an edge that has watchers. */
#include "call/call.h"
#include "call/leg.h"
#include "core/events.h"
#include "people/extension.h"
#include "voicemail/voicemail.h"
#include "zj_obj.h"
#include <stdio.h>
#include <string.h>

void acd_extension_dirty(struct acd_extension *e)
{
	if (e->dirty)
		return;
	e->dirty = true;
	e->dirty_next = e->tenant->dirty_extensions;
	e->tenant->dirty_extensions = e;
	acd_touch(e->tenant);
}

/* Of several calls the one that matters most: talking, then ringing, then dialling. */
static struct acd_phone_state state_of(const struct acd_extension *e)
{
	struct acd_phone_state s = {
		.state = "terminated", .direction = "", .registered = acd_reg_find(e->tenant, e->number)};
	const struct acd_leg *leg;
	int rank = 0;

	(void)acd_voicemail_waiting(e->tenant, e->number, &s.fresh, &s.old);
	for (leg = e->legs; leg; leg = leg->phone_next) {
		bool rings = leg->state == ACD_LEG_RINGING || leg->state == ACD_LEG_EARLY;
		int r = leg->state == ACD_LEG_ANSWERED                                 ? 3
			: leg->out && rings                                            ? 2
			: !leg->out && acd_leg_is_alive(leg) && leg->call->main == leg ? 1
										       : 0;

		if (r <= rank)
			continue;
		rank = r;
		s.leg = leg;
		s.state = r == 3 ? "confirmed" : "early";
		s.direction = leg->out ? "recipient" : "initiator";
	}
	return s;
}

static void tell(struct acd_extension *e, bool again)
{
	struct acd *acd = e->tenant->acd;
	struct acd_phone_state s;
	char now[32];

	if (!e->watched || !acd->fx.phone)
		return;
	s = state_of(e);
	snprintf(now, sizeof(now), "%.1s%.1s%d %u %u", s.state, s.direction, s.registered, s.fresh, s.old);
	if (!again && !strcmp(now, e->told))
		return;
	ACD_COPY(e->told, now);
	zj_debug("lamp", "extension=%s state=%s direction=%s registered=%d new=%u", e->number, s.state, s.direction,
		 s.registered, s.fresh);
	acd->fx.phone(e, &s, acd->fx_arg);
}

void acd_extensions_tell(struct acd_tenant *t)
{
	while (t->dirty_extensions) {
		struct acd_extension *e = t->dirty_extensions;

		t->dirty_extensions = e->dirty_next;
		e->dirty = false;
		tell(e, false);
	}
}

/* Entry. Somebody watches it from now on, and shall see how it is. */
void acd_extension_watched(struct acd *acd, const char *tenant, const char *number)
{
	struct acd_tenant *t = acd_tenant_find(acd, tenant);
	struct acd_extension *e = t ? acd_extension_by_number(t, number) : NULL;

	if (!e)
		return;
	acd_enter(acd);
	e->watched = true;
	tell(e, true);
	acd_leave(acd);
}
