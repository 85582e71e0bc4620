/* Making a piece of audio a little shorter or longer without a click: one pitch period is left out, or said twice, with
 * a cross-fade. For clocks that drift and buffers that must change their depth. Pure. */
#ifndef MD_STRETCH_H
#define MD_STRETCH_H
#include <stddef.h>
#include <stdint.h>

/* `n` samples at `per_ms` samples a millisecond (20 ms or more). Both return the samples taken out or put in, 2.5 to 10
 * ms of them; 0: too short a piece. */
size_t md_stretch_cut(int16_t *pcm, size_t n, unsigned per_ms);
size_t md_stretch_grow(int16_t *pcm, size_t n, unsigned per_ms); /* room for 10 ms more behind `n` */
#endif
