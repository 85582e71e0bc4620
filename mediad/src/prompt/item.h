/* One item of a play list, parsed. Pure. */
#ifndef MD_ITEM_H
#define MD_ITEM_H
#include "prompt/tts.h"
#include <jansson.h>

#define MD_ITEM_HZ  4
#define MD_ITEM_KEY 1200

enum md_item_kind { MD_ITEM_FILE, MD_ITEM_SPEECH, MD_ITEM_TONE, MD_ITEM_SILENCE };

struct md_item {
	enum md_item_kind kind;
	char key[MD_ITEM_KEY];          /* same key, same audio; a file's path; speech's cache file name */
	char text[MD_TTS_TEXT_MAX + 1]; /* speech */
	const char *voice;
	unsigned hz[MD_ITEM_HZ], n_hz;
	unsigned ms; /* tone, silence */
};
/* EINVAL with a sentence in `why`. */
int md_item_parse(struct md_item *it, const json_t *o, char *why, size_t size);
#endif
