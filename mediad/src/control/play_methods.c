/* leg.*: playing, collecting, keys. */
#include "control/methods.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The list and what lies under it as one, for they are loaded together; a reference. NULL: no memory. */
static json_t *items_of(const json_t *p, struct md_play_info *info)
{
	json_t *items = json_object_get(p, "items"), *under = json_object_get(p, "under");
	if (!json_array_size(under) || !json_array_size(items))
		return json_incref(items);
	json_t *both = json_copy(items);
	info->above = (unsigned)json_array_size(items);
	if (both && json_array_extend(both, under)) {
		json_decref(both);
		return NULL;
	}
	return both;
}

static void leg_play(struct md_leg *l, const json_t *p, struct md_peer *peer ZJ_UNUSED, struct md_result *res)
{
	int64_t since = md_int(p, "since_ms", 0), loop = md_int(p, "loop", 0), offset = md_int(p, "offset_ms", 0),
		gain = md_int(p, "gain_db", 0), under = md_int(p, "under_db", -18);
	if (!md_is_alive(l, res) || !md_within(loop, -1, 1000, "loop: -1 (for ever) to 1000", res) ||
	    !md_within(offset, 0, 86400000, "offset_ms: 0 to 86400000", res) ||
	    !md_within(since, 0, INT64_C(1) << 45, "since_ms: milliseconds since 1970", res) ||
	    !md_within(gain, -60, 12, "gain_db: -60 to 12", res) ||
	    !md_within(under, -60, 0, "under_db: -60 to 0", res))
		return;
	struct md_play_info *info = calloc(1, sizeof(*info));
	if (!info) {
		res->code = ZJ_RPC_OVERLOAD;
		res->because = "memory";
		return;
	}
	memcpy(info->id, md_str(p, "play"), ZJ_UUID_LEN);
	info->loop = (int)loop;
	info->offset_ms = (int)offset;
	info->gain_db = (int)gain;
	info->under_db = (int)under;
	info->joins = json_object_get(p, "since_ms");
	info->since_ms = since;
	info->barge = json_is_true(json_object_get(p, "barge"));
	json_t *items = items_of(p, info);
	int err = md_leg_play_start(l, info, items, res->text, sizeof(res->text));
	json_decref(items);
	if (err) {
		res->code = err == EINVAL ? ZJ_RPC_BAD_PARAMS : ZJ_RPC_OVERLOAD;
		res->because = err == EINVAL ? res->text : "memory";
	}
}
MD_LEG_METHOD(play)

static void leg_stop(struct md_leg *l, const json_t *p, struct md_peer *peer ZJ_UNUSED, struct md_result *res)
{
	if (!md_is_alive(l, res))
		return;
	(void)md_leg_play_stop(l, md_str(p, "play")); /* one that is over needs no stopping */
}
MD_LEG_METHOD(stop)

static void leg_play_set(struct md_leg *l, const json_t *p, struct md_peer *peer ZJ_UNUSED, struct md_result *res)
{
	const json_t *pause = json_object_get(p, "pause"), *gain = json_object_get(p, "gain_db");
	int64_t db = md_int(p, "gain_db", 0);
	if (!md_is_alive(l, res) || !md_within(db, -60, 12, "gain_db: -60 to 12", res))
		return;
	md_leg_play_set(l, md_str(p, "play"), pause ? &(bool){json_is_true(pause)} : NULL,
			gain ? &(int){(int)db} : NULL);
}
MD_LEG_METHOD(play_set)

