/* Coding and decoding by spandsp and libopus, behind one face; loss is concealed by each codec's own means. */
#include "media/codec.h"
#include "media/conceal.h"
#include <errno.h>
#include <opus/opus.h>
#define SPANDSP_EXPOSE_INTERNAL_STRUCTURES /* md_enc_copy */
#include <spandsp.h>
#include <speex/speex_resampler.h>
#include <stdlib.h>
#include <string.h>

#define OPUS_RATE       16000
#define OPUS_BITRATE    24000
#define OPUS_COMPLEXITY 4  /* of 10: half the work of the default, no difference on speech at this rate */
#define OPUS_LOSS       10 /* percent of loss to be ready for: what makes it send its copies */
#define RESAMPLER_Q     3

static int16_t alaw[256], ulaw[256];

/* The decoders are one table look-up a sample. */
void md_codec_init(void)
{
	for (int i = 0; i < 256; i++) {
		alaw[i] = alaw_to_linear((uint8_t)i);
		ulaw[i] = ulaw_to_linear((uint8_t)i);
	}
}

struct md_resample {
	SpeexResamplerState *state;
	enum md_width from;
};

int md_resample_alloc(struct md_resample **rp, enum md_width from)
{
	static const spx_uint32_t rates[MD_WIDTHS] = {8000, 16000};
	struct md_resample *r = malloc(sizeof(*r));
	int err;
	if (!r)
		return ENOMEM;
	r->from = from;
	r->state = speex_resampler_init(1, rates[from], rates[!from], RESAMPLER_Q, &err);
	if (!r->state) {
		free(r);
		return ENOMEM;
	}
	speex_resampler_skip_zeros(r->state);
	*rp = r;
	return 0;
}

void md_resample_free(struct md_resample *r)
{
	if (!r)
		return;
	speex_resampler_destroy(r->state);
	free(r);
}

void md_resample(struct md_resample *r, const int16_t *in, size_t n, int16_t *out)
{
	spx_uint32_t take = (spx_uint32_t)n, give = (spx_uint32_t)(r->from == MD_WIDE ? n / 2 : n * 2);
	size_t want = give;
	if (speex_resampler_process_int(r->state, 0, in, &take, out, &give) || give > want)
		give = 0;
	/* The first call after skip_zeros may come up short: its end is silence. */
	memset(out + give, 0, (want - give) * sizeof(*out));
}

/* ---- decoding ---- */

struct md_dec {
	enum md_codec_id codec;
	enum md_width out;
	struct md_resample *resample; /* of a codec that cannot do `out` by itself */
	OpusDecoder *opus;
	g722_decode_state_t *g722;
	struct md_conceal *conceal; /* NULL: the codec conceals by itself, or nobody asks for it */
};

static int open_decoder(struct md_dec *d)
{
	int err = 0;
	if (d->codec == MD_CODEC_OPUS)
		d->opus = opus_decoder_create(d->out == MD_WIDE ? 16000 : 8000, 1, &err);
	else
		d->conceal = calloc(1, sizeof(*d->conceal));
	if (d->conceal)
		d->conceal->per_ms = d->out == MD_WIDE ? 16 : 8;
	if (d->codec == MD_CODEC_G722)
		d->g722 = g722_decode_init(NULL, 64000, d->out == MD_WIDE ? 0 : G722_SAMPLE_RATE_8000);
	if (d->codec == MD_CODEC_OPUS ? !d->opus : !d->conceal || (d->codec == MD_CODEC_G722 && !d->g722))
		return ENOMEM;
	bool exact = d->codec == MD_CODEC_OPUS || d->codec == MD_CODEC_G722 || md_codecs[d->codec].width == d->out;
	return exact ? 0 : md_resample_alloc(&d->resample, md_codecs[d->codec].width);
}

int md_dec_alloc(struct md_dec **dp, enum md_codec_id c, enum md_width out)
{
	struct md_dec *d = calloc(1, sizeof(*d));
	if (!d)
		return ENOMEM;
	d->codec = c;
	d->out = out;
	int err = open_decoder(d);
	if (err) {
		md_dec_free(d);
		return err;
	}
	*dp = d;
	return 0;
}

void md_dec_free(struct md_dec *d)
{
	if (!d)
		return;
	if (d->opus)
		opus_decoder_destroy(d->opus);
	if (d->g722)
		g722_decode_free(d->g722);
	free(d->conceal);
	md_resample_free(d->resample);
	free(d);
}

void md_dec_no_losses(struct md_dec *d)
{
	free(d->conceal);
	d->conceal = NULL;
}

enum md_codec_id md_dec_codec(const struct md_dec *d)
{
	return d ? d->codec : MD_CODEC_NONE;
}

static size_t l16_read(int16_t *pcm, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len / 2; i++)
		pcm[i] = (int16_t)(p[2 * i] << 8 | p[2 * i + 1]);
	return len / 2;
}

static size_t table_read(int16_t *pcm, const int16_t table[256], const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		pcm[i] = table[p[i]];
	return len;
}

