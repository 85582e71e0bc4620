/* What is spoken for a value with a form of its own: the nth, money, a date, a time of day, how long. Pure, like
 * words.h, whose numbers it uses. Each: EINVAL: the value is none; ERANGE; ENAMETOOLONG. */
#ifndef MD_GRAMMAR_H
#define MD_GRAMMAR_H
#include "prompt/words.h"

/* 1 … 999,999,999,999. */
int md_say_ordinal(char *out, size_t size, const char *value, enum md_lang lang);
/* "12.50" (of the tenant's own: CNY), "USD12.50", "-3 EUR": at most two places, of a currency of the table. */
int md_say_money(char *out, size_t size, const char *value, enum md_lang lang);
/* "2026-11-29", "20261129"; "--11-29", "????1129" without a year. */
int md_say_date(char *out, size_t size, const char *value, enum md_lang lang);
/* "14:05", "14:05:09", "1405"; VoiceXML's "0205p", "1405h". */
int md_say_time(char *out, size_t size, const char *value, enum md_lang lang);
/* Seconds, up to a thousand days. */
int md_say_duration(char *out, size_t size, const char *value, enum md_lang lang);
#endif
