#include "phrase.h"
#include "announce.h"
#include "events.h"
#include <string.h>

static const struct {
	const char *zh, *en;
} phrases[] = {
#define ACD_PHRASE_ROW(id, zh, en) [ACD_SAY_##id] = {zh, en},
	ACD_PHRASES(ACD_PHRASE_ROW)};

static const char *language(const struct acd_tenant *t)
{
	return t->zh ? "zh" : "en";
}

json_t *acd_phrase(const struct acd_tenant *t, enum acd_phrase p)
{
	return json_pack("{s:s, s:s}", "tts", t->zh ? phrases[p].zh : phrases[p].en, "lang", language(t));
}

json_t *acd_spoken_number(const struct acd_tenant *t, int64_t n)
{
	return json_pack("{s:I, s:s}", "number", (json_int_t)n, "lang", language(t));
}

/* Only digits can be spoken; of a number without any nothing is. */
json_t *acd_spoken_digits(const struct acd_tenant *t, const char *number)
{
	char digits[ACD_NUMBER_SIZE];
	size_t n = 0;

	for (; *number && n + 1 < sizeof(digits); number++)
		if (*number >= '0' && *number <= '9')
			digits[n++] = *number;
	digits[n] = 0;
	return n ? json_pack("{s:s, s:s}", "digits", digits, "lang", language(t)) : json_pack("{s:i}", "silence", 100);
}

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