static void leg_collect(struct md_leg *l, const json_t *p, struct md_peer *peer ZJ_UNUSED, struct md_result *res)
{
	int64_t max = md_int(p, "max", 0), min = md_int(p, "min", 0);
	int64_t first = md_int(p, "first_ms", 0), inter = md_int(p, "inter_ms", 0);
	const char *term = md_str(p, "term") ? md_str(p, "term") : "";
	if (!md_is_alive(l, res) || !md_within(max, 1, MD_DIGITS_MAX, "max: 1 to 64", res) ||
	    !md_within(min, 0, max, "min: 0 to max", res) ||
	    !md_within(first, 0, 3600000, "first_ms: 0 to 3600000", res) ||
	    !md_within(inter, 0, 3600000, "inter_ms: 0 to 3600000", res))
		return;
	if (!md_are_keys(term, 16)) {
		md_bad(res, "term: at most 16 of 0-9 * # A-D");
		return;
	}
	if (l->collect.on)
		md_collect_end(l, "stopped", 0);
	if (json_is_true(json_object_get(p, "clear")))
		l->ahead[0] = 0;
	struct md_collect *k = &l->collect;
	memcpy(k->id, md_str(p, "collect"), ZJ_UUID_SIZE);
	snprintf(k->term, sizeof(k->term), "%s", term);
	k->max = (unsigned)max;
	k->min = (unsigned)min;
	k->first_ms = (int)first;
	k->inter_ms = (int)inter;
	md_collect_start(l);
}
MD_LEG_METHOD(collect)

/* How keys reach the far end: as it agreed, else as tones where the codec carries them, else by INFO. */
enum key_way { KEY_NONE, KEY_EVENT, KEY_TONE, KEY_INFO };

static enum key_way key_way_of(const struct md_leg *l, const char *word, struct md_result *res)
{
	static const char *const words[] = {"none", "event", "tone", "info"};
	for (int i = KEY_EVENT; word && i <= KEY_INFO; i++) {
		if (strcmp(word, words[i]))
			continue;
		if (i == KEY_EVENT && !l->dtmf_ok) {
			md_refuse(res, "no_telephone_event");
			return KEY_NONE;
		}
		return (enum key_way)i;
	}
	if (word && strcmp(word, "auto")) {
		md_bad(res, "way: auto, event, tone or info");
		return KEY_NONE;
	}
	if (l->dtmf_ok)
		return KEY_EVENT;
	return l->codec != MD_CODEC_NONE && md_codecs[l->codec].lossless ? KEY_TONE : KEY_INFO;
}

static void leg_dtmf(struct md_leg *l, const json_t *p, struct md_peer *peer ZJ_UNUSED, struct md_result *res)
{
	int64_t ms = md_int(p, "ms", 120), gap = md_int(p, "gap_ms", 60);
	const char *digits = md_str(p, "digits");
	if (!md_is_alive(l, res) || !md_within(ms, 40, 8000, "ms: 40 to 8000", res) ||
	    !md_within(gap, 20, 8000, "gap_ms: 20 to 8000", res))
		return;
	if (!digits[0] || !md_are_keys(digits, 32)) {
		md_bad(res, "digits: 1 to 32 of 0-9 * # A-D");
		return;
	}
	enum key_way way = key_way_of(l, md_str(p, "way"), res);
	int err = 0;
	if (way == KEY_INFO)
		err = l->dialog ? md_dialog_keys(l->dialog, digits, (unsigned)ms) : EINVAL;
	else if (way != KEY_NONE)
		err = md_stream_dtmf(l->stream, digits, (unsigned)ms, (unsigned)gap, way == KEY_TONE);
	if (err == ENOSPC)
		md_refuse(res, "too_many_keys");
	else if (err)
		md_refuse(res, "not_answered");
}
MD_LEG_METHOD(dtmf)

const struct zj_rpc_method md_play_methods[] = {
	{"leg.play", MD_C " play:u items:a loop?:i barge?:b offset_ms?:i gain_db?:i since_ms?:i under?:a under_db?:i",
	 m_leg_play, "Plays a list"},
	{"leg.play_set", MD_C " play:u pause?:b gain_db?:i", m_leg_play_set, "Pauses a play, sets its volume"},
	{"leg.stop", MD_C " play:u", m_leg_stop, "Ends a play"},
	{"leg.collect", MD_C " collect:u max:i min?:i term?:s first_ms:i inter_ms:i clear?:b", m_leg_collect,
	 "Collects keys"},
	{"leg.dtmf", MD_C " digits:s ms?:i gap_ms?:i way?:s", m_leg_dtmf, "Sends keys"},
	{0},
};
