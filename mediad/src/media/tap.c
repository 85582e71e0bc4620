#include "media/tap.h"
#include <string.h>

static unsigned get(const _Atomic unsigned *n)
{
	return atomic_load_explicit(n, memory_order_acquire);
}

static void add(_Atomic unsigned *n)
{
	atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) + 1, memory_order_release);
}

void md_tap_hear(struct md_tap *t, uint32_t ts, unsigned clock, const int16_t *pcm, size_t n)
{
	unsigned put = atomic_load_explicit(&t->heard_put, memory_order_relaxed);
	ts /= clock > MD_RATE ? clock / MD_RATE : 1;
	while (n && put - get(&t->heard_taken) < MD_TAP_HEARD) {
		struct md_tap_frame *f = &t->heard[put % MD_TAP_HEARD];
		f->ts = ts;
		f->n = (uint16_t)(n < MD_FRAME ? n : MD_FRAME);
		memcpy(f->pcm, pcm, f->n * sizeof(*pcm));
		ts += f->n;
		pcm += f->n;
		n -= f->n;
		add(&t->heard_put);
		put++;
	}
}

void md_tap_say(struct md_tap *t, int16_t pcm[MD_FRAME])
{
	unsigned taken = atomic_load_explicit(&t->said_taken, memory_order_relaxed);
	if (taken == get(&t->said_put)) {
		memset(pcm, 0, MD_FRAME * sizeof(*pcm));
		if (taken) /* before the first one nothing was due */
			add(&t->starved);
		return;
	}
	memcpy(pcm, t->said[taken % MD_TAP_SAID], MD_FRAME * sizeof(*pcm));
	add(&t->said_taken);
}

const struct md_tap_frame *md_tap_next(const struct md_tap *t)
{
	unsigned taken = atomic_load_explicit(&t->heard_taken, memory_order_relaxed);
	return taken == get(&t->heard_put) ? NULL : &t->heard[taken % MD_TAP_HEARD];
}

void md_tap_drop(struct md_tap *t)
{
	add(&t->heard_taken);
}

unsigned md_tap_waiting(const struct md_tap *t)
{
	return get(&t->said_put) - get(&t->said_taken);
}

void md_tap_put(struct md_tap *t, const int16_t pcm[MD_FRAME])
{
	unsigned put = atomic_load_explicit(&t->said_put, memory_order_relaxed);
	if (put - get(&t->said_taken) >= MD_TAP_SAID)
		return;
	memcpy(t->said[put % MD_TAP_SAID], pcm, MD_FRAME * sizeof(*pcm));
	add(&t->said_put);
}

void md_tap_queue_put(struct md_tap_queue *q, const uint8_t *bytes, size_t len)
{
	unsigned put = atomic_load_explicit(&q->put, memory_order_relaxed);
	struct md_tap_data *d = &q->at[put % MD_TAP_DATA];
	if (len > MD_TAP_BYTES || put - get(&q->taken) >= MD_TAP_DATA)
		return;
	d->len = (uint16_t)len;
	memcpy(d->bytes, bytes, len);
	add(&q->put);
}

const struct md_tap_data *md_tap_queue_next(const struct md_tap_queue *q)
{
	unsigned taken = atomic_load_explicit(&q->taken, memory_order_relaxed);
	return taken == get(&q->put) ? NULL : &q->at[taken % MD_TAP_DATA];
}

void md_tap_queue_drop(struct md_tap_queue *q)
{
	add(&q->taken);
}
