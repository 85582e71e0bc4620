/* Numbers as anybody dials them, codes and rows of trunks: the pure parsers of kamailio-mods/trunk. */
#include "trunk_match.h"
#include "trunk_plan.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[1024], out[ZK_NUMBER_MAX], *second;
	uint16_t codes[TRUNK_CODES_MAX];
	struct trunk_addr addr;
	size_t n = size < sizeof text - 1 ? size : sizeof text - 1;
	memcpy(text, data, n);
	text[n] = '\0';
	second = text + n / 2;
	if (trunk_parse_codes(codes, TRUNK_CODES_MAX, text) > TRUNK_CODES_MAX)
		abort();
	if (zj_dial_rewrite(out, sizeof out, text, second, "0") && strlen(out) >= sizeof out)
		abort();
	if (zj_dial_fit(second, (int)(n % 9), text) >= 0 && trunk_fit_rate(second, (int)(n % 9), text) < 0)
		abort(); /* both ask whether it fits */
	(void)trunk_addr_parse(&addr, text, 5060);
	return 0;
}