/* What is in the packet, in the width that the decoder gives by itself. */
static size_t read_payload(struct md_dec *d, int16_t *pcm, const uint8_t *p, size_t len)
{
	int n;
	switch (d->codec) {
	case MD_CODEC_PCMA:
		return table_read(pcm, alaw, p, len);
	case MD_CODEC_PCMU:
		return table_read(pcm, ulaw, p, len);
	case MD_CODEC_L16:
	case MD_CODEC_L16_WIDE:
		return l16_read(pcm, p, len);
	case MD_CODEC_G722:
		if (len > MD_PCM_MAX / 2)
			len = MD_PCM_MAX / 2;
		return (size_t)g722_decode(d->g722, pcm, p, (int)len);
	case MD_CODEC_OPUS:
		n = opus_decode(d->opus, p, (opus_int32)len, pcm, MD_PCM_MAX, 0);
		return n > 0 ? (size_t)n : 0;
	default:
		return 0;
	}
}

size_t md_dec_packet(struct md_dec *d, int16_t *pcm, const uint8_t *payload, size_t len)
{
	int16_t own[MD_PCM_MAX];
	if (len > MD_PAYLOAD_MAX)
		len = MD_PAYLOAD_MAX;
	size_t n = read_payload(d, d->resample ? own : pcm, payload, len);
	if (d->resample) {
		bool up = d->out == MD_WIDE;
		n = up && n > MD_PCM_MAX / 2 ? MD_PCM_MAX / 2 : n & ~(size_t)1;
		md_resample(d->resample, own, n, pcm);
		n = up ? n * 2 : n / 2;
	}
	if (d->conceal && n)
		md_conceal_heard(d->conceal, pcm, n);
	return n;
}

size_t md_dec_lost(struct md_dec *d, int16_t *pcm, size_t n, const uint8_t *next, size_t next_len)
{
	int got = 0;
	if (n > MD_PCM_MAX)
		n = MD_PCM_MAX;
	if (d->conceal) {
		md_conceal_lost(d->conceal, pcm, n);
		return n;
	}
	if (!d->opus) {
		memset(pcm, 0, n * sizeof(*pcm));
		return n;
	}
	if (next && next_len)
		got = opus_decode(d->opus, next, (opus_int32)next_len, pcm, (int)n, 1);
	if (got <= 0)
		got = opus_decode(d->opus, NULL, 0, pcm, (int)n, 0);
	return got > 0 ? (size_t)got : 0;
}

/* ---- encoding ---- */

struct md_enc {
	enum md_codec_id codec;
	OpusEncoder *opus;
	g722_encode_state_t *g722;
};

static void opus_settings(OpusEncoder *e)
{
	opus_encoder_ctl(e, OPUS_SET_BITRATE(OPUS_BITRATE));
	opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(OPUS_COMPLEXITY));
	opus_encoder_ctl(e, OPUS_SET_INBAND_FEC(1));
	opus_encoder_ctl(e, OPUS_SET_PACKET_LOSS_PERC(OPUS_LOSS));
}

int md_enc_alloc(struct md_enc **ep, enum md_codec_id c)
{
	struct md_enc *e = calloc(1, sizeof(*e));
	int err;
	if (!e)
		return ENOMEM;
	e->codec = c;
	if (c == MD_CODEC_OPUS) {
		e->opus = opus_encoder_create(OPUS_RATE, 1, OPUS_APPLICATION_VOIP, &err);
		if (e->opus)
			opus_settings(e->opus);
	}
	if (c == MD_CODEC_G722)
		e->g722 = g722_encode_init(NULL, 64000, 0);
	if ((c == MD_CODEC_OPUS && !e->opus) || (c == MD_CODEC_G722 && !e->g722)) {
		free(e);
		return ENOMEM;
	}
	*ep = e;
	return 0;
}

void md_enc_free(struct md_enc *e)
{
	if (!e)
		return;
	if (e->opus)
		opus_encoder_destroy(e->opus);
	if (e->g722)
		g722_encode_free(e->g722);
	free(e);
}

enum md_codec_id md_enc_codec(const struct md_enc *e)
{
	return e ? e->codec : MD_CODEC_NONE;
}

size_t md_enc_frame(struct md_enc *e, uint8_t *payload, const int16_t *pcm)
{
	opus_int32 n;
	switch (e->codec) {
	case MD_CODEC_PCMA:
		for (size_t i = 0; i < MD_FRAME; i++)
			payload[i] = linear_to_alaw(pcm[i]);
		return MD_FRAME;
	case MD_CODEC_PCMU:
		for (size_t i = 0; i < MD_FRAME; i++)
			payload[i] = linear_to_ulaw(pcm[i]);
		return MD_FRAME;
	case MD_CODEC_L16:
	case MD_CODEC_L16_WIDE:
		for (size_t i = 0; i < md_frame_of(md_codecs[e->codec].width); i++) {
			payload[2 * i] = (uint8_t)((uint16_t)pcm[i] >> 8);
			payload[2 * i + 1] = (uint8_t)pcm[i];
		}
		return 2 * md_frame_of(md_codecs[e->codec].width);
	case MD_CODEC_G722:
		return (size_t)g722_encode(e->g722, payload, pcm, MD_FRAME_WIDE);
	case MD_CODEC_OPUS:
		n = opus_encode(e->opus, pcm, MD_FRAME_WIDE, payload, MD_PAYLOAD_MAX);
		return n > 0 ? (size_t)n : 0;
	default:
		return 0;
	}
}

/* Both libraries' states are plain memory without pointers into themselves. */
void md_enc_copy(struct md_enc *to, const struct md_enc *from)
{
	if (to->opus && from->opus)
		memcpy(to->opus, from->opus, (size_t)opus_encoder_get_size(1));
	if (to->g722 && from->g722)
		memcpy(to->g722, from->g722, sizeof(*to->g722));
}
