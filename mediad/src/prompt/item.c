#include "prompt/item.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MS_MAX      600000
#define TONE_MS_MAX 60000

static int bad(char *why, size_t size, const char *text)
{
	snprintf(why, size, "%s", text);
	return EINVAL;
}

static int lang_of(const json_t *o, enum md_lang *lang, char *why, size_t size)
{
	const json_t *l = json_object_get(o, "lang");
	if (md_lang_parse(json_string_value(l), lang) || (l && !json_is_string(l)))
		return bad(why, size, "lang: 'zh' or 'en'");
	return 0;
}

static int parse_file(struct md_item *it, const json_t *o, char *why, size_t size)
{
	const char *path = json_string_value(json_object_get(o, "file"));
	it->kind = MD_ITEM_FILE;
	if (!path || path[0] != '/' || strlen(path) >= 1024)
		return bad(why, size, "file: an absolute path of at most 1023 bytes");
	snprintf(it->key, sizeof(it->key), "%s", path);
	return 0;
}

static int set_speech(struct md_item *it, enum md_lang lang)
{
	it->kind = MD_ITEM_SPEECH;
	it->voice = md_lang_voice[lang];
	md_tts_name(it->key, it->voice, it->text);
	return 0;
}

static int parse_speech(struct md_item *it, const json_t *o, char *why, size_t size)
{
	const json_t *v;
	enum md_lang lang;
	if (lang_of(o, &lang, why, size))
		return EINVAL;
	if ((v = json_object_get(o, "tts"))) {
		if (!json_is_string(v) || !json_string_length(v) || json_string_length(v) > MD_TTS_TEXT_MAX ||
		    strlen(json_string_value(v)) != json_string_length(v))
			return bad(why, size, "tts: a text of 1 to 4000 bytes");
		memcpy(it->text, json_string_value(v), json_string_length(v) + 1);
	} else if ((v = json_object_get(o, "digits"))) {
		if (!json_is_string(v) || json_string_length(v) > 64 ||
		    md_words_digits(it->text, sizeof(it->text), json_string_value(v), lang))
			return bad(why, size, "digits: 1 to 64 of 0-9 * #");
	} else {
		v = json_object_get(o, "number");
		if (!json_is_integer(v) || md_words_number(it->text, sizeof(it->text), json_integer_value(v), lang))
			return bad(why, size, "number: an integer of at most 12 digits");
	}
	return set_speech(it, lang);
}

static int parse_tone(struct md_item *it, const json_t *o, char *why, size_t size)
{
	const json_t *t = json_object_get(o, "tone"), *hz = json_object_get(t, "hz"), *ms = json_object_get(t, "ms");
	it->kind = MD_ITEM_TONE;
	it->n_hz = (unsigned)json_array_size(hz);
	if (!json_is_integer(ms) || json_integer_value(ms) < 1 || json_integer_value(ms) > TONE_MS_MAX)
		return bad(why, size, "tone.ms: 1 to 60000");
	if (it->n_hz < 1 || it->n_hz > MD_ITEM_HZ)
		return bad(why, size, "tone.hz: a list of 1 to 4 frequencies");
	for (unsigned i = 0; i < it->n_hz; i++) {
		json_int_t f = json_integer_value(json_array_get(hz, i));
		if (f < 20 || f > 3900)
			return bad(why, size, "tone.hz: 20 to 3900");
		it->hz[i] = (unsigned)f;
	}
	it->ms = (unsigned)json_integer_value(ms);
	int n = snprintf(it->key, sizeof(it->key), "tone:%u", it->ms);
	for (unsigned i = 0; i < it->n_hz; i++)
		n += snprintf(it->key + n, sizeof(it->key) - (size_t)n, ":%u", it->hz[i]);
	return 0;
}

static int parse_silence(struct md_item *it, const json_t *o, char *why, size_t size)
{
	const json_t *ms = json_object_get(o, "silence");
	it->kind = MD_ITEM_SILENCE;
	if (!json_is_integer(ms) || json_integer_value(ms) < 0 || json_integer_value(ms) > MS_MAX)
		return bad(why, size, "silence: 0 to 600000 milliseconds");
	it->ms = (unsigned)json_integer_value(ms);
	return 0;
}

static const struct {
	const char *name;
	int (*parse)(struct md_item *it, const json_t *o, char *why, size_t size);
} kinds[] = {
	{"file", parse_file},     {"tts", parse_speech}, {"digits", parse_speech},
	{"number", parse_speech}, {"tone", parse_tone},  {"silence", parse_silence},
};

int md_item_parse(struct md_item *it, const json_t *o, char *why, size_t size)
{
	it->key[0] = it->text[0] = 0;
	if (!json_is_object(o))
		return bad(why, size, "an item is an object");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (json_object_get(o, kinds[i].name))
			return kinds[i].parse(it, o, why, size);
	return bad(why, size, "an item is one of file, tts, digits, number, tone, silence");
}
