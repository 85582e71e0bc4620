#include "progress/listener.h"
#include <errno.h>
#include <stdlib.h>

#define NEWS 32u /* more than a call has */

struct md_listener {
	struct md_job job; /* first */
	struct md_line line;
	struct md_progress *progress;
	atomic_bool answered;
	_Atomic unsigned put, taken; /* count for ever: the thread's, control's */
	struct md_progress_heard news[NEWS];
	bool told; /* the thread's: that it is answered */
	bool final;
};

static void publish(struct md_listener *l)
{
	struct md_progress_heard h;
	while (md_progress_next(l->progress, &h)) {
		unsigned put = atomic_load(&l->put);
		l->final = l->final || h.final;
		if (put - atomic_load(&l->taken) == NEWS)
			continue;
		l->news[put % NEWS] = h;
		atomic_store(&l->put, put + 1);
		md_aside_changed(&l->job);
	}
}

static void hear_h(int16_t *pcm, unsigned n, bool lost, void *arg)
{
	struct md_listener *l = arg;
	md_progress_hear(l->progress, pcm, n, lost);
}

static bool step(struct md_job *j, int64_t now_us)
{
	struct md_listener *l = (struct md_listener *)j;
	if (atomic_load(&j->stop))
		return false;
	if (!l->line.heard_us)
		l->line.heard_us = now_us;
	md_line_step(&l->line, j->tap, now_us, hear_h, l);
	if (!l->told && atomic_load(&l->answered)) {
		/* What still waits in the line for late packets was said before. */
		int64_t ahead = l->line.end - l->line.read;
		md_progress_answer(l->progress, ahead > 0 ? (unsigned)ahead : 0);
		l->told = true;
	}
	publish(l);
	return !l->final;
}

int md_listener_alloc(struct md_listener **lp, struct md_tap *tap, const struct md_progress_rules *rules)
{
	struct md_listener *l = calloc(1, sizeof(*l));
	if (!l)
		return ENOMEM;
	l->job.step = step;
	l->job.tap = tap;
	if (md_progress_alloc(&l->progress, rules)) {
		free(l);
		return ENOMEM;
	}
	*lp = l;
	return 0;
}

struct md_job *md_listener_job(struct md_listener *l)
{
	return &l->job;
}

void md_listener_answered(struct md_listener *l)
{
	atomic_store(&l->answered, true);
}

bool md_listener_heard(struct md_listener *l, struct md_progress_heard *h)
{
	unsigned taken = atomic_load(&l->taken);
	if (taken == atomic_load(&l->put))
		return false;
	*h = l->news[taken % NEWS];
	atomic_store(&l->taken, taken + 1);
	return true;
}

void md_listener_free(struct md_listener *l)
{
	if (!l)
		return;
	md_progress_free(l->progress);
	free(l);
}
