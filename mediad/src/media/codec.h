/* The codecs that mediad speaks itself. A codec is a row; everything else goes through rtpengine.
 *
 * Audio inside is 16-bit mono in one of two widths: narrow (8 kHz; prompts, recordings, G.711) or wide (16 kHz; G.722,
 * Opus, L16/16000). A frame is 20 ms. */
#ifndef MD_CODEC_H
#define MD_CODEC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zj_obj.h>

#define MD_RATE       8000 /* samples a second of narrow audio */
#define MD_PTIME_MS   20
#define MD_FRAME      160 /* samples of one tick, narrow … */
#define MD_FRAME_WIDE 320 /* … and wide */
#define MD_PAYLOAD_MAX                                                                                                 \
	1280            /* bytes of audio a packet may carry: 40 ms of L16 at 16 kHz; more does not fit a datagram */
#define MD_PCM_MAX 1920 /* samples a packet may hold: 120 ms of wide Opus */

enum md_codec_id {
	MD_CODEC_NONE = -1,
	MD_CODEC_PCMA,
	MD_CODEC_PCMU,
	MD_CODEC_G722,
	MD_CODEC_OPUS,
	MD_CODEC_L16_WIDE,
	MD_CODEC_L16,
	MD_CODECS
};
enum md_width { MD_NARROW, MD_WIDE, MD_WIDTHS };

static inline size_t md_frame_of(enum md_width w)
{
	return w == MD_WIDE ? MD_FRAME_WIDE : MD_FRAME;
}

struct md_codec {
	const char *name;     /* as in a=rtpmap (RFC 3551) */
	unsigned clock;       /* of its RTP timestamps; G.722's is 8000 by an old mistake (RFC 3551 4.5.2) */
	const char *channels; /* what follows the clock in a=rtpmap */
	uint8_t pt;           /* its static payload type, or what we offer it as */
	bool is_static;       /* known without a=rtpmap */
	enum md_width width;
	bool stateless; /* a packet can be decoded without the one before */
	bool lossless;  /* tones survive: keys may be sent as tones */
	unsigned slot;  /* bytes of the longest packet a jitter buffer keeps: 60 ms at least */
	const char *fmtp;
};
extern const struct md_codec md_codecs[MD_CODECS];

/* Fills the tables; called once before any thread starts. */
void md_codec_init(void);
/* By name and clock. */
enum md_codec_id md_codec_find(const char *name, unsigned clock);
/* How configuration and events call it: "PCMA", "L16/16000". */
const char *md_codec_title(enum md_codec_id c);
/* Reads "PCMA,G722 opus" into order[]; 0 when a word is no codec of ours, and `bad` says which. */
unsigned md_codec_list(enum md_codec_id order[MD_CODECS], const char *text, char *bad, size_t size);
/* Timestamp units of a tick. */
static inline uint32_t md_codec_ts(enum md_codec_id c)
{
	return c == MD_CODEC_NONE ? MD_FRAME : md_codecs[c].clock / 50;
}
static inline int16_t md_saturate(int32_t v)
{
	return (int16_t)(v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v);
}

/* ---- decoding: what one stream of packets needs; pure but for memory at alloc ---- */
struct md_dec;
/* Its audio comes in `out` width. */
int md_dec_alloc(struct md_dec **dp, enum md_codec_id c, enum md_width out) ZJ_MUST_CHECK;
void md_dec_free(struct md_dec *d); /* accepts NULL */
/* It will not be asked to make up what was lost, and need not remember. */
void md_dec_no_losses(struct md_dec *d);
enum md_codec_id md_dec_codec(const struct md_dec *d);
/* Returns samples, at most MD_PCM_MAX. */
size_t md_dec_packet(struct md_dec *d, int16_t *pcm, const uint8_t *payload, size_t len);
/* The same for one that was lost, for `n` samples (at most MD_PCM_MAX): `next` is the one after it, when it is here
 * (Opus carries a copy of its predecessor in it), else NULL. */
size_t md_dec_lost(struct md_dec *d, int16_t *pcm, size_t n, const uint8_t *next, size_t next_len);

/* ---- encoding: frames of the codec's own width ---- */
struct md_enc;
int md_enc_alloc(struct md_enc **ep, enum md_codec_id c) ZJ_MUST_CHECK;
void md_enc_free(struct md_enc *e); /* accepts NULL */
enum md_codec_id md_enc_codec(const struct md_enc *e);
/* Returns bytes, at most MD_PAYLOAD_MAX. */
size_t md_enc_frame(struct md_enc *e, uint8_t *payload, const int16_t *pcm);
/* `to` goes on where `from` is (same codec): who listened to it hears no seam. */
void md_enc_copy(struct md_enc *to, const struct md_enc *from);

/* ---- between the widths ---- */
struct md_resample;
int md_resample_alloc(struct md_resample **rp, enum md_width from) ZJ_MUST_CHECK; /* to the other one */
void md_resample_free(struct md_resample *r);                                     /* accepts NULL */
/* `n` samples (even when from wide) become n × 2 or n / 2. */
void md_resample(struct md_resample *r, const int16_t *in, size_t n, int16_t *out);
#endif
