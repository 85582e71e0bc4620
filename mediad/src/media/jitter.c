/* Depth follows the stream: an underrun raises the target by a packet, ten quiet seconds lower it by one; while more
 * than target + 1 packets wait for a second, one is left out (so a far clock that runs fast does no harm). */
#include "media/jitter.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TARGET_MIN   1u
#define TARGET_MAX   10u
#define CALM_TICKS   500 /* 10 s */
#define EXCESS_TICKS 50
#define CONCEAL_MAX  3 /* frames repeated before silence */

struct slot {
	bool used;
	uint16_t seq, len;
	uint8_t data[MD_PAYLOAD_MAX];
};

struct md_jitter {
	bool started;  /* `next` is known */
	bool filling;  /* waiting until `target` packets are here */
	uint16_t next; /* sequence number to be played */
	unsigned depth, target;
	unsigned calm, excess, missing;
	size_t fifo_n; /* decoded samples not yet handed out */
	int16_t fifo[MD_PAYLOAD_MAX + MD_FRAME];
	int16_t last[MD_FRAME];
	struct md_jitter_stats stats;
	struct slot slots[MD_JITTER_SLOTS];
};

int md_jitter_alloc(struct md_jitter **jp)
{
	struct md_jitter *j = malloc(sizeof(*j));
	if (!j)
		return ENOMEM;
	memset(j, 0, sizeof(*j));
	md_jitter_reset(j);
	*jp = j;
	return 0;
}

void md_jitter_free(struct md_jitter *j)
{
	free(j);
}

void md_jitter_reset(struct md_jitter *j)
{
	for (unsigned i = 0; i < MD_JITTER_SLOTS; i++)
		j->slots[i].used = false;
	j->started = false;
	j->filling = true;
	j->depth = 0;
	j->fifo_n = 0;
	j->missing = CONCEAL_MAX;
	j->calm = j->excess = 0;
	if (j->target < TARGET_MIN)
		j->target = TARGET_MIN + 1;
}

void md_jitter_put(struct md_jitter *j, const struct md_rtp *r)
{
	if (!r->len || r->len > MD_PAYLOAD_MAX) {
		j->stats.dropped++;
		return;
	}
	if (!j->started) {
		j->started = true;
		j->next = r->seq;
	}
	uint16_t ahead = (uint16_t)(r->seq - j->next);
	if (ahead >= 0x8000) {
		/* While the buffer fills for the first time a packet that was overtaken may still go first. */
		if (!j->filling || (uint16_t)-ahead > j->target || j->missing < CONCEAL_MAX) {
			j->stats.late++;
			return;
		}
		j->next = r->seq;
	} else if (ahead >= MD_JITTER_SLOTS) {
		md_jitter_reset(j);
		j->started = true;
		j->next = r->seq;
	}
	struct slot *s = &j->slots[r->seq % MD_JITTER_SLOTS];
	if (s->used)
		return; /* a duplicate */
	s->used = true;
	s->seq = r->seq;
	s->len = (uint16_t)r->len;
	memcpy(s->data, r->payload, r->len);
	j->depth++;
}

static struct slot *take(struct md_jitter *j)
{
	struct slot *s = &j->slots[j->next % MD_JITTER_SLOTS];
	j->next++;
	if (!s->used)
		return NULL;
	s->used = false;
	j->depth--;
	return s;
}

/* Repeats the last frame at half its level each time, then silence. */
static void conceal(struct md_jitter *j)
{
	int16_t *out = j->fifo + j->fifo_n;
	j->missing++;
	for (int i = 0; i < MD_FRAME; i++) {
		int half = j->missing > CONCEAL_MAX ? 0 : j->last[i] / 2;
		j->last[i] = (int16_t)half;
		out[i] = j->last[i];
	}
	j->fifo_n += MD_FRAME;
	j->stats.concealed++;
}

static void adapt(struct md_jitter *j)
{
	if (++j->calm >= CALM_TICKS) {
		j->calm = 0;
		if (j->target > TARGET_MIN + 1)
			j->target--;
	}
	j->excess = j->depth > j->target + 1 ? j->excess + 1 : 0;
	if (j->excess >= EXCESS_TICKS || j->depth >= MD_JITTER_SLOTS - 2) {
		j->excess = 0;
		(void)take(j);
		j->stats.dropped++;
	}
}

/* Decodes one more packet into the fifo. False: there is none at all. */
static bool refill(struct md_jitter *j, const struct md_codec *codec)
{
	if (j->filling && j->depth < j->target)
		return false;
	j->filling = false;
	if (!j->depth) {
		/* Underrun: the sender paused, or the network took longer than the target. */
		j->filling = true;
		if (j->target < TARGET_MAX)
			j->target++;
		j->calm = 0;
		return false;
	}
	struct slot *s = take(j);
	if (!s) {
		conceal(j);
		return true;
	}
	size_t n = codec->decode(j->fifo + j->fifo_n, s->data, s->len);
	j->missing = 0;
	j->fifo_n += n;
	return true;
}

bool md_jitter_get(struct md_jitter *j, const struct md_codec *codec, int16_t *pcm)
{
	if (!j->filling)
		adapt(j);
	while (j->fifo_n < MD_FRAME && refill(j, codec))
		;
	if (j->fifo_n < MD_FRAME) {
		if (j->missing >= CONCEAL_MAX && !j->fifo_n) {
			memset(pcm, 0, MD_FRAME * sizeof(*pcm));
			return false;
		}
		conceal(j);
	}
	memcpy(pcm, j->fifo, MD_FRAME * sizeof(*pcm));
	memcpy(j->last, pcm, sizeof(j->last));
	j->fifo_n -= MD_FRAME;
	memmove(j->fifo, j->fifo + MD_FRAME, j->fifo_n * sizeof(*pcm));
	return true;
}

void md_jitter_stats(const struct md_jitter *j, struct md_jitter_stats *s)
{
	*s = j->stats;
	s->depth = j->depth;
	s->target = j->target;
}
