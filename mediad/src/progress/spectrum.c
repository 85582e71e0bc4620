#include "progress/spectrum.h"
#include <errno.h>
#include <kiss_fftr.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIZE   256 /* samples a look: 32 ms */
#define BIN_HZ (8000.0f / SIZE)
#define LOW    7 /* bins of the telephone's band: 219 to 3750 Hz; hum lies below */
#define HIGH   120
#define WIDE   2     /* bins beside a peak that the window spreads it over */
#define CLOSE  6     /* bins: two tones that are told as one */
#define SECOND 0.05f /* a second tone has so much of the first one's energy */

struct md_spectrum {
	kiss_fftr_cfg fft;
	float window[SIZE], in[SIZE];
	float energy[SIZE / 2 + 1];
	int16_t pcm[SIZE];
	unsigned fresh; /* samples since the last moment */
};

int md_spectrum_alloc(struct md_spectrum **sp)
{
	struct md_spectrum *s = calloc(1, sizeof(*s));
	if (!s)
		return ENOMEM;
	s->fft = kiss_fftr_alloc(SIZE, 0, NULL, NULL);
	if (!s->fft) {
		free(s);
		return ENOMEM;
	}
	for (int i = 0; i < SIZE; i++)
		s->window[i] = (float)(0.5 - 0.5 * cos(2 * M_PI * i / SIZE));
	*sp = s;
	return 0;
}

void md_spectrum_free(struct md_spectrum *s)
{
	if (!s)
		return;
	kiss_fftr_free(s->fft);
	free(s);
}

/* The strongest bin that is not one of `but` and its neighbours. */
static int strongest(const float *e, int but)
{
	int best = -1;
	for (int i = LOW; i <= HIGH; i++)
		if ((but < 0 || abs(i - but) > 2 * WIDE) && (best < 0 || e[i] > e[best]))
			best = i;
	return best;
}

/* Where a peak really is, by its neighbours: a parabola through the logarithms. */
static float place(const float *e, int at)
{
	float a = logf(e[at - 1] + 1e-9f), b = logf(e[at] + 1e-9f), c = logf(e[at + 1] + 1e-9f);
	float bend = a - 2 * b + c;
	return ((float)at + (bend < 0 ? 0.5f * (a - c) / bend : 0)) * BIN_HZ;
}

static float sum(const float *e, int from, int to)
{
	float all = 0;
	for (int i = from < LOW ? LOW : from; i <= to && i <= HIGH; i++)
		all += e[i];
	return all;
}

/* Two tones so close that they beat are one to us, in their middle; it is the same whatever the beat does. */
static float middle(const float *e, int from, int to)
{
	float all = 1e-6f, moment = 0;
	for (int i = from < LOW ? LOW : from; i <= to && i <= HIGH; i++) {
		all += e[i];
		moment += e[i] * (float)i;
	}
	return moment / all * BIN_HZ;
}

/* The strongest tone or two; their energy. */
static float tones(const float *e, float hz[2])
{
	int one = strongest(e, -1), two = strongest(e, one);
	int low = one < two ? one : two, high = one < two ? two : one;
	float first = sum(e, one - WIDE, one + WIDE), second = sum(e, two - WIDE, two + WIDE);
	hz[1] = 0;
	if (second < SECOND * first) {
		hz[0] = place(e, one);
		return first;
	}
	if (high - low <= CLOSE) {
		hz[0] = middle(e, low - WIDE, high + WIDE);
		return sum(e, low - WIDE, high + WIDE);
	}
	hz[0] = place(e, low);
	hz[1] = place(e, high);
	return first + second;
}

static void look(struct md_spectrum *s, struct md_moment *m)
{
	kiss_fft_cpx out[SIZE / 2 + 1];
	for (int i = 0; i < SIZE; i++)
		s->in[i] = s->window[i] * (float)s->pcm[i];
	kiss_fftr(s->fft, s->in, out);
	for (int i = 0; i <= SIZE / 2; i++)
		s->energy[i] = out[i].r * out[i].r + out[i].i * out[i].i;
	/* A sine of full scale has 3/32 · (32768 · SIZE)² in its bins by this window. */
	static const float full = 32768.0f * 32768.0f * SIZE * SIZE * 3 / 32;
	float total = sum(s->energy, LOW, HIGH);
	m->level = 10 * log10f(total / full + 1e-10f);
	m->share = tones(s->energy, m->hz) / (total + 1);
}

bool md_spectrum_hear(struct md_spectrum *s, const int16_t **pcm, size_t *n, struct md_moment *m)
{
	size_t k = MD_MOMENT - s->fresh;
	if (k > *n)
		k = *n;
	memmove(s->pcm, s->pcm + k, (SIZE - k) * sizeof(s->pcm[0]));
	memcpy(s->pcm + SIZE - k, *pcm, k * sizeof(s->pcm[0]));
	*pcm += k;
	*n -= k;
	s->fresh += (unsigned)k;
	if (s->fresh < MD_MOMENT)
		return false;
	s->fresh = 0;
	look(s, m);
	return true;
}
