#include "media/rec.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RESYNC 1600 /* 200 ms away from where the clock says: a new talk spurt or a jump */

const char *const md_rec_end_names[] = {"stopped", "max", "silence", "term", "hungup", "disk", "key"};

int md_rec_alloc(struct md_rec **rp, unsigned channels, const char *path)
{
	struct md_rec *r = calloc(1, sizeof(*r) + (size_t)MD_REC_RING * channels * sizeof(int16_t));
	if (!r)
		return ENOMEM;
	r->channels = channels;
	r->fd = -1;
	atomic_init(&r->stop_at, -1);
	atomic_init(&r->end, -1);
	if (strlen(path) >= sizeof(r->path)) {
		free(r);
		return ENAMETOOLONG;
	}
	memcpy(r->path, path, strlen(path) + 1);
	*rp = r;
	return 0;
}

void md_rec_gain(struct md_rec *r, int64_t left_db, int64_t right_db)
{
	r->gain_q12[0] = left_db ? (int32_t)lround(4096 * pow(10, (double)left_db / 20)) : 0;
	r->gain_q12[1] = right_db ? (int32_t)lround(4096 * pow(10, (double)right_db / 20)) : 0;
}

void md_rec_free(struct md_rec *r)
{
	free(r);
}

static int64_t by_rtp_time(const struct md_rec_track *t, uint32_t ts)
{
	int64_t since = (int32_t)(ts - t->ts);
	return t->pos + (t->clock && t->clock != MD_RATE ? since * MD_RATE / t->clock : since);
}

void md_rec_ahead(struct md_rec *r, const struct md_rec_track *t, unsigned channel, uint32_t ts, int64_t mono_us)
{
	int64_t pos = t->set ? by_rtp_time(t, ts) : md_rec_pos(r, mono_us);
	const int16_t *to = md_rec_ring(r, channel) + (uint64_t)pos % MD_REC_RING;
	for (unsigned i = 0; i <= MD_FRAME; i += 32)
		__builtin_prefetch(to + i, 1);
}

/* Position of the packet's first sample: by RTP time as long as that agrees with the clock. */
static int64_t place(struct md_rec_track *t, uint32_t ts, int64_t now, size_t n)
{
	int64_t pos = by_rtp_time(t, ts);
	int64_t end = pos + (int64_t)n;
	if (!t->set || end > now + RESYNC / 2 || end < now - RESYNC) {
		pos = now - (int64_t)n;
		*t = (struct md_rec_track){true, t->clock, ts, pos};
	}
	return pos;
}

/* Sixteen at a time, which the compiler makes a few instructions of. */
static void add(int16_t *restrict to, const int16_t *restrict pcm, size_t n)
{
	for (; n >= 16; n -= 16, to += 16, pcm += 16)
		for (unsigned i = 0; i < 16; i++)
			to[i] = md_saturate((int32_t)to[i] + pcm[i]);
	for (size_t i = 0; i < n; i++)
		to[i] = md_saturate((int32_t)to[i] + pcm[i]);
}

void md_rec_put(struct md_rec *r, struct md_rec_track *t, unsigned channel, uint32_t ts, const int16_t *pcm, size_t n,
		int64_t mono_us)
{
	if (atomic_load_explicit(&r->paused, memory_order_relaxed))
		return;
	int64_t pos = place(t, ts, md_rec_pos(r, mono_us), n), end = pos + (int64_t)n;
	int64_t from = atomic_load_explicit(&r->taken, memory_order_acquire), to = from + MD_REC_RING;
	int64_t stop = atomic_load_explicit(&r->stop_at, memory_order_relaxed);
	if (stop >= 0 && stop < to)
		to = stop;
	if (from < pos)
		from = pos;
	if (to > end)
		to = end;
	if (from < to) {
		int16_t *ring = md_rec_ring(r, channel);
		size_t at = (size_t)((uint64_t)from % MD_REC_RING), k = (size_t)(to - from);
		size_t first = k < MD_REC_RING - at ? k : MD_REC_RING - at;
		add(ring + at, pcm + (from - pos), first);
		add(ring, pcm + (from - pos) + first, k - first);
	}
	atomic_store_explicit(&r->put, end, memory_order_release);
}

void md_rec_stop(struct md_rec *r, enum md_rec_end end, int64_t mono_us)
{
	int none = -1;
	if (!atomic_compare_exchange_strong(&r->end, &none, (int)end))
		return;
	int64_t pos = md_rec_pos(r, mono_us);
	atomic_store(&r->stop_at, pos < 0 ? 0 : pos);
}
