/* Rows of the lists as COPY sends them, patterns and numbers as anybody dials them: kamailio-mods/blacklist's pure
 * parsers. */
#include "bl_number.h"
#include "bl_row.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bl_row row;
	struct bl_digits d;
	char text[256], back[BL_DIGITS_MAX + 1];
	if (size < 2)
		return 0;
	if (bl_row_read(&row, data + 1, size - 1, data[0] & 1) == 0 &&
	    (!row.len || row.len > BL_DIGITS_MAX || row.digits[row.len]))
		abort();
	size_t n = size - 1 < sizeof text - 1 ? size - 1 : sizeof text - 1;
	memcpy(text, data + 1, n);
	text[n] = '\0';
	bl_digits_read(&d, text);
	if (d.len > BL_DIGITS_MAX || d.text[d.len] || (d.whole && !d.len))
		abort();
	uint64_t code = bl_code(d.text, d.len);
	if (code && (bl_code_digits(code, back) != d.len || strcmp(back, d.text) != 0 || code >> 50))
		abort(); /* one code a number */
	(void)bl_pattern_fits(text, &d);
	return 0;
}
