/* The toll guard (the edges keep to it): what they alarm becomes a row and an event; calls that lasted as long as a
 * guard lets them are ended here. */
#include "call/call.h"
#include "call/leg.h"
#include "call/outbound.h"
#include "core/events.h"
#include "shell/daemon.h"
#include <string.h>

static bool is_money(const char *measure)
{
	return !strncmp(measure, "spend_", 6);
}

/* What is counted in millionths, as a number. */
static json_t *amount(const json_t *p, const char *key, bool money)
{
	int64_t n = acd_int(p, key, 0);

	return money ? json_real((double)n / 1e6) : json_integer(n);
}

void acd_edge_guard(struct acd *acd, const char *edge, const json_t *p)
{
	struct acd_tenant *t = acd_tenant_find(acd, acd_str(p, "tenant"));
	const char *kind = acd_str(p, "kind"), *subject = acd_str(p, "subject"), *measure = acd_str(p, "measure");
	bool money = is_money(measure);
	json_t *row;

	zj_warn("edge", "toll guard measure=%s percent=%lld used=%lld limit=%lld of=%s subject=%s guard=%s tenant=%s",
		zj_log_esc(measure), (long long)acd_int(p, "percent", 0), (long long)acd_int(p, "used", 0),
		(long long)acd_int(p, "limit", 0), zj_log_esc(kind), subject, acd_str(p, "guard"),
		acd_str(p, "tenant"));
	if (!t || !zj_uuid_is_valid(acd_str(p, "alarm")) || !zj_uuid_is_valid(acd_str(p, "guard")))
		return;
	acd_enter(acd);
	row = json_pack("{s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:s, s:o}", "id", acd_str(p, "alarm"), "guard_id",
			acd_str(p, "guard"), "subject", kind, "measure", measure, "percent",
			(json_int_t)acd_int(p, "percent", 0), "used", amount(p, "used", money), "most",
			amount(p, "limit", money), "edge", edge, "at", acd_json_time(acd_int(p, "at", acd->now)));
	if (strcmp(kind, "tenant") != 0 && zj_uuid_is_valid(subject))
		json_object_set_new(row, !strcmp(kind, "extension") ? "extension_id" : "account_id",
				    json_string(subject));
	acd_touch(t);
	acd_event(t, "toll.alarm", json_deep_copy(row));
	acd_fact(t, "toll_alarm", row);
	acd_leave(acd);
}

static void cut_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_leg *leg = acd_container(timer, struct acd_leg, longest);

	(void)acd;
	zj_info("leg", "as long as a toll guard lets a call last leg=%s call=%s", leg->id, leg->call->id);
	acd_call_at(leg->call, 0);
	acd_leg_hangup(leg, 0, 0, "longest_call");
}

void acd_leg_cut(struct acd_leg *leg)
{
	if (!leg->cut_at && leg->longest_us && leg->answered_at)
		leg->cut_at = leg->answered_at + leg->longest_us;
	if (leg->cut_at && acd_leg_is_alive(leg) && !acd_timer_is_on(&leg->longest))
		acd_timer_start(leg->call->tenant->acd, &leg->longest, leg->cut_at, cut_h);
}
