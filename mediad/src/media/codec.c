#include "media/codec.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

const struct md_codec md_codecs[MD_CODECS] = {
	[MD_CODEC_PCMA] = {.name = "PCMA",
			   .clock = 8000,
			   .channels = "",
			   .pt = 8,
			   .is_static = true,
			   .stateless = true,
			   .lossless = true,
			   .slot = 480},
	[MD_CODEC_PCMU] = {.name = "PCMU",
			   .clock = 8000,
			   .channels = "",
			   .pt = 0,
			   .is_static = true,
			   .stateless = true,
			   .lossless = true,
			   .slot = 480},
	[MD_CODEC_G722] = {.name = "G722",
			   .clock = 8000,
			   .channels = "",
			   .pt = 9,
			   .is_static = true,
			   .width = MD_WIDE,
			   .lossless = true,
			   .slot = 480},
	/* RFC 7587: always 48000/2 in SDP, whatever is inside. */
	[MD_CODEC_OPUS] = {.name = "opus",
			   .clock = 48000,
			   .channels = "/2",
			   .pt = 111,
			   .width = MD_WIDE,
			   .slot = 640,
			   .fmtp = "useinbandfec=1;maxplaybackrate=16000;sprop-maxcapturerate=16000"},
	[MD_CODEC_L16_WIDE] = {.name = "L16",
			       .clock = 16000,
			       .channels = "",
			       .pt = 112,
			       .width = MD_WIDE,
			       .stateless = true,
			       .lossless = true,
			       .slot = MD_PAYLOAD_MAX},
	[MD_CODEC_L16] = {.name = "L16",
			  .clock = 8000,
			  .channels = "",
			  .pt = 113,
			  .stateless = true,
			  .lossless = true,
			  .slot = 960},
};

static const char *const titles[MD_CODECS] = {"PCMA", "PCMU", "G722", "opus", "L16/16000", "L16/8000"};

enum md_codec_id md_codec_find(const char *name, unsigned clock)
{
	for (int i = 0; i < MD_CODECS; i++)
		if (name && clock == md_codecs[i].clock && !strcasecmp(name, md_codecs[i].name))
			return (enum md_codec_id)i;
	return MD_CODEC_NONE;
}

const char *md_codec_title(enum md_codec_id c)
{
	return c == MD_CODEC_NONE ? "" : titles[c];
}

static enum md_codec_id by_title(const char *word)
{
	for (int i = 0; i < MD_CODECS; i++)
		if (!strcasecmp(word, titles[i]))
			return (enum md_codec_id)i;
	return MD_CODEC_NONE;
}

unsigned md_codec_list(enum md_codec_id order[MD_CODECS], const char *text, char *bad, size_t size)
{
	unsigned n = 0;
	char word[32];
	for (const char *p = text; *p;) {
		size_t k = strcspn(p, ", \t");
		snprintf(word, sizeof(word), "%.*s", (int)(k < sizeof(word) ? k : sizeof(word) - 1), p);
		p += k + (p[k] != 0);
		enum md_codec_id c = by_title(word);
		bool known = false;
		for (unsigned i = 0; i < n; i++)
			known = known || order[i] == c;
		if (k && (c == MD_CODEC_NONE || known)) {
			snprintf(bad, size, "%s", word);
			return 0;
		}
		if (k)
			order[n++] = c;
	}
	if (!n)
		snprintf(bad, size, "(none)");
	return n;
}
