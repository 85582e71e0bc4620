#include "media/quality.h"

/* Equipment impairment and robustness to loss, of codecs with concealment: G.113 appendix I for G.711. It has no
 * figures on this (narrow-band) scale for the others: G.722 is taken as G.711 is; Opus, whose packets carry copies of
 * their predecessors, as a little worse without loss and much better with it. */
static const struct {
	double ie, bpl;
} rows[MD_CODECS] = {
	[MD_CODEC_PCMA] = {0, 25.1}, [MD_CODEC_PCMU] = {0, 25.1},     [MD_CODEC_G722] = {0, 25.1},
	[MD_CODEC_OPUS] = {5, 40},   [MD_CODEC_L16_WIDE] = {0, 25.1}, [MD_CODEC_L16] = {0, 25.1},
};

/* R = 93.2 − Id − Ie,eff (G.107 (06/2015) 7.1 with every parameter that is not known here at its default of table 3).
 */
double md_mos(enum md_codec_id codec, double delay_ms, double loss, double burst)
{
	double ie = codec == MD_CODEC_NONE ? 0 : rows[codec].ie, bpl = codec == MD_CODEC_NONE ? 25.1 : rows[codec].bpl;
	/* Id: Cole and Rosenbluth's straight lines through equations 7-21 to 7-28. */
	double id = 0.024 * delay_ms + (delay_ms > 177.3 ? 0.11 * (delay_ms - 177.3) : 0);
	/* Ie,eff: equation 7-29. BurstR is the mean burst against that of the same loss at random, 1 / (1 − loss). */
	double percent = loss * 100, burst_r = burst * (1 - loss);
	double eff = ie + (95 - ie) * percent / (percent / (burst_r < 1 ? 1 : burst_r) + bpl);
	double r = 93.2 - id - eff;
	if (r <= 0)
		return 1;
	if (r > 100)
		r = 100;
	/* Annex B. */
	double mos = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
	return mos < 1 ? 1 : mos;
}
