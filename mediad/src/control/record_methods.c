/* leg.record*, room.record*. */
#include "control/methods.h"
#include <errno.h>
#include <string.h>

/* What record commands share. */
static bool record_args(const json_t *p, struct md_record_args *a, struct md_result *res)
{
	*a = (struct md_record_args){
		.id = md_str(p, "record"),
		.path = md_str(p, "path"),
		.term = md_str(p, "term"),
		.max_ms = md_int(p, "max_ms", 0),
		.silence_ms = md_int(p, "silence_ms", 0),
		.key_id = md_str(p, "key_id"),
		.key = md_str(p, "key"),
		.gain_left = md_int(p, "gain_left", 0),
		.gain_right = md_int(p, "gain_right", 0),
		.beep = json_is_true(json_object_get(p, "beep")),
	};
	if (!md_within(a->max_ms, 0, 86400000, "max_ms: 0 (no limit) to 86400000", res) ||
	    !md_within(a->silence_ms, 0, 600000, "silence_ms: 0 (never) to 600000", res) ||
	    !md_within(a->gain_left, -MD_REC_GAIN, MD_REC_GAIN, "gain_left: -20 to 20 dB", res) ||
	    !md_within(a->gain_right, -MD_REC_GAIN, MD_REC_GAIN, "gain_right: -20 to 20 dB", res))
		return false;
	if (a->term && !md_are_keys(a->term, 16)) {
		md_bad(res, "term: at most 16 of 0-9 * # A-D");
		return false;
	}
	if (!a->key != !a->key_id || (a->key && strlen(a->key) >= ZJ_SEAL_WRAPPED)) {
		md_bad(res, "key: with key_id, less than 160 bytes");
		return false;
	}
	return true;
}

static void record_result(int err, struct md_result *res)
{
	if (err == EINVAL) {
		md_bad(res, "path: relative, ends in .wav, at most 500 bytes, no part begins with a dot");
	} else if (err) {
		res->code = ZJ_RPC_OVERLOAD;
		res->because = "memory";
	}
}

static void leg_record(struct md_leg *l, const json_t *p, struct md_peer *peer ZJ_UNUSED, struct md_result *res)
{
	struct md_record_args a;
	if (!md_is_alive(l, res) || !record_args(p, &a, res))
		return;
	if (l->recording) {
		md_refuse(res, "recording");
		return;
	}
	record_result(md_recording_start_leg(l, &a), res);
}
MD_LEG_METHOD(record)

static void leg_record_stop(struct md_leg *l, const json_t *p, struct md_peer *peer ZJ_UNUSED,
			    struct md_result *res ZJ_UNUSED)
{
	if (md_recording_is(l->recording, md_str(p, "record")))
		md_recording_stop(l->recording, MD_REC_STOPPED);
}
MD_LEG_METHOD(record_stop)

static void room_record(struct md_room *r, const json_t *p, struct md_peer *peer ZJ_UNUSED, struct md_result *res)
{
	struct md_record_args a;
	if (!record_args(p, &a, res))
		return;
	a.left = md_str(p, "left") ? md_leg_find(r->ctl, md_str(p, "left")) : NULL;
	if (md_str(p, "left") && (!a.left || a.left->room != r)) {
		md_refuse(res, "left_not_in_room");
		return;
	}
	if (r->recording) {
		md_refuse(res, "recording");
		return;
	}
	record_result(md_recording_start_room(r, &a), res);
}
MD_ROOM_METHOD(record)

static void room_record_stop(struct md_room *r, const json_t *p, struct md_peer *peer ZJ_UNUSED,
			     struct md_result *res ZJ_UNUSED)
{
	if (md_recording_is(r->recording, md_str(p, "record")))
		md_recording_stop(r->recording, MD_REC_STOPPED);
}
MD_ROOM_METHOD(record_stop)

/* What is said meanwhile is silence in the file: card numbers, passwords. */
static void room_record_pause(struct md_room *r, const json_t *p, struct md_peer *peer ZJ_UNUSED, struct md_result *res)
{
	if (!md_recording_is(r->recording, md_str(p, "record")))
		md_refuse(res, "not_recording");
	else if (md_recording_pause(r->recording, json_is_true(json_object_get(p, "on"))))
		md_refuse(res, "too_many_pauses");
}
MD_ROOM_METHOD(record_pause)

const struct zj_rpc_method md_record_methods[] = {
	{"leg.record", MD_C " record:u path:s max_ms?:i silence_ms?:i term?:s beep?:b key_id?:u key?:s", m_leg_record,
	 "Records what the leg says"},
	{"leg.record_stop", MD_C " record:u", m_leg_record_stop, "Ends it"},
	{"room.record", MD_R " record:u path:s left?:u gain_left?:i gain_right?:i key_id?:u key?:s", m_room_record,
	 "Records in stereo: one leg left, everybody else right; without `left` everybody on one channel"},
	{"room.record_pause", MD_R " record:u on:b", m_room_record_pause, "Silence in the file, or on with it"},
	{"room.record_stop", MD_R " record:u", m_room_record_stop, "Ends it"},
	{0},
};
