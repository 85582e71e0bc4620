#include "fax/ear.h"
#include <errno.h>
#include <spandsp.h>
#include <stdlib.h>

enum { CNG, CED, TONES };
static const char *const names[TONES] = {"cng", "ced"};
static const int kinds[TONES] = {MODEM_CONNECT_TONES_FAX_CNG, MODEM_CONNECT_TONES_FAX_CED_OR_PREAMBLE};

struct md_ear {
	struct md_job job; /* first */
	struct md_line line;
	modem_connect_tones_rx_state_t *rx[TONES];
	atomic_bool heard[TONES];
	bool told[TONES]; /* control's */
};

static void hear_h(int16_t *pcm, unsigned n, bool lost, void *arg)
{
	struct md_ear *e = arg;
	for (int i = 0; i < TONES; i++) {
		if (!lost)
			modem_connect_tones_rx(e->rx[i], pcm, (int)n);
		if (atomic_load(&e->heard[i]) || modem_connect_tones_rx_get(e->rx[i]) == MODEM_CONNECT_TONES_NONE)
			continue;
		atomic_store(&e->heard[i], true);
		md_aside_changed(&e->job);
	}
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
	for (int i = 0; i < TONES; i++) {
		e->rx[i] = modem_connect_tones_rx_init(NULL, kinds[i], NULL, NULL);
		if (!e->rx[i]) {
			md_ear_free(e);
			return ENOMEM;
		}
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
	for (int i = 0; i < TONES; i++) {
		if (!atomic_load(&e->heard[i]) || e->told[i])
			continue;
		e->told[i] = true;
		return names[i];
	}
	return NULL;
}

void md_ear_free(struct md_ear *e)
{
	for (int i = 0; e && i < TONES; i++)
		if (e->rx[i])
			modem_connect_tones_rx_free(e->rx[i]);
	free(e);
}
