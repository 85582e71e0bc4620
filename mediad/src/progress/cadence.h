/* What tones say by their pitch and rhythm: a telephone that rings, busy, congestion, special information tones, the
 * beep of a machine. Pure. */
#ifndef MD_CADENCE_H
#define MD_CADENCE_H
#include "progress/spectrum.h"

enum md_signal { MD_SIG_NONE, MD_SIG_RINGBACK, MD_SIG_BUSY, MD_SIG_CONGESTION, MD_SIG_SIT, MD_SIG_BEEP };

struct md_signal_heard {
	enum md_signal what;
	const char *cause; /* static: whose cadence, which information tone */
	float confidence, hz[2];
	unsigned moments; /* of a beep: its length; how much of the past it took, with the quiet behind it */
};

#define MD_RUNS 16
/* A stretch of one tone, or of none. */
struct md_run {
	bool tone;
	unsigned moments;
	float hz[2], level;
	unsigned n;              /* moments that count below: the edges don't */
	float hz_var, level_var; /* sums of squares about the mean */
};
struct md_cadence {
	struct md_run runs[MD_RUNS]; /* the last ones, the newest at `n` - 1 */
	unsigned n;
	struct md_run now, next; /* next: perhaps a new one */
	bool judged;             /* the last tone is a beep, or is none */
	enum md_signal told;
	const char *told_cause;
};

/* `answered`: beeps are listened for, and one ring alone is none. False: nothing new. */
bool md_cadence_hear(struct md_cadence *c, const struct md_moment *m, bool answered, struct md_signal_heard *h);
/* Moments that a steady tone has lasted by now, and its pitch; 0: there is none. */
unsigned md_cadence_tone(const struct md_cadence *c, float *hz);
/* Of the last `k` moments: those with a tone long enough to be a signal's. */
unsigned md_cadence_tones(const struct md_cadence *c, unsigned k);
#endif
