#include "prompt/item.h"
#include "prompt/grammar.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS_MAX      600000
#define TONE_MS_MAX 60000

static int bad(char *why, size_t size, const char *text)
{
	snprintf(why, size, "%s", text);
	return EINVAL;
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

/* `text` is there: the voice of `lang` says it. */
static int set_speech(struct md_item *it, const json_t *lang, char *why, size_t size)
{
	it->kind = MD_ITEM_SPEECH;
	it->voice = lang && !json_is_string(lang) ? NULL : md_voice(json_string_value(lang));
	if (!it->voice)
		return bad(why, size, "lang: zh, en, ja, ko, ru, fr, de or es");
	md_tts_name(it->key, it->voice, it->text);
	return 0;
}

static bool text_of(struct md_item *it, const json_t *v)
{
	size_t n = json_string_length(v);
	if (!json_is_string(v) || !n || n > MD_TTS_TEXT_MAX || strlen(json_string_value(v)) != n)
		return false;
	memcpy(it->text, json_string_value(v), n + 1);
	return true;
}

static int parse_speech(struct md_item *it, const json_t *o, char *why, size_t size)
{
	if (!text_of(it, json_object_get(o, "tts")))
		return bad(why, size, "tts: a text of 1 to 4000 bytes");
	return set_speech(it, json_object_get(o, "lang"), why, size);
}

static int say_number(char *out, size_t size, const char *value, enum md_lang lang)
{
	char *end;
	errno = 0;
	long long n = strtoll(value, &end, 10);
	return errno || *end || !*value ? EINVAL : md_words_number(out, size, n, lang);
}

/* Values that are said by grammar. */
static const struct value {
	const char *name;
	int (*say)(char *out, size_t size, const char *value, enum md_lang lang);
	const char *rule;
} values[] = {
	{"digits", md_words_digits, "digits: 1 to 64 of 0-9 * #"},
	{"number", say_number, "number: an integer of at most 12 digits"},
	{"ordinal", md_say_ordinal, "ordinal: an integer from 1 on of at most 12 digits"},
	{"money", md_say_money, "money: an amount with at most two places and a currency that is known, as USD12.50"},
	{"date", md_say_date, "date: as 2026-11-29 or 20261129"},
	{"time", md_say_time, "time: as 14:05, 14:05:09, 1405 or 0205p"},
	{"duration", md_say_duration, "duration: seconds, at most a thousand days"},
};

static const struct value *value_find(const json_t *o)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (json_object_get(o, values[i].name))
			return &values[i];
	return NULL;
}

/* A value that is none of its kind, or whose language has no grammar here, is read out as `else`, when that is given.
 */
static int parse_value(struct md_item *it, const json_t *o, char *why, size_t size)
{
	char value[80] = "";
	enum md_lang lang;
	const struct value *v = value_find(o);
	const json_t *given = json_object_get(o, v->name), *l = json_object_get(o, "lang");
	bool known = (!l || json_is_string(l)) && !md_lang_parse(json_string_value(l), &lang);
	if (json_is_integer(given))
		snprintf(value, sizeof(value), "%" JSON_INTEGER_FORMAT, json_integer_value(given));
	else if (json_string_length(given) <= 64 && json_is_string(given))
		snprintf(value, sizeof(value), "%s", json_string_value(given));
	if (!known && !text_of(it, json_object_get(o, "else")))
		return bad(why, size, "lang: values are said in 'zh' and 'en', other languages need 'else'");
	if (known && v->say(it->text, sizeof(it->text), value, lang) && !text_of(it, json_object_get(o, "else")))
		return bad(why, size, v->rule);
	return set_speech(it, l, why, size);
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
	{"file", parse_file},
	{"tts", parse_speech},
	{"tone", parse_tone},
	{"silence", parse_silence},
};

int md_item_parse(struct md_item *it, const json_t *o, char *why, size_t size)
{
	it->key[0] = it->text[0] = 0;
	if (!json_is_object(o))
		return bad(why, size, "an item is an object");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (json_object_get(o, kinds[i].name))
			return kinds[i].parse(it, o, why, size);
	if (value_find(o))
		return parse_value(it, o, why, size);
	return bad(why, size,
		   "an item is one of file, tts, digits, number, ordinal, money, date, time, duration, tone, silence");
}
