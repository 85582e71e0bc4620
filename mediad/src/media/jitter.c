#include "media/jitter.h"
#include "media/stretch.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TICK_US      20000
#define FILL_MIN     1u /* packets waited for after a pause, beyond the one to be played */
#define FILL_MAX     10u
#define CALM_TICKS   500   /* 10 s without a gap lower that by one */
#define CONCEAL_MAX  5     /* frames made up in a row before silence */
#define SLACK_MIN_US 2000  /* less: audio is stretched */
#define SLACK_MAX_US 26000 /* more, for all of WINDOWS: audio is shortened */
#define SLACK_FAR_US 66000 /* more, for one of them: too */
#define WINDOWS      5
#define WINDOW_TICKS 100 /* 2 s */
#define DELAY_MAX_MS 400
#define NO_SLACK     INT32_MAX

struct slot {
	bool used, noise;
	uint16_t len;
};

struct md_jitter {
	enum md_codec_id codec;
	struct md_dec *dec;
	unsigned per_ms; /* samples */
	size_t frame;
	bool started;        /* `next` is known */
	bool filling;        /* waiting until enough packets are here … */
	bool hurry;          /* … one is enough */
	uint16_t next;       /* sequence number to be played */
	unsigned depth;      /* packets */
	size_t packet;       /* samples of the last one */
	unsigned fill, calm; /* packets waited for; ticks since a gap */
	int64_t first_us;    /* arrival of the first packet while filling */
	int64_t tick_us;     /* last get */
	unsigned missing;    /* frames made up in a row */
	unsigned early;      /* … of them while nothing was here: `next` may yet come */
	int noise;           /* level of comfort noise, 0: none */
	uint32_t seed;
	/* slack */
	int32_t least[WINDOWS];
	unsigned window, ticks, known; /* the one being filled; its ticks; full ones */
	int adjust;                    /* samples to stretch (+) or shorten (−) yet */
	size_t fifo_n;                 /* decoded samples not yet handed out */
	int16_t fifo[MD_PCM_MAX + 2 * MD_FRAME_WIDE];
	struct md_jitter_stats stats;
	struct slot slots[MD_JITTER_SLOTS];
	uint8_t data[]; /* MD_JITTER_SLOTS × the codec's slot */
};

int md_jitter_alloc(struct md_jitter **jp, enum md_codec_id codec)
{
	struct md_jitter *j = calloc(1, sizeof(*j) + (size_t)MD_JITTER_SLOTS * md_codecs[codec].slot);
	if (!j)
		return ENOMEM;
	int err = md_dec_alloc(&j->dec, codec, md_codecs[codec].width);
	if (err) {
		free(j);
		return err;
	}
	j->codec = codec;
	j->frame = md_frame_of(md_codecs[codec].width);
	j->per_ms = (unsigned)j->frame / MD_PTIME_MS;
	j->fill = FILL_MIN;
	j->seed = 1;
	md_jitter_reset(j);
	*jp = j;
	return 0;
}

void md_jitter_free(struct md_jitter *j)
{
	if (!j)
		return;
	md_dec_free(j->dec);
	free(j);
}

enum md_codec_id md_jitter_codec(const struct md_jitter *j)
{
	return j ? j->codec : MD_CODEC_NONE;
}

static void forget_slack(struct md_jitter *j)
{
	for (unsigned i = 0; i < WINDOWS; i++)
		j->least[i] = NO_SLACK;
	j->window = j->ticks = j->known = 0;
}

void md_jitter_reset(struct md_jitter *j)
{
	for (unsigned i = 0; i < MD_JITTER_SLOTS; i++)
		j->slots[i].used = false;
	j->started = false;
	j->filling = true;
	j->hurry = false;
	j->depth = 0;
	j->fifo_n = 0;
	j->packet = j->frame;
	j->missing = CONCEAL_MAX;
	j->early = 0;
	j->calm = 0;
	j->adjust = 0;
	j->noise = 0;
	forget_slack(j);
}

void md_jitter_hurry(struct md_jitter *j)
{
	j->hurry = true;
}

static uint8_t *data_of(struct md_jitter *j, uint16_t seq)
{
	return j->data + (size_t)(seq % MD_JITTER_SLOTS) * md_codecs[j->codec].slot;
}

static size_t level(const struct md_jitter *j)
{
	return j->fifo_n + j->depth * j->packet;
}

