#include "progress/cadence.h"
#include <math.h>
#include <string.h>

#define SHARE    0.84f /* of the energy in at most two tones: a tone begins … */
#define HOLD     0.72f /* … and goes on */
#define CLEAN    0.85f /* so much of it: its pitch and level count */
#define DIP      4.0f  /* dB below its mean: they don't */
#define FAINTEST (-45.0f)
#define DROP     12.0f /* dB below its tone: it is over */
#define QUIET    8.0f  /* dB below a tone at least is the pause behind it */
#define APART    50.0f /* Hz: another tone */
#define REAL     3u    /* moments that a change must last */
#define EDGE     3u    /* moments at its beginning that say nothing of a tone's pitch */

#define MS(ms) ((ms) / MD_MOMENT_MS)

/* ---- rhythms ---- */

struct rhythm {
	enum md_signal what;
	const char *cause;
	float low, high;      /* Hz of the (lower) tone */
	unsigned short ms[4]; /* on, off, and again where they take turns */
};
/* ITU-T E.180 supplement 2 knows them all; the nearest one counts. */
static const struct rhythm rhythms[] = {
	{MD_SIG_BUSY, "cn", 430, 470, {350, 350}},       {MD_SIG_CONGESTION, "cn", 430, 470, {700, 700}},
	{MD_SIG_BUSY, "us", 500, 600, {500, 500}},       {MD_SIG_CONGESTION, "us", 500, 600, {250, 250}},
	{MD_SIG_BUSY, "eu", 405, 445, {500, 500}},       {MD_SIG_CONGESTION, "eu", 405, 445, {240, 240}},
	{MD_SIG_CONGESTION, "eu", 405, 445, {200, 200}}, {MD_SIG_CONGESTION, "se", 405, 445, {250, 750}},
	{MD_SIG_BUSY, "uk", 380, 420, {375, 375}},       {MD_SIG_CONGESTION, "uk", 380, 420, {400, 350, 225, 525}},
	{MD_SIG_BUSY, "in", 380, 430, {750, 750}},       {MD_SIG_CONGESTION, "in", 380, 420, {250, 250}},
	{MD_SIG_BUSY, "jp", 380, 420, {500, 500}},       {MD_SIG_BUSY, "fr", 430, 450, {500, 500}},
	{MD_SIG_CONGESTION, "fr", 430, 450, {250, 250}}, {MD_SIG_BUSY, "ru", 405, 445, {375, 375}},
	{MD_SIG_CONGESTION, "ru", 405, 445, {175, 175}},
};

#define LENGTHS 7
/* The newest lengths (ms) of one tone and its pauses, the newest tone first; how many. */
static unsigned lengths(const struct md_cadence *c, unsigned ms[LENGTHS], float hz[2])
{
	const struct md_run *tone = NULL;
	unsigned n = 0;
	for (unsigned i = c->n; i-- && n < LENGTHS; n++) {
		const struct md_run *r = &c->runs[i];
		if (n % 2 == 0 && (!r->tone || (tone && fabsf(r->hz[0] - tone->hz[0]) > APART)))
			break;
		if (n % 2 && (r->tone || !tone || r->level > tone->level - QUIET))
			break;
		if (r->tone && !tone)
			memcpy(hz, r->hz, 2 * sizeof(*hz));
		tone = r->tone ? r : tone;
		ms[n] = r->moments * MD_MOMENT_MS;
	}
	return n;
}

/* How far the lengths are from a rhythm that begins at its part `at`; 1 and more: it is another. */
static float distance(const struct rhythm *r, const unsigned *ms, unsigned n, unsigned at)
{
	unsigned parts = r->ms[2] ? 4 : 2;
	float worst = 0;
	for (unsigned i = 0; i < n; i++) {
		/* ms[] runs backward in time */
		float want = (float)r->ms[(at + parts * 4 - i) % parts], is = (float)ms[i];
		float d = fabsf(is - want) / (0.1f * want + 20);
		worst = d > worst ? d : worst;
	}
	return worst;
}

