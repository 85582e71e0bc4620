/* How good a leg sounded: the E-model (ITU-T G.107) reduced to what RTP knows. Pure. */
#ifndef MD_QUALITY_H
#define MD_QUALITY_H
/* Mean opinion score 1.0 … 4.4 of G.711 with so much one-way delay and random loss (0..1). */
double md_mos(double delay_ms, double loss);
#endif
