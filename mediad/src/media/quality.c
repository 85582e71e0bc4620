#include "media/quality.h"

double md_mos(double delay_ms, double loss)
{
	/* R = 93.2 − Id − Ie,eff; G.711 with concealment: Ie 0, Bpl 25.1 (G.113 appendix I). */
	double id = 0.024 * delay_ms + (delay_ms > 177.3 ? 0.11 * (delay_ms - 177.3) : 0);
	double percent = loss * 100;
	double ie = 95 * percent / (percent + 25.1);
	double r = 93.2 - id - ie;
	if (r <= 0)
		return 1;
	if (r > 100)
		r = 100;
	double mos = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
	return mos < 1 ? 1 : mos;
}
