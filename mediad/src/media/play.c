#include "media/clip.h"
#include "media/codec.h"
#include <string.h>

static bool next_item(struct md_play *p)
{
	p->pos = 0;
	if (++p->item < p->n)
		return true;
	if (p->loop == 0) {
		p->item = p->n ? p->n - 1 : 0;
		p->pos = p->n ? p->items[p->item].samples : 0;
		return false;
	}
	if (p->loop > 0)
		p->loop--;
	p->item = 0;
	return true;
}

static void gain(int16_t *pcm, size_t n, uint32_t q12)
{
	for (size_t i = 0; i < n; i++)
		pcm[i] = md_saturate((int32_t)(((int64_t)pcm[i] * q12) >> 12));
}

bool md_play_frame(struct md_play *p, int16_t *pcm, size_t n)
{
	size_t done = 0;
	unsigned empty = 0; /* items without a sample must not spin for ever */
	while (done < n && p->n) {
		const struct md_play_item *it = &p->items[p->item];
		size_t k = it->samples - p->pos;
		if (k > n - done)
			k = n - done;
		if (it->clip)
			memcpy(pcm + done, it->clip->pcm + p->pos, k * sizeof(*pcm));
		else
			memset(pcm + done, 0, k * sizeof(*pcm));
		empty = k ? 0 : empty + 1;
		done += k;
		p->pos += k;
		if (p->pos == it->samples && (empty > p->n || !next_item(p)))
			break;
	}
	p->played += done;
	if (p->gain_q12 != 4096)
		gain(pcm, done, p->gain_q12);
	memset(pcm + done, 0, (n - done) * sizeof(*pcm));
	return done == n;
}

bool md_play_tick(struct md_play *p, int16_t *pcm, size_t n)
{
	int16_t under[MD_FRAME];
	if (p->paused) {
		memset(pcm, 0, n * sizeof(*pcm));
		return true;
	}
	bool more = md_play_frame(p, pcm, n);
	if (p->under && more && n <= MD_FRAME) {
		md_play_frame(p->under, under, n);
		for (size_t i = 0; i < n; i++)
			pcm[i] = md_saturate((int32_t)pcm[i] + under[i]);
	}
	return more;
}

void md_play_seek(struct md_play *p, uint64_t samples)
{
	p->item = 0;
	p->pos = 0;
	while (p->n && samples) {
		size_t k = p->items[p->item].samples;
		if (samples < k) {
			p->pos = (size_t)samples;
			return;
		}
		samples -= k;
		if (p->item + 1 == p->n) {
			p->pos = k;
			return;
		}
		p->item++;
	}
}

void md_play_join(struct md_play *p, int64_t now_us)
{
	uint64_t all = 0, gone = now_us > p->since_us ? (uint64_t)(now_us - p->since_us) * (MD_RATE / 1000) / 1000 : 0;
	for (unsigned i = 0; i < p->n; i++)
		all += p->items[i].samples;
	if (!all)
		return;
	if (p->loop > 0 && gone >= all) {
		uint64_t rounds = gone / all, left = (uint64_t)p->loop;
		p->loop -= (int)(rounds < left ? rounds : left);
		gone = rounds <= left ? gone % all : all;
	}
	md_play_seek(p, p->loop < 0 ? gone % all : gone);
}