static bool rhythm_heard(const struct md_cadence *c, struct md_signal_heard *h)
{
	unsigned ms[LENGTHS];
	float hz[2] = {0, 0}, best = 1;
	unsigned n = lengths(c, ms, hz);
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(rhythms); i++) {
		const struct rhythm *r = &rhythms[i];
		unsigned need = r->ms[2] ? 7 : 5;
		if (n < need || hz[0] < r->low || hz[0] > r->high)
			continue;
		for (unsigned at = 0; at < (r->ms[2] ? 4 : 2); at += 2) {
			float d = distance(r, ms, need, at);
			if (d >= best)
				continue;
			best = d;
			*h = (struct md_signal_heard){r->what, r->cause, 0.99f - 0.19f * d, {hz[0], hz[1]}, 0};
		}
	}
	return best < 1;
}

/* ---- ringing ---- */

static bool is_ring(const struct md_run *r, unsigned from, unsigned to)
{
	return r->tone && r->hz[0] > 380 && r->hz[0] < 500 && r->moments >= MS(from) && r->moments <= MS(to);
}

static unsigned rings(const struct md_cadence *c)
{
	unsigned n = 0;
	for (unsigned i = 0; i < c->n; i++)
		n += is_ring(&c->runs[i], 640, 2400);
	return n;
}

/* A long tone, or two short ones, and a pause that no other signal has. */
static bool ring_heard(const struct md_cadence *c, bool answered, struct md_signal_heard *h)
{
	const struct md_run *last = c->n ? &c->runs[c->n - 1] : NULL;
	if (!last || c->now.tone || c->now.moments < MS(1400) || c->now.level > last->level - QUIET)
		return false;
	bool pair = c->n > 2 && is_ring(last, 280, 620) && is_ring(last - 2, 280, 620) && last[-1].moments >= MS(140) &&
		    last[-1].moments <= MS(320);
	bool longer = is_ring(last, 640, 2400);
	if ((!pair && !longer) || (answered && !pair && rings(c) < 2))
		return false;
	*h = (struct md_signal_heard){
		MD_SIG_RINGBACK, pair ? "double_ring" : "ring", 0.95f, {last->hz[0], last->hz[1]}, 0};
	return true;
}

/* ---- special information tones ---- */

/* Bellcore's: pitch and length of the first two go together, and say why. ITU-T E.180 says 950, 1400, 1800. */
static const char *information(float one, float two)
{
	bool low1 = fabsf(one - 913.8f) < 18, high1 = fabsf(one - 985.2f) < 18;
	bool low2 = fabsf(two - 1370.6f) < 14, high2 = fabsf(two - 1428.5f) < 14;
	return low1 && low2     ? "intercept"
	       : high1 && low2  ? "vacant"
	       : low1 && high2  ? "reorder"
	       : high1 && high2 ? "no_circuit"
				: "sit";
}

static bool within(const struct md_run *r, float low, float high)
{
	return r->tone && r->hz[0] > low && r->hz[0] < high && r->moments >= MS(180) && r->moments <= MS(480);
}

static bool sit_heard(const struct md_cadence *c, struct md_signal_heard *h)
{
	const struct md_run *parts[2];
	unsigned i = c->n, k = 2;
	if (!c->now.tone || c->now.moments < MS(180) || c->now.hz[0] < 1740 || c->now.hz[0] > 1860)
		return false;
	while (k && i--) {
		const struct md_run *r = &c->runs[i];
		if (r->tone)
			parts[--k] = r;
		else if (r->moments > MS(80))
			return false;
	}
	if (k || !within(parts[0], 890, 1010) || !within(parts[1], 1340, 1460))
		return false;
	*h = (struct md_signal_heard){MD_SIG_SIT,
				      information(parts[0]->hz[0], parts[1]->hz[0]),
				      0.99f,
				      {parts[0]->hz[0], parts[1]->hz[0]},
				      0};
	return true;
}

/* ---- beeps ---- */

static float deviation(float sum, unsigned n)
{
	return n > 1 ? sqrtf(sum / (float)n) : 99;
}

static bool is_steady(const struct md_run *r)
{
	return r->tone && r->n >= 6 && r->n * 3 >= r->moments * 2 - 2 * EDGE && deviation(r->hz_var, r->n) < 8 &&
	       deviation(r->level_var, r->n) < 2.5f;
}

/* Tones of other pitches shortly before: a melody, or keys. */
static unsigned others(const struct md_cadence *c, float hz)
{
	unsigned n = 0, moments = 0;
	for (unsigned i = c->n - 1; i-- && moments < MS(3000);) {
		const struct md_run *r = &c->runs[i];
		moments += r->moments;
		n += r->tone && r->moments >= MS(80) && fabsf(r->hz[0] - hz) > APART && is_steady(r);
	}
	return n;
}

