#include "media/stretch.h"
#include <string.h>

#define WINDOW_MS 10

/* How alike the piece and itself `lag` later are, with the sign of the likeness. */
static double likeness(const int16_t *x, size_t window, size_t lag, size_t step)
{
	double xy = 0, yy = 1;
	for (size_t i = 0; i < window; i += step) {
		xy += (double)x[i] * x[i + lag];
		yy += (double)x[i + lag] * x[i + lag];
	}
	return xy * (xy < 0 ? -xy : xy) / yy;
}

static size_t period(const int16_t *x, size_t n, unsigned per_ms)
{
	size_t window = (size_t)WINDOW_MS * per_ms, step = per_ms / 8, best = 0;
	double most = 0;
	if (n < 2 * window)
		return 0;
	for (size_t lag = 5 * per_ms / 2; lag <= window; lag++) {
		double l = likeness(x, window, lag, step ? step : 1);
		if (!best || l > most) {
			most = l;
			best = lag;
		}
	}
	return best;
}

/* From `a` to `b` over `n` samples. */
static void fade(int16_t *out, const int16_t *a, const int16_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (int16_t)(((int32_t)a[i] * (int32_t)(n - i) + (int32_t)b[i] * (int32_t)i) / (int32_t)n);
}

size_t md_stretch_cut(int16_t *pcm, size_t n, unsigned per_ms)
{
	size_t lag = period(pcm, n, per_ms);
	if (!lag)
		return 0;
	fade(pcm, pcm, pcm + lag, lag);
	memmove(pcm + lag, pcm + 2 * lag, (n - 2 * lag) * sizeof(*pcm));
	return lag;
}

size_t md_stretch_grow(int16_t *pcm, size_t n, unsigned per_ms)
{
	size_t lag = period(pcm, n, per_ms);
	if (!lag)
		return 0;
	memmove(pcm + 2 * lag, pcm + lag, (n - lag) * sizeof(*pcm));
	/* pcm[0…lag) stays; then from what followed it back to its own beginning; then what followed it. The fade reads
	 * pcm + 2·lag, where what followed is now. */
	fade(pcm + lag, pcm + 2 * lag, pcm, lag);
	return lag;
}
