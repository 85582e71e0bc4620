/* The recording of a talk: who wants it, what agents and supervisors may do about it, pauses and their longest time. */
#include "call/talk_record.h"
#include "call/call.h"
#include "call/leg.h"
#include "call/outbound.h"
#include "call/segment.h"
#include "core/events.h"
#include "people/agent.h"
#include "story/announce.h"
#include "story/story.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

void acd_record_path(struct acd_call *call, char *path, size_t size)
{
	time_t day = (time_t)(call->last_at / ACD_S);
	struct tm tm;

	gmtime_r(&day, &tm);
	snprintf(path, size, "%s/%04d/%02d/%02d/%s-%u.wav", call->tenant->id, tm.tm_year + 1900, tm.tm_mon + 1,
		 tm.tm_mday, call->id, ++call->n_records);
}

void acd_record_key_row(struct acd_tenant *t, const char *id, const json_t *row)
{
	if (row && json_is_true(json_object_get(row, "current"))) {
		ACD_COPY(t->record_key, id);
		ACD_COPY(t->record_wrapped, acd_str(row, "wrapped"));
	} else if (!strcmp(t->record_key, id)) {
		t->record_key[0] = 0;
	}
}

/* Without a key yet mediad is told a name that no key has: it writes nothing in clear, and says why. */
void acd_record_where(struct acd_tenant *t, json_t *params, const char *path)
{
	json_object_set_new(params, "path", json_string(path));
	if (!t->record_sealed)
		return;
	json_object_set_new(params, "key_id", json_string(t->record_key[0] ? t->record_key : t->id));
	json_object_set_new(params, "key", json_string(t->record_key[0] ? t->record_wrapped : "none:"));
}

static void tell(struct acd_call *call, const char *method, json_t *params)
{
	json_object_set_new(params, "room", json_string(call->room));
	json_object_set_new(params, "record", json_string(call->record));
	acd_media(call->tenant->acd, call->tenant, method, params);
	acd_call_dirty(call);
}

static void resumed_h(struct acd *acd, struct acd_timer *timer);

static void pause_until(struct acd_call *call, int64_t at)
{
	call->paused_until = at;
	if (at && at != INT64_MAX)
		acd_timer_start(call->tenant->acd, &call->pause, at, resumed_h);
	else
		acd_timer_stop(&call->pause);
}

/* In dB, as the trunk says: of a leg that lies on one, and of whoever talks with such a leg. */
static json_int_t gain(const struct acd_call *call, const struct acd_leg *leg, const struct acd_leg *other)
{
	bool outside = leg && leg->trunk[0];
	const char *trunk = outside ? leg->trunk : other ? other->trunk : "";

	return acd_int(acd_out_trunk(call->tenant, trunk), outside ? "gain_out" : "gain_in", 0);
}

static void start(struct acd_call *call)
{
	struct acd_segment *s = acd_segment_of(call->main);
	json_t *params =
		json_pack("{s:s, s:I, s:I}", "left", call->main->id, "gain_left", gain(call, call->main, call->peer),
			  "gain_right", gain(call, call->peer, call->main));

	acd_record_path(call, call->record_path, sizeof(call->record_path));
	acd_record_where(call->tenant, params, call->record_path);
	ACD_COPY(call->record_key, acd_str(params, "key_id"));
	acd_uuid(call->tenant->acd, call->record);
	ACD_COPY(call->record_segment, s ? s->id : NULL);
	ACD_COPY(call->record_leg, call->main->id);
	call->recording = true;
	call->record_asked = false;
	pause_until(call, 0); /* the former one may have ended by itself in its pause: the disk */
	tell(call, "room.record", params);
}

static void set_paused(struct acd_call *call, bool on)
{
	int64_t longest = call->tenant->pause_max_us;

	pause_until(call, !on ? 0 : longest ? call->tenant->acd->now + longest : INT64_MAX);
	tell(call, "room.record_pause", json_pack("{s:b}", "on", (int)on));
}

static void resumed_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_call *call = acd_container(timer, struct acd_call, pause);

	(void)acd;
	acd_call_at(call, 0);
	if (!call->record[0])
		return;
	zj_info("record", "the longest pause is over call=%s", call->id);
	set_paused(call, false);
}

void acd_talk_record_restored(struct acd_call *call)
{
	pause_until(call, call->paused_until);
}

void acd_talk_record_stop(struct acd_call *call)
{
	if (!call->record[0])
		return;
	pause_until(call, 0);
	tell(call, "room.record_stop", json_object());
	call->record[0] = 0;
	call->record_asked = false;
}

/* By its phone, or by the account to whom phone or agent belong. */
static bool is_recorded(struct acd_tenant *t, const struct acd_leg *leg)
{
	struct acd_agent *a = leg && leg->agent[0] ? acd_agent_find(t, leg->agent) : NULL;
	const char *account = a ? a->account_id : leg && leg->phone ? leg->phone->account_id : "";
	const json_t *row = *account ? json_object_get(acd_kept(t, "account"), account) : NULL;

	return (leg && leg->phone && leg->phone->recording) || json_is_true(json_object_get(row, "force_record"));
}

void acd_talk_record(struct acd_call *call, bool wished)
{
	struct acd_tenant *t = call->tenant;

	if (!call->record[0] && !t->record_off &&
	    (wished || t->force_record || is_recorded(t, call->main) || is_recorded(t, call->peer)))
		start(call);
}

/* ---- on demand ---- */
static const char *to_begin(struct acd_call *call)
{
	if (call->record[0])
		return "recording already";
	if (call->tenant->record_off)
		return "recording is switched off";
	if (call->recording)
		return "the former recording is being closed";
	start(call);
	call->record_asked = true;
	return NULL;
}

static const char *to_stop(struct acd_call *call, bool free)
{
	if (!call->record[0])
		return "not recording";
	if (!free && !call->record_asked)
		return "recorded by rule: it can be paused only";
	acd_talk_record_stop(call);
	return NULL;
}

static const char *to_pause(struct acd_call *call, bool on)
{
	if (!call->record[0])
		return "not recording";
	if (on == (call->paused_until != 0))
		return on ? "paused already" : "not paused";
	set_paused(call, on);
	return NULL;
}

const char *acd_talk_record_do(struct acd_call *call, const char *what, bool admin)
{
	enum acd_agent_recording may = call->tenant->agent_recording;

	if (!admin && may == ACD_AGENT_RECORDS_NOT)
		return "agents may not control recordings here";
	if (call->story != &acd_story_talk || !call->room[0])
		return acd_where_name(call->where);
	if (!strcmp(what, "start"))
		return to_begin(call);
	if (!strcmp(what, "stop"))
		return to_stop(call, admin || may == ACD_AGENT_RECORDS_FREELY);
	if (!strcmp(what, "pause") || !strcmp(what, "resume"))
		return to_pause(call, what[0] == 'p');
	return "do must be start, stop, pause or resume";
}
