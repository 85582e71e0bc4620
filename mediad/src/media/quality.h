/* How good a leg sounded: the E-model (ITU-T G.107) reduced to what RTP knows. Pure. */
#ifndef MD_QUALITY_H
#define MD_QUALITY_H
#include "media/codec.h"

/* Mean opinion score 1.0 … 4.4 with so much one-way delay and loss (0..1), which came in bursts of so many packets in
 * the mean (1: each alone). */
double md_mos(enum md_codec_id codec, double delay_ms, double loss, double burst);
#endif
