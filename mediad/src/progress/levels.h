/* How loud it was, moment by moment, and what of that was voice. Pure. */
#ifndef MD_LEVELS_H
#define MD_LEVELS_H
#include "progress/spectrum.h"

#define MD_LEVELS_MAX 6000u /* moments: a minute */

struct md_levels {
	unsigned n;
	int8_t db[MD_LEVELS_MAX]; /* below full scale, 0 to -100 */
};

/* The stretch of speech that a call begins with. In moments. */
struct md_speech {
	unsigned from, to; /* its first moment, the one behind its last; equal: none */
	unsigned voiced;   /* of them with voice */
	unsigned words;    /* stretches of voice with pauses between them */
	unsigned pause;    /* the longest pause within */
	unsigned quiet;    /* since its end */
};

/* What lies further back than MD_LEVELS_MAX is forgotten, the older half at once. */
void md_levels_add(struct md_levels *l, float db);
/* The last `k` moments were no voice. */
void md_levels_hush(struct md_levels *l, unsigned k);
/* Reads from the moment `since` on; a pause of `pause` moments ends the stretch. */
void md_levels_speech(const struct md_levels *l, unsigned since, unsigned pause, struct md_speech *s);

/* How the loudness of the last `k` moments moves. */
struct md_motion {
	float loud;  /* dB, of its loudest twentieth */
	float floor; /* dB, of its quietest tenth */
	float dips;  /* share of moments far below the loudest */
	float rate;  /* falls below half of the way down, a second */
};
void md_levels_motion(const struct md_levels *l, unsigned k, struct md_motion *m);
#endif
