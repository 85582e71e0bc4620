#include "progress/levels.h"
#include <string.h>

#define LEAST  (-52) /* dB: what is below is never voice */
#define ABOVE  9     /* dB over the floor: voice */
#define BELOW  26    /* dB under the loudest: no voice, but somebody else's */
#define HUSHED (-100)
#define BRIDGE 12u   /* moments: a shorter pause is within a word */
#define WORD   7u    /* moments: what is shorter is a click */
#define DIP    15.0f /* dB under the loudest */

void md_levels_add(struct md_levels *l, float db)
{
	if (l->n == MD_LEVELS_MAX) {
		l->n /= 2;
		memmove(l->db, l->db + l->n, l->n);
	}
	l->db[l->n++] = (int8_t)(db < HUSHED ? HUSHED : db > 0 ? 0 : db);
}

void md_levels_hush(struct md_levels *l, unsigned k)
{
	k = k < l->n ? k : l->n;
	memset(l->db + l->n - k, HUSHED, k);
}

/* The level that `share` of these moments lie below; hushed ones don't count. */
static int quantile(const int8_t *db, unsigned n, float share)
{
	unsigned count[128] = {0}, all = 0, below = 0;
	for (unsigned i = 0; i < n; i++)
		if (db[i] != HUSHED || share > 0.5f) {
			count[-db[i]]++;
			all++;
		}
	for (int level = -HUSHED; level >= 0; level--) {
		below += count[level];
		if ((float)below > share * (float)all)
			return -level;
	}
	return HUSHED;
}

static int threshold(const int8_t *db, unsigned n)
{
	int floor = quantile(db, n, 0.1f) + ABOVE, loud = quantile(db, n, 0.95f) - BELOW;
	int t = floor > loud ? floor : loud;
	return t > LEAST ? t : LEAST;
}

/* The next stretch of voice from `at` on, short pauses bridged, clicks passed over. False: none. */
static bool word(const struct md_levels *l, int t, unsigned at, unsigned *from, unsigned *to, unsigned *voiced)
{
	while (at < l->n) {
		while (at < l->n && l->db[at] < t)
			at++;
		*from = *to = at;
		*voiced = 0;
		for (unsigned gap = 0; at < l->n && gap < BRIDGE; at++) {
			gap = l->db[at] < t ? gap + 1 : 0;
			*voiced += !gap;
			*to = gap ? *to : at + 1;
		}
		if (*voiced >= WORD)
			return true;
	}
	return false;
}

void md_levels_speech(const struct md_levels *l, unsigned since, unsigned pause, struct md_speech *s)
{
	unsigned from, to, voiced, at = since;
	*s = (struct md_speech){0};
	if (since >= l->n)
		return;
	int t = threshold(l->db + since, l->n - since);
	while (word(l, t, at, &from, &to, &voiced) && (!s->words || from - s->to < pause)) {
		if (s->words && from - s->to > s->pause)
			s->pause = from - s->to;
		s->from = s->words ? s->from : from;
		s->to = at = to;
		s->voiced += voiced;
		s->words++;
	}
	s->quiet = l->n - (s->words ? s->to : since);
}

void md_levels_motion(const struct md_levels *l, unsigned k, struct md_motion *m)
{
	k = k < l->n ? k : l->n;
	const int8_t *db = l->db + l->n - k;
	unsigned dips = 0, falls = 0;
	m->loud = (float)quantile(db, k, 0.95f);
	m->floor = (float)quantile(db, k, 0.1f);
	bool up = false;
	for (unsigned i = 0; i < k; i++) {
		dips += (float)db[i] < m->loud - DIP;
		falls += up && (float)db[i] < m->loud - DIP;
		up = (float)db[i] > m->loud - DIP + 6 || (up && (float)db[i] >= m->loud - DIP);
	}
	m->dips = k ? (float)dips / (float)k : 0;
	m->rate = k ? (float)falls * 1000 / MD_MOMENT_MS / (float)k : 0;
}
