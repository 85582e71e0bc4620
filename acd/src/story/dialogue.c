#include "story/dialogue.h"
#include "call/call.h"
#include "core/events.h"
#include "story/announce.h"
#include <string.h>

#define FAREWELL_US (15 * ACD_S)

void acd_ask(struct acd_leg *leg, const struct acd_question *q)
{
	struct acd_tenant *t = leg->call->tenant;
	json_t *params;

	acd_play(leg, q->items, 0, ACD_PLAY_SPEECH);
	acd_uuid(t->acd, leg->collect);
	params = json_pack("{s:s, s:s, s:i, s:i, s:i, s:b}", "leg", leg->id, "collect", leg->collect, "max",
			   (int)q->max, "first_ms", q->first_ms, "inter_ms", q->inter_ms ? q->inter_ms : 4000, "clear",
			   (int)q->clear);
	if (q->term)
		json_object_set_new(params, "term", json_string(q->term));
	acd_media(t->acd, t, "leg.collect", params);
	acd_call_dirty(leg->call);
}

bool acd_is_answer(struct acd_leg *leg, const json_t *p)
{
	if (!leg->collect[0] || strcmp(leg->collect, acd_str(p, "collect")) || !strcmp(acd_str(p, "reason"), "stopped"))
		return false;
	leg->collect[0] = 0;
	acd_call_dirty(leg->call);
	return true;
}

void acd_ask_no_more(struct acd_leg *leg)
{
	leg->collect[0] = 0;
}

void acd_record_words(struct acd_leg *leg, const char *record, const char *path, int64_t max_ms, int64_t silence_ms)
{
	struct acd_tenant *t = leg->call->tenant;

	acd_media(t->acd, t, "leg.record",
		  json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:b}", "leg", leg->id, "record", record, "path", path,
			    "max_ms", (json_int_t)max_ms, "silence_ms", (json_int_t)silence_ms, "term", "#", "beep",
			    1));
}

static void farewell_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_call *call = acd_container(timer, struct acd_call, timer);

	(void)acd;
	acd_call_at(call, 0);
	acd_call_end(call, 0, NULL);
}

void acd_farewell(struct acd_call *call, enum acd_phrase p)
{
	struct acd *acd = call->tenant->acd;

	acd_ask_no_more(call->main);
	if (!call->hangup_by[0])
		ACD_COPY(call->hangup_by, "system");
	acd_play(call->main, json_pack("[o]", acd_phrase(call->tenant, p)), 0, ACD_PLAY_GOODBYE);
	acd_timer_start(acd, &call->timer, acd->now + FAREWELL_US, farewell_h);
}

void acd_dialogue_leave(struct acd_call *call)
{
	if (!call->main)
		return;
	acd_ask_no_more(call->main);
	acd_play_stop(call->main);
}
