/* What a waiting caller hears. Texts are in one table, in the tenant's language. */
#include "story/announce.h"
#include "core/events.h"
#include "queue/queue.h"
#include "queue/visit.h"
#include "story/music_class.h"
#include <stdio.h>
#include <string.h>

enum phrase { POSITION_BEFORE, POSITION_AFTER, ALL_BUSY, UNAVAILABLE, FAULT, PHRASES };
static const struct {
	const char *zh, *en;
} phrases[PHRASES] = {
	[POSITION_BEFORE] = {"您当前排在第", "You are caller number"},
	[POSITION_AFTER] = {"位，请稍候。", "in the queue. Please hold the line."},
	[ALL_BUSY] = {"对不起，坐席全忙，请您稍后再拨。再见。",
		      "We are sorry, all our agents are busy. Please call again later. Good bye."},
	[UNAVAILABLE] = {"对不起，您呼叫的分机暂时无法接通。",
			 "We are sorry, the extension you called cannot be reached."},
	[FAULT] = {"对不起，系统暂时无法为您服务，请您稍后再拨。",
		   "We are sorry, this service is not available now. Please call again later."},
};

static json_t *say(const struct acd_tenant *t, enum phrase p)
{
	return json_pack("{s:s, s:s}", "tts", t->zh ? phrases[p].zh : phrases[p].en, "lang", t->zh ? "zh" : "en");
}

/* `more`: further parameters, stolen; NULL: none. */
static void play(struct acd_leg *leg, json_t *items, int loop, enum acd_play what, json_t *more)
{
	struct acd_tenant *t = leg->call->tenant;
	json_t *params;

	acd_uuid(t->acd, leg->play);
	leg->playing = what;
	acd_call_dirty(leg->call);
	params = json_pack("{s:s, s:s, s:o}", "leg", leg->id, "play", leg->play, "items", items);
	if (loop)
		json_object_set_new(params, "loop", json_integer(loop));
	if (what == ACD_PLAY_SPEECH)
		json_object_set_new(params, "barge", json_true());
	json_object_update(params, more);
	json_decref(more);
	acd_media(t->acd, t, "leg.play", params);
}

void acd_play(struct acd_leg *leg, json_t *items, int loop, enum acd_play what)
{
	play(leg, items, loop, what, NULL);
}

json_t *acd_item_file(const struct acd *acd, const char *path)
{
	char text[1200];

	snprintf(text, sizeof(text), "%s%s%s", path[0] == '/' ? "" : acd->set.store, path[0] == '/' ? "" : "/", path);
	return json_pack("{s:s}", "file", text);
}

/* Prompts of one name are each other's language versions: the tenant's language is heard, else the one that was chosen.
 */
static const struct acd_item *version_of(const struct acd_tenant *t, const struct acd_tenant *owner,
					 const struct acd_item *chosen)
{
	const char *language = t->zh ? "zh" : "en";
	struct acd_item *x, *next;

	if (!chosen || !strcmp(chosen->language, language))
		return chosen;
	HASH_ITER (hh, owner->prompts, x, next) {
		if (x->path && !strcmp(x->language, language) && !strcmp(x->name, chosen->name))
			return x;
	}
	return chosen;
}

json_t *acd_item_prompt(const struct acd_tenant *t, const char *id)
{
	const struct acd_tenant *owner = t, *carrier = acd_carrier(t->acd);
	struct acd_item *chosen = NULL;
	const struct acd_item *prompt;

	if (id[0])
		HASH_FIND_STR(t->prompts, id, chosen);
	if (id[0] && !chosen && carrier) { /* the carrier's lists bar for everybody, with its own words */
		owner = carrier;
		HASH_FIND_STR(carrier->prompts, id, chosen);
	}
	prompt = version_of(t, owner, chosen);
	return prompt && prompt->path ? acd_item_file(t->acd, prompt->path) : NULL;
}

/* In step: since ever. Else since the caller came into the queue (an announcement does not begin it anew), or now. */
static json_t *music_since(const struct acd_leg *leg, const struct acd_music_class *m)
{
	const struct acd_visit *v = leg->call->visit;
	int64_t since =
		m && m->step ? 0 : (v && leg == leg->call->main ? v->entered_at : leg->call->tenant->acd->now) / 1000;

	return json_pack("{s:I, s:i}", "since_ms", (json_int_t)since, "gain_db", m ? m->gain_db : 0);
}

