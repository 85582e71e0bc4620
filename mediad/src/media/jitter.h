/* The jitter buffer: packets in, one 20 ms frame of PCM out a tick. Only where audio is decoded (mixing); what is
 * passed on keeps its own timing. Pure: the caller's tick is the clock. Nothing is allocated after md_jitter_alloc. */
#ifndef MD_JITTER_H
#define MD_JITTER_H
#include "media/codec.h"
#include "media/rtp.h"
#include <zj_obj.h>

#define MD_JITTER_SLOTS 32 /* 640 ms at 20 ms a packet */

struct md_jitter;
int md_jitter_alloc(struct md_jitter **jp) ZJ_MUST_CHECK;
void md_jitter_free(struct md_jitter *j); /* accepts NULL */
void md_jitter_reset(struct md_jitter *j);

/* Keeps a packet of audio; late, duplicate or oversize ones are dropped. */
void md_jitter_put(struct md_jitter *j, const struct md_rtp *r);
/* The next MD_FRAME samples; false: nothing to play (silence is in `pcm`). Lost packets are concealed by fading
 * repeats. */
bool md_jitter_get(struct md_jitter *j, const struct md_codec *codec, int16_t *pcm);

struct md_jitter_stats {
	unsigned depth, target; /* packets */
	uint64_t concealed, late, dropped;
};
void md_jitter_stats(const struct md_jitter *j, struct md_jitter_stats *s);
#endif
