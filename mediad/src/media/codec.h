/* The codecs that mediad speaks itself. A codec is a row; everything else goes through rtpengine. */
#ifndef MD_CODEC_H
#define MD_CODEC_H
#include <stddef.h>
#include <stdint.h>

#define MD_RATE        8000 /* samples a second of everything inside */
#define MD_PTIME_MS    20
#define MD_FRAME       160 /* samples of one tick */
#define MD_PAYLOAD_MAX 480 /* bytes of audio a packet may carry: 60 ms of G.711 */

enum md_codec_id { MD_CODEC_NONE = -1, MD_CODEC_PCMA, MD_CODEC_PCMU, MD_CODECS };

struct md_codec {
	const char *name; /* as in a=rtpmap (RFC 3551) */
	uint8_t pt;       /* its static payload type */
	uint8_t silence;  /* the byte that is silence */
	/* Returns samples (decode, at most MD_PAYLOAD_MAX) or bytes (encode). */
	size_t (*decode)(int16_t *pcm, const uint8_t *payload, size_t len);
	size_t (*encode)(uint8_t *payload, const int16_t *pcm, size_t samples);
};
extern const struct md_codec md_codecs[MD_CODECS];

/* Fills the tables; called once before any thread starts. */
void md_codec_init(void);
enum md_codec_id md_codec_find(const char *name);
static inline int16_t md_saturate(int32_t v)
{
	return (int16_t)(v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v);
}
#endif