/* One even tone, then quiet. What rings is none, nor what goes on for ever. */
static bool beep_heard(struct md_cadence *c, struct md_signal_heard *h)
{
	const struct md_run *last = c->n ? &c->runs[c->n - 1] : NULL;
	if (!last || c->judged || c->now.tone || c->now.moments < MS(150))
		return false;
	c->judged = true;
	if (c->now.level > last->level - DROP)
		return false;
	if (!is_steady(last) || last->hz[0] < (last->moments < MS(200) ? 700 : 400) || last->hz[0] > 2700 ||
	    last->moments < MS(110) || last->moments > MS(2000) || others(c, last->hz[0]) > 1)
		return false;
	*h = (struct md_signal_heard){MD_SIG_BEEP,
				      "tone",
				      last->moments >= MS(200) ? 0.95f : 0.8f,
				      {last->hz[0], last->hz[1]},
				      last->moments + c->now.moments};
	return true;
}

/* ---- stretches ---- */

static bool goes_on(const struct md_run *r, const struct md_moment *m, bool tone)
{
	return r->moments && r->tone == tone && (!tone || fabsf(m->hz[0] - r->hz[0]) < APART);
}

static void extend(struct md_run *r, const struct md_moment *m)
{
	r->moments++;
	if (r->moments <= EDGE) {
		memcpy(r->hz, m->hz, sizeof(r->hz));
		r->level = r->moments == 1 || r->tone ? m->level : fmaxf(r->level, m->level);
		return;
	}
	if (r->tone && (m->share < CLEAN || m->level < r->level - DIP))
		return; /* an edge, or a packet that was lost */
	float n = (float)++r->n, dh = m->hz[0] - r->hz[0], dl = m->level - r->level;
	r->hz[0] += dh / n;
	r->hz[1] += (m->hz[1] - r->hz[1]) / n;
	r->level += dl / n;
	r->hz_var += dh * (m->hz[0] - r->hz[0]);
	r->level_var += dl * (m->level - r->level);
}

static void finish(struct md_cadence *c)
{
	if (c->n == MD_RUNS)
		memmove(c->runs, c->runs + 1, --c->n * sizeof(c->runs[0]));
	c->runs[c->n++] = c->now;
	c->now = c->next;
	c->next = (struct md_run){0};
	c->judged = false;
}

/* True: a stretch ended. */
static bool stretch(struct md_cadence *c, const struct md_moment *m)
{
	bool tone = m->share >= (c->now.tone ? HOLD : SHARE) && m->level >= FAINTEST &&
		    !(c->now.tone && m->level < c->now.level - DROP);
	if (!c->now.moments)
		c->now = (struct md_run){.tone = tone};
	if (!c->now.moments || goes_on(&c->now, m, tone)) {
		c->now.moments += c->next.moments; /* it was a flicker */
		c->next = (struct md_run){0};
		extend(&c->now, m);
		return false;
	}
	if (!goes_on(&c->next, m, tone)) {
		c->now.moments += c->next.moments;
		c->next = (struct md_run){.tone = tone};
	}
	extend(&c->next, m);
	if (c->next.moments < REAL)
		return false;
	finish(c);
	return true;
}

unsigned md_cadence_tone(const struct md_cadence *c, float *hz)
{
	*hz = c->now.hz[0];
	return is_steady(&c->now) ? c->now.moments : 0;
}

unsigned md_cadence_tones(const struct md_cadence *c, unsigned k)
{
	unsigned n = 0, past = 0;
	for (unsigned i = c->n + 1; i-- && past < k;) {
		const struct md_run *r = i == c->n ? &c->now : &c->runs[i];
		unsigned m = r->moments < k - past ? r->moments : k - past;
		n += r->tone && r->moments >= MS(120) ? m : 0;
		past += r->moments;
	}
	return n;
}

bool md_cadence_hear(struct md_cadence *c, const struct md_moment *m, bool answered, struct md_signal_heard *h)
{
	bool ended = stretch(c, m);
	bool news = sit_heard(c, h) || (ended && rhythm_heard(c, h)) || ring_heard(c, answered, h);
	if (!news && answered && beep_heard(c, h))
		return true;
	if (!news || (h->what == c->told && h->cause == c->told_cause))
		return false;
	c->told = h->what;
	c->told_cause = h->cause;
	return true;
}
