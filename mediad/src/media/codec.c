#include "media/codec.h"
#include <spandsp.h>
#include <strings.h>

static int16_t alaw[256], ulaw[256];

/* The decoders are one table look-up a sample. */
void md_codec_init(void)
{
	for (int i = 0; i < 256; i++) {
		alaw[i] = alaw_to_linear((uint8_t)i);
		ulaw[i] = ulaw_to_linear((uint8_t)i);
	}
}

static size_t pcma_decode(int16_t *pcm, const uint8_t *payload, size_t len)
{
	for (size_t i = 0; i < len; i++)
		pcm[i] = alaw[payload[i]];
	return len;
}

static size_t pcmu_decode(int16_t *pcm, const uint8_t *payload, size_t len)
{
	for (size_t i = 0; i < len; i++)
		pcm[i] = ulaw[payload[i]];
	return len;
}

static size_t pcma_encode(uint8_t *payload, const int16_t *pcm, size_t samples)
{
	for (size_t i = 0; i < samples; i++)
		payload[i] = linear_to_alaw(pcm[i]);
	return samples;
}

static size_t pcmu_encode(uint8_t *payload, const int16_t *pcm, size_t samples)
{
	for (size_t i = 0; i < samples; i++)
		payload[i] = linear_to_ulaw(pcm[i]);
	return samples;
}

const struct md_codec md_codecs[MD_CODECS] = {
	[MD_CODEC_PCMA] = {"PCMA", 8, 0xd5, pcma_decode, pcma_encode},
	[MD_CODEC_PCMU] = {"PCMU", 0, 0xff, pcmu_decode, pcmu_encode},
};

enum md_codec_id md_codec_find(const char *name)
{
	for (int i = 0; i < MD_CODECS; i++)
		if (name && !strcasecmp(name, md_codecs[i].name))
			return (enum md_codec_id)i;
	return MD_CODEC_NONE;
}
