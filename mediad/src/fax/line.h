/* What a tap hears, put in order again: late packets into their place, what never came told as lost, silence told as
 * it passes. Modems cannot be fed from the voices' jitter buffer: it stretches. No thread of its own. */
#ifndef MD_LINE_H
#define MD_LINE_H
#include "media/tap.h"

#define MD_LINE_RING 8192u /* samples: 1.02 s */

struct md_line {
	bool set;
	uint32_t ts; /* the newest frame's … */
	int64_t at;  /* … and where it lies */
	int64_t end, read;
	int64_t heard_us;
	int16_t pcm[MD_LINE_RING];
	bool there[MD_LINE_RING];
};

/* `lost`: it should have come; `pcm` is silence then. At most MD_FRAME samples. */
typedef void(md_line_h)(int16_t *pcm, unsigned n, bool lost, void *arg);

/* Empties the tap, tells what is due. Every 20 ms. */
void md_line_step(struct md_line *l, struct md_tap *t, int64_t now_us, md_line_h *h, void *arg);
#endif
