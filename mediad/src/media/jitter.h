/* The jitter buffer: packets in, one 20 ms frame of PCM out a tick. Only where audio is decoded (mixing); what is
 * passed on keeps its own timing. Pure: the caller brings the clock. Nothing is allocated after md_jitter_alloc.
 *
 * Its depth follows the packets' slack, the time between their arrival and the tick that needs them: when the smallest
 * one of late gets near to nothing audio is stretched, when it has been too large for ten seconds audio is shortened,
 * a pitch period at a time. So a far clock that drifts, and a network that changes, do no harm that can be heard. */
#ifndef MD_JITTER_H
#define MD_JITTER_H
#include "media/codec.h"
#include "media/rtp.h"

#define MD_JITTER_SLOTS 32 /* 640 ms at 20 ms a packet */

struct md_jitter;
int md_jitter_alloc(struct md_jitter **jp, enum md_codec_id codec) ZJ_MUST_CHECK;
void md_jitter_free(struct md_jitter *j); /* accepts NULL */
void md_jitter_reset(struct md_jitter *j);
/* Somebody has heard this stream without a buffer until now and shall notice no change: after a reset, the first packet
 * is played at once; the depth that the network needs comes by stretching. */
void md_jitter_hurry(struct md_jitter *j);
enum md_codec_id md_jitter_codec(const struct md_jitter *j);

/* Keeps a packet of audio; late, duplicate or oversize ones are dropped. */
void md_jitter_put(struct md_jitter *j, const struct md_rtp *r, int64_t now_us);
/* A packet of comfort noise (RFC 3389) takes its turn as one of audio does. */
void md_jitter_put_noise(struct md_jitter *j, const struct md_rtp *r, int64_t now_us);
/* The next frame in the codec's width; false: nothing to play (silence is in `pcm`). */
bool md_jitter_get(struct md_jitter *j, int64_t now_us, int16_t *pcm);

struct md_jitter_stats {
	unsigned depth;          /* packets */
	unsigned delay_ms;       /* of what is waiting */
	uint64_t concealed;      /* frames made up */
	uint64_t late, dropped;  /* packets that came too late; that found no place */
	uint64_t cut, stretched; /* pitch periods */
};
void md_jitter_stats(const struct md_jitter *j, struct md_jitter_stats *s);
#endif
