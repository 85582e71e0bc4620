#include "story/phrase.h"

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
