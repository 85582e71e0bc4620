#include "prompt/loudness.h"
#include "media/codec.h"
#include <ebur128.h>
#include <errno.h>
#include <math.h>

#define PEAK_MAX_DB (-1.0)
#define SHORTEST    (MD_RATE / 2) /* R128 measures blocks of 400 ms: a shorter clip is measured as its repetition */

struct measure {
	double lufs, peak; /* peak: 1 is full scale */
};

static int measure(const struct md_clip *c, struct measure *m)
{
	ebur128_state *st = ebur128_init(1, MD_RATE, EBUR128_MODE_I | EBUR128_MODE_TRUE_PEAK);
	int err = st && c->samples ? 0 : ENOMEM;
	for (size_t fed = 0; !err && (!fed || fed < SHORTEST); fed += c->samples)
		err = ebur128_add_frames_short(st, c->pcm, c->samples) ? ENOMEM : 0;
	if (!err && (ebur128_loudness_global(st, &m->lufs) || ebur128_true_peak(st, 0, &m->peak)))
		err = ENOMEM;
	if (st)
		ebur128_destroy(&st);
	if (!err && !(m->lufs > MD_LUFS_SILENT)) /* also −inf and NaN */
		m->lufs = MD_LUFS_SILENT;
	return err;
}

int md_loudness(const struct md_clip *c, double *lufs)
{
	struct measure m;
	int err = measure(c, &m);
	if (!err)
		*lufs = m.lufs;
	return err;
}

int md_loudness_set(struct md_clip *c, double target, double *before, double *after)
{
	struct measure m;
	int err = measure(c, &m);
	if (err)
		return err;
	*before = *after = m.lufs;
	if (m.lufs <= MD_LUFS_SILENT || m.peak <= 0)
		return 0;
	double gain = pow(10, (target - m.lufs) / 20), most = pow(10, PEAK_MAX_DB / 20) / m.peak;
	if (gain > most)
		gain = most;
	for (size_t i = 0; i < c->samples; i++)
		c->pcm[i] = md_saturate((int32_t)lrint(c->pcm[i] * gain));
	return md_loudness(c, after);
}