static void note_slack(struct md_jitter *j, int64_t us)
{
	int32_t *least = &j->least[j->window];
	if (us < *least)
		*least = us < -1000000 ? -1000000 : (int32_t)us;
	if (us < SLACK_MIN_US && j->adjust <= 0 && level(j) < (size_t)DELAY_MAX_MS * j->per_ms)
		j->adjust = (int)j->frame;
}

/* The tick whose frame the packet so far ahead of the next one is for. */
static int64_t needed_at(const struct md_jitter *j, int ahead)
{
	int64_t samples = (int64_t)j->fifo_n + (int64_t)ahead * (int64_t)j->packet, frame = (int64_t)j->frame;
	int64_t ticks = samples < 0 ? -((-samples + frame - 1) / frame) : samples / frame;
	return j->tick_us + TICK_US * (1 + ticks);
}

static void put(struct md_jitter *j, const struct md_rtp *r, bool noise, int64_t now_us)
{
	if (!r->len || r->len > md_codecs[j->codec].slot) {
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
		if (!j->filling || (uint16_t)-ahead > j->fill + 1 || j->missing < CONCEAL_MAX) {
			j->stats.late++;
			if (!j->filling)
				note_slack(j, needed_at(j, (int16_t)ahead) - now_us);
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
	if (!j->depth)
		j->first_us = now_us;
	if (!j->filling)
		note_slack(j, needed_at(j, ahead) - now_us);
	*s = (struct slot){true, noise, (uint16_t)r->len};
	memcpy(data_of(j, r->seq), r->payload, r->len);
	j->depth++;
}

void md_jitter_put(struct md_jitter *j, const struct md_rtp *r, int64_t now_us)
{
	put(j, r, false, now_us);
}

void md_jitter_put_noise(struct md_jitter *j, const struct md_rtp *r, int64_t now_us)
{
	put(j, r, true, now_us);
}

/* White noise of the level that was asked for. */
static void make_noise(struct md_jitter *j, int16_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		j->seed = j->seed * 1664525u + 1013904223u;
		int32_t r = (int32_t)(j->seed >> 16) - 32768;
		out[i] = (int16_t)(r * j->noise / 32768);
	}
}

/* The level is −dBov in the first byte (RFC 3389 3.1). */
static int noise_level(uint8_t b)
{
	static const int tenth[10] = {1000, 891, 794, 708, 631, 562, 501, 447, 398, 355};
	unsigned db = b & 0x7f;
	int a = 32767 * 17 / 10; /* white noise of peak √3 has the power of its level */
	for (; db >= 10 && a; db -= 10)
		a = a * 316 / 1000;
	a = a * tenth[db % 10] / 1000;
	return a > 8000 ? 8000 : a;
}

static void make_up(struct md_jitter *j, size_t n, const uint8_t *next, size_t next_len)
{
	int16_t *out = j->fifo + j->fifo_n;
	j->missing++;
	if (j->noise)
		make_noise(j, out, n);
	else if (j->missing > CONCEAL_MAX)
		memset(out, 0, n * sizeof(*out));
	else
		n = md_dec_lost(j->dec, out, n, next, next_len);
	j->fifo_n += n;
	j->stats.concealed++;
}

/* The packet whose turn it is; it may be missing. */
static void play_next(struct md_jitter *j)
{
	struct slot *s = &j->slots[j->next % MD_JITTER_SLOTS], *after = &j->slots[(j->next + 1) % MD_JITTER_SLOTS];
	uint8_t *data = data_of(j, j->next);
	j->next++;
	if (!s->used && j->early) {
		j->early--; /* it has been made up already */
		return;
	}
	if (!s->used) {
		bool copy = after->used && !after->noise;
		make_up(j, j->packet, copy ? data_of(j, j->next) : NULL, after->len);
		return;
	}
	s->used = false;
	j->depth--;
	j->missing = j->early = 0;
	if (s->noise) {
		j->noise = noise_level(data[0]);
		make_noise(j, j->fifo + j->fifo_n, j->frame);
		j->fifo_n += j->frame;
		return;
	}
	j->noise = 0;
	size_t n = md_dec_packet(j->dec, j->fifo + j->fifo_n, data, s->len);
	if (n)
		j->packet = n;
	j->fifo_n += n;
}

static bool is_filled(const struct md_jitter *j, int64_t now_us)
{
	return (j->hurry && j->depth) || j->depth > j->fill ||
	       (j->depth && now_us - j->first_us >= (int64_t)j->fill * TICK_US - TICK_US / 2);
}

/* One more packet into the fifo. False: there is none at all. */
static bool refill(struct md_jitter *j, int64_t now_us)
{
	if (j->filling && !is_filled(j, now_us)) {
		if (!j->noise)
			return false;
		make_noise(j, j->fifo + j->fifo_n, j->frame); /* between two talk spurts */
		j->fifo_n += j->frame;
		return true;
	}
	j->filling = j->hurry = false;
	if (j->depth) {
		play_next(j);
		return true;
	}
	/* Nothing is here: late ones may still come, so `next` stays where it is. */
	if (j->missing >= CONCEAL_MAX) {
		j->filling = true;
		forget_slack(j);
		return refill(j, now_us);
	}
	if (!j->missing && j->fill < FILL_MAX)
		j->fill++;
	j->calm = 0;
	j->early++;
	make_up(j, j->frame - j->fifo_n, NULL, 0);
	return true;
}

static void watch(struct md_jitter *j)
{
	if (++j->calm >= CALM_TICKS) {
		j->calm = 0;
		if (j->fill > FILL_MIN)
			j->fill--;
	}
	if (++j->ticks < WINDOW_TICKS)
		return;
	j->ticks = 0;
	if (j->known < WINDOWS)
		j->known++;
	int32_t last = j->least[j->window], least = NO_SLACK;
	for (unsigned i = 0; i < WINDOWS; i++)
		if (j->least[i] < least)
			least = j->least[i];
	bool much = j->known == WINDOWS && least != NO_SLACK && least > SLACK_MAX_US;
	if ((much || (last != NO_SLACK && last > SLACK_FAR_US)) && !j->adjust)
		j->adjust = -(int)j->frame;
	j->window = (j->window + 1) % WINDOWS;
	j->least[j->window] = NO_SLACK;
}

/* Stretches or shortens what lies in the fifo. */
static void adjust(struct md_jitter *j, int64_t now_us)
{
	size_t n = 0;
	if (!j->adjust || j->fifo_n < j->frame || j->missing)
		return;
	if (j->adjust > 0) {
		n = md_stretch_grow(j->fifo, j->fifo_n, j->per_ms);
		j->fifo_n += n;
		j->adjust = j->adjust > (int)n ? j->adjust - (int)n : 0;
		j->stats.stretched++;
	} else if (level(j) > 2 * j->frame) {
		n = md_stretch_cut(j->fifo, j->fifo_n, j->per_ms);
		j->fifo_n -= n;
		j->adjust = -j->adjust > (int)n ? j->adjust + (int)n : 0;
		j->stats.cut++;
		while (j->fifo_n < j->frame && refill(j, now_us))
			;
	}
	if (!j->adjust)
		forget_slack(j);
}

bool md_jitter_get(struct md_jitter *j, int64_t now_us, int16_t *pcm)
{
	j->tick_us = now_us;
	if (!j->filling)
		watch(j);
	if (!j->filling && level(j) > (size_t)(DELAY_MAX_MS + 100) * j->per_ms && j->depth) {
		/* A burst after a stop of the network: what is too old is left out. */
		j->fifo_n = 0;
		play_next(j);
		j->stats.dropped++;
	}
	while (j->fifo_n < j->frame && refill(j, now_us))
		;
	adjust(j, now_us);
	if (j->fifo_n < j->frame) {
		memset(j->fifo + j->fifo_n, 0, (j->frame - j->fifo_n) * sizeof(*pcm));
		if (!j->fifo_n) {
			memset(pcm, 0, j->frame * sizeof(*pcm));
			return false;
		}
		j->fifo_n = j->frame;
	}
	memcpy(pcm, j->fifo, j->frame * sizeof(*pcm));
	j->fifo_n -= j->frame;
	memmove(j->fifo, j->fifo + j->frame, j->fifo_n * sizeof(*pcm));
	return true;
}

void md_jitter_stats(const struct md_jitter *j, struct md_jitter_stats *s)
{
	*s = j->stats;
	s->depth = j->depth;
	s->delay_ms = (unsigned)(level(j) / j->per_ms);
}
