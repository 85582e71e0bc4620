#include "media/conceal.h"
#include <string.h>

#define LAG_MIN_MS 2  /* 500 Hz … */
#define LAG_MAX_MS 15 /* … to 67 Hz */
#define WINDOW_MS  10
#define WHOLE_MS   20 /* at full level so long, then down … */
#define SILENT_MS  80 /* … to nothing */
#define BLEND_MS   4

static size_t samples(const struct md_conceal *c)
{
	return 30 * (size_t)c->per_ms;
}

/* The lag at which the newest WINDOW_MS are most like what was before. */
static size_t period(const struct md_conceal *c)
{
	size_t n = samples(c), window = WINDOW_MS * c->per_ms, best = 0, step = c->per_ms > 8 ? 2 : 1;
	const int16_t *end = c->past + n - window;
	double most = 0;
	for (size_t lag = LAG_MIN_MS * c->per_ms; lag <= LAG_MAX_MS * c->per_ms; lag++) {
		double xy = 0, yy = 1;
		for (size_t i = 0; i < window; i += step) {
			xy += (double)end[i] * *(end + i - lag);
			yy += (double)*(end + i - lag) * *(end + i - lag);
		}
		double like = xy * (xy < 0 ? -xy : xy) / yy;
		if (!best || like > most) {
			most = like;
			best = lag;
		}
	}
	return best;
}

static int16_t blend(int a, int b, size_t i, size_t n)
{
	return (int16_t)((a * (int)(n - i) + b * (int)i) / (int)n);
}

/* The newest period, its end blended into what was before its beginning, so that it can follow itself. */
static void begin(struct md_conceal *c)
{
	size_t n = samples(c);
	c->lag = period(c);
	c->at = 0;
	size_t q = c->lag / 4;
	memcpy(c->cycle, c->past + n - c->lag, c->lag * sizeof(*c->cycle));
	for (size_t i = 0; i < q; i++)
		c->cycle[c->lag - q + i] = blend(c->past[n - q + i], c->past[n - c->lag - q + i], i, q);
}

static int16_t next(struct md_conceal *c)
{
	size_t whole = WHOLE_MS * (size_t)c->per_ms, silent = SILENT_MS * (size_t)c->per_ms, i = c->made++;
	int v = c->cycle[c->at];
	if (++c->at >= c->lag)
		c->at = 0;
	/* It sets on with the past running backwards, which has no step. */
	size_t q = c->lag / 4;
	if (i < q)
		v = blend(c->past[samples(c) - 1 - i], v, i, q);
	if (i < whole)
		return (int16_t)v;
	return i >= silent ? 0 : (int16_t)(v * (int)(silent - i) / (int)(silent - whole));
}

void md_conceal_lost(struct md_conceal *c, int16_t *pcm, size_t n)
{
	if (!c->made)
		begin(c);
	for (size_t i = 0; i < n; i++)
		pcm[i] = next(c);
}

void md_conceal_heard(struct md_conceal *c, int16_t *pcm, size_t n)
{
	size_t all = samples(c), b = BLEND_MS * (size_t)c->per_ms;
	if (c->made) {
		b = b < n ? b : n;
		for (size_t i = 0; i < b; i++)
			pcm[i] = blend(next(c), pcm[i], i, b);
		c->made = 0;
	}
	if (n >= all) {
		memcpy(c->past, pcm + n - all, all * sizeof(*pcm));
		return;
	}
	memmove(c->past, c->past + n, (all - n) * sizeof(*pcm));
	memcpy(c->past + all - n, pcm, n * sizeof(*pcm));
}