bool acd_play_music_of(struct acd_leg *leg, const char *music_id, const struct acd_music_class *m)
{
	const struct acd_tenant *t = leg->call->tenant;
	json_t *item = acd_item_prompt(t, music_id), *items = NULL;

	if (item)
		m = NULL; /* a piece that was chosen for itself */
	if (item)
		items = json_pack("[o]", item);
	else if (m)
		items = acd_music_items(t, m, leg->call->id);
	if (!items)
		return false;
	play(leg, items, -1, ACD_PLAY_MUSIC, music_since(leg, m));
	return true;
}

void acd_play_music(struct acd_leg *leg, const struct acd_queue *q)
{
	struct acd_tenant *t = leg->call->tenant;

	if (!acd_play_music_of(leg, q ? q->music_id : "", acd_music_class_find(t, q ? q->music_class_id : "")))
		play(leg, json_pack("[o]", acd_item_file(t->acd, t->acd->set.music)), -1, ACD_PLAY_MUSIC,
		     music_since(leg, NULL));
}

bool acd_play_prompt(struct acd_leg *leg, const char *prompt_id, int loop, enum acd_play what)
{
	json_t *item = acd_item_prompt(leg->call->tenant, prompt_id);

	if (!item)
		return false;
	acd_play(leg, json_pack("[o]", item), loop, what);
	return true;
}

void acd_play_items(struct acd_leg *leg, json_t *items, enum acd_play what)
{
	acd_play(leg, items, 0, what);
}

json_t *acd_say_text(const struct acd_tenant *t, const char *zh, const char *en)
{
	return json_pack("{s:s, s:s}", "tts", t->zh ? zh : en, "lang", t->zh ? "zh" : "en");
}

/* China's ring-back: 450 Hz, 1 s on, 4 s off. */
void acd_play_ringback(struct acd_leg *leg, const char *prompt_id)
{
	if (!acd_play_prompt(leg, prompt_id, -1, ACD_PLAY_RINGBACK))
		acd_play(leg, json_pack("[{s:{s:[i], s:i}}, {s:i}]", "tone", "hz", 450, "ms", 1000, "silence", 4000),
			 -1, ACD_PLAY_RINGBACK);
}

void acd_announce_position(struct acd_visit *v)
{
	struct acd_tenant *t = v->queue->tenant;

	if (!v->call->main)
		return;
	acd_play(v->call->main,
		 json_pack("[o, {s:I, s:s}, o]", say(t, POSITION_BEFORE), "number", (json_int_t)acd_visit_position(v),
			   "lang", t->zh ? "zh" : "en", say(t, POSITION_AFTER)),
		 0, ACD_PLAY_ANNOUNCEMENT);
}

bool acd_say_goodbye(struct acd_leg *leg, enum acd_result result)
{
	static const enum phrase by_result[ACD_RESULT_COUNT] = {
		[ACD_RESULT_ANSWERED] = PHRASES,        [ACD_RESULT_ABANDONED_IVR] = PHRASES,
		[ACD_RESULT_ABANDONED_QUEUE] = PHRASES, [ACD_RESULT_NO_ANSWER] = ALL_BUSY,
		[ACD_RESULT_BUSY] = ALL_BUSY,           [ACD_RESULT_REJECTED] = UNAVAILABLE,
		[ACD_RESULT_UNREACHABLE] = UNAVAILABLE, [ACD_RESULT_BARRED] = PHRASES,
		[ACD_RESULT_OVER_LIMIT] = ALL_BUSY,     [ACD_RESULT_FAILED] = FAULT,
	};

	if (acd_play_prompt(leg, leg->call->last_prompt, 0, ACD_PLAY_GOODBYE))
		return true;
	if (by_result[result] == PHRASES)
		return false;
	acd_play(leg, json_pack("[o]", say(leg->call->tenant, by_result[result])), 0, ACD_PLAY_GOODBYE);
	return true;
}

void acd_play_stop(struct acd_leg *leg)
{
	struct acd_tenant *t = leg->call->tenant;

	if (leg->playing == ACD_PLAY_NOTHING)
		return;
	acd_media(t->acd, t, "leg.stop", json_pack("{s:s, s:s}", "leg", leg->id, "play", leg->play));
	leg->playing = ACD_PLAY_NOTHING;
	leg->play[0] = 0;
	acd_call_dirty(leg->call);
}
