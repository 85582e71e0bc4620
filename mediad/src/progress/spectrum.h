/* What narrow audio is like from moment to moment: how loud, and whether it is a tone. Pure; no thread of its own. */
#ifndef MD_SPECTRUM_H
#define MD_SPECTRUM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zj_obj.h>

#define MD_MOMENT    80 /* samples from one moment to the next … */
#define MD_MOMENT_MS 10

struct md_moment {
	float level; /* dB of what lies in the telephone's band; a sine of full scale is 0 */
	float share; /* of the energy, 0 to 1: the strongest tone, or the two strongest */
	float hz[2]; /* they, the lower one first; 0: there is no second. Two that beat (440 and 480) are one between */
};

struct md_spectrum;
int md_spectrum_alloc(struct md_spectrum **sp) ZJ_MUST_CHECK;
/* Takes samples until a moment is over: true. False: all were taken. */
bool md_spectrum_hear(struct md_spectrum *s, const int16_t **pcm, size_t *n, struct md_moment *m);
void md_spectrum_free(struct md_spectrum *s);
#endif
