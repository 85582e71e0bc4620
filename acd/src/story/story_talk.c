/* Two legs in a room. */
#include "call/call.h"
#include "call/leg.h"
#include "call/segment.h"
#include "call/talk_record.h"
#include "core/events.h"
#include "people/feature.h"
#include "people/group.h"
#include "story/announce.h"
#include "story/story.h"
#include "zj_obj.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

static void room_cmd(struct acd_call *call, const char *method, const struct acd_leg *leg)
{
	json_t *params = json_pack("{s:s}", "room", call->room);

	if (leg)
		json_object_set_new(params, "leg", json_string(leg->id));
	else if (!strcmp(method, "room.create"))
		json_object_set_new(params, "call", json_string(call->id));
	acd_media(call->tenant->acd, call->tenant, method, params);
}

/* One a call; what was heard before the answer was heard in it already. */
static void open_room(struct acd_call *call)
{
	if (!call->room[0])
		acd_uuid(call->tenant->acd, call->room);
	room_cmd(call, "room.create", NULL); /* a repeat does nothing */
	acd_call_dirty(call);
}

void acd_talk_early(struct acd_call *call)
{
	struct acd_leg *main = call->main;
	struct acd *acd = call->tenant->acd;

	acd_play_stop(main);
	open_room(call);
	room_cmd(call, "room.join", call->peer);
	acd_media(acd, call->tenant, "room.join",
		  json_pack("{s:s, s:s, s:s}", "room", call->room, "leg", main->id, "role", "listen"));
	if (call->tenant->record_all)
		acd_talk_record(call, false);
	if (!acd_leg_is_answered(main))
		acd_media(acd, call->tenant, "leg.progress", json_pack("{s:s, s:i}", "leg", main->id, "code", 183));
}

void acd_talk_begin(struct acd_call *call, struct acd_leg *peer, bool recorded)
{
	call->peer = peer;
	acd_timer_stop(&call->timer);
	call->hunting = zj_deref(call->hunting);
	call->story = &acd_story_talk;
	if (peer->phone)
		acd_recent_note(call->tenant, call->caller, peer->phone);
	call->hold = false;
	acd_play_stop(call->main);
	open_room(call);
	room_cmd(call, "room.join", call->main);
	room_cmd(call, "room.join", peer);
	acd_call_set_where(call, ACD_AT_TALK);
	acd_call_result(call, ACD_RESULT_ANSWERED, NULL);
	acd_segment_put(call->main, ACD_SEG_TALK, "answer");
	acd_segment_put(peer, ACD_SEG_TALK, "answer");
	acd_talk_record(call, recorded);
}

void acd_talk_room_end(struct acd_call *call)
{
	if (!call->room[0])
		return;
	acd_talk_record_stop(call);
	room_cmd(call, "room.destroy", NULL);
	call->room[0] = 0;
	call->hold = false;
	acd_call_dirty(call);
}

static void ended(struct acd_call *call, struct acd_leg *leg)
{
	struct acd_leg *other = acd_call_other(call, leg);

	if (leg != call->main && leg != call->peer)
		return;
	acd_talk_room_end(call);
	if (other)
		acd_segment_put(other, ACD_SEG_HOLD, "hangup");
	acd_call_end(call, 0, NULL);
}

static void leave(struct acd_call *call, enum acd_left how)
{
	struct acd_leg *peer = call->peer;

	(void)how;
	acd_talk_room_end(call);
	call->peer = NULL;
	if (peer) {
		acd_segment_put(peer, ACD_SEG_HOLD, "transfer");
		acd_leg_hangup(peer, 0, 0, "transferred");
	}
	if (call->main)
		acd_play_stop(call->main);
}

/* The main leg leaves the room for the music, or comes back. EINVAL by `because`. */
int acd_talk_hold(struct acd_call *call, bool on, const char **because)
{
	enum acd_segment_kind kind = on ? ACD_SEG_HOLD : ACD_SEG_TALK;

	if (call->where != (on ? ACD_AT_TALK : ACD_AT_HOLD) || !call->main || !call->peer) {
		*because = acd_where_name(call->where);
		return -1;
	}
	call->hold = on;
	if (on) {
		room_cmd(call, "room.leave", call->main);
		acd_play_music(call->main, NULL);
	} else {
		acd_play_stop(call->main);
		room_cmd(call, "room.join", call->main);
	}
	acd_call_set_where(call, on ? ACD_AT_HOLD : ACD_AT_TALK);
	acd_segment_put(call->main, kind, on ? "hold" : "unhold");
	acd_segment_put(call->peer, kind, on ? "hold" : "unhold");
	return 0;
}

static const json_t *snapshot_room(const json_t *snapshot, const char *id)
{
	const json_t *room;
	size_t i;

	json_array_foreach (json_object_get(snapshot, "rooms"), i, room)
		if (!strcmp(acd_str(room, "room"), id))
			return room;
	return NULL;
}

static bool has_leg(const json_t *room, const struct acd_leg *leg)
{
	const json_t *row;
	size_t i;

	json_array_foreach (json_object_get(room, "legs"), i, row)
		if (!strcmp(acd_str(row, "leg"), leg->id))
			return true;
	return false;
}

static void resume(struct acd_call *call, const json_t *snapshot, const json_t *leg)
{
	const json_t *room = snapshot_room(snapshot, call->room);

	(void)leg;
	if (!call->main || !call->peer)
		return;
	if (!room)
		room_cmd(call, "room.create", NULL);
	if (!has_leg(room, call->peer))
		room_cmd(call, "room.join", call->peer);
	if (call->where == ACD_AT_TALK && !has_leg(room, call->main))
		room_cmd(call, "room.join", call->main);
}

const struct acd_story acd_story_talk = {.name = "talk",
					 .start = acd_start_nothing,
					 .ringing = acd_leg_nothing,
					 .answered = acd_leg_nothing,
					 .ended = ended,
					 .played = acd_played_nothing,
					 .digit = acd_hot_key_pressed,
					 .leave = leave,
					 .resume = resume};
