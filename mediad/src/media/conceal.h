/* Making up what was lost of a codec that has no means of its own: the last pitch period goes on, and fades (after
 * ITU-T G.711 appendix I). spandsp has the same, but moves overlapping memory with memcpy. Pure; zeroed is ready but
 * for per_ms. */
#ifndef MD_CONCEAL_H
#define MD_CONCEAL_H
#include <stddef.h>
#include <stdint.h>

#define MD_CONCEAL_PAST 480 /* 30 ms of wide audio */

struct md_conceal {
	unsigned per_ms; /* samples a millisecond, at most 16 */
	size_t lag, at;  /* the period, and where in it we are */
	size_t made;     /* samples since the last that was heard; 0: none */
	int16_t past[MD_CONCEAL_PAST], cycle[MD_CONCEAL_PAST / 2];
};
/* Audio that came; its beginning is blended with what was made up before it. */
void md_conceal_heard(struct md_conceal *c, int16_t *pcm, size_t n);
void md_conceal_lost(struct md_conceal *c, int16_t *pcm, size_t n);
#endif
