/* What is spoken for digits and numbers. Pure. */
#ifndef MD_WORDS_H
#define MD_WORDS_H
#include <stddef.h>
#include <stdint.h>

enum md_lang { MD_ZH, MD_EN };

/* EINVAL: no such language. NULL means zh. */
int md_lang_parse(const char *name, enum md_lang *lang);
/* Texts for TTS. EINVAL: something that is no digit (0-9 * #); ENAMETOOLONG. */
int md_words_digits(char *out, size_t size, const char *digits, enum md_lang lang);
/* −999,999,999,999 … 999,999,999,999; else ERANGE. */
int md_words_number(char *out, size_t size, int64_t n, enum md_lang lang);
#endif
