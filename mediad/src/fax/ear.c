#include "fax/ear.h"
#include "fax/tones.h"
#include <errno.h>
#include <stdlib.h>

struct md_ear {
	struct md_job job; /* first */
	struct md_line line;
	struct md_fax_tones *tones;
	atomic_uint heard;
	unsigned told; /* control's */
};

static void hear_h(int16_t *pcm, unsigned n, bool lost, void *arg)
{
	struct md_ear *e = arg;
	if (lost)
		return;
	unsigned heard = md_fax_tones_hear(e->tones, pcm, n);
	if (heard == atomic_load(&e->heard))
		return;
	atomic_store(&e->heard, heard);
	md_aside_changed(&e->job);
}

static bool step(struct md_job *j, int64_t now_us)
{
	struct md_ear *e = (struct md_ear *)j;
	if (atomic_load(&j->stop))
		return false;
	if (!e->line.heard_us)
		e->line.heard_us = now_us;
	md_line_step(&e->line, j->tap, now_us, hear_h, e);
	return true;
}

int md_ear_alloc(struct md_ear **ep, struct md_tap *tap)
{
	struct md_ear *e = calloc(1, sizeof(*e));
	if (!e)
		return ENOMEM;
	e->job.step = step;
	e->job.tap = tap;
	if (md_fax_tones_alloc(&e->tones)) {
		free(e);
		return ENOMEM;
	}
	*ep = e;
	return 0;
}

struct md_job *md_ear_job(struct md_ear *e)
{
	return &e->job;
}

const char *md_ear_heard(struct md_ear *e)
{
	unsigned fresh = atomic_load(&e->heard) & ~e->told;
	for (int i = 0; i < MD_FAX_TONES; i++) {
		if (!(fresh & 1u << i))
			continue;
		e->told |= 1u << i;
		return md_fax_tone_names[i];
	}
	return NULL;
}

void md_ear_free(struct md_ear *e)
{
	if (!e)
		return;
	md_fax_tones_free(e->tones);
	free(e);
}
