/* Times, UUIDs, addresses and log texts that others wrote. What is read as a time is written as the same time. */
#include "rpc_priv.h"
#include "zj_log.h"
#include "zj_time.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), again[ZJ_RFC3339_SIZE];
	struct sockaddr_storage sa;
	int64_t us;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	us = zj_rfc3339_parse(text);
	if (us >= 0 && us < INT64_C(253402300800000000)) {
		zj_rfc3339(again, us);
		if (zj_rfc3339_parse(again) != us)
			abort();
	}
	if (zj_uuid7_ms(text) >= 0 && !zj_uuid_is_valid(text))
		abort();
	if (strlen(zj_log_esc(text)) > 210 || strpbrk(zj_log_esc(text), " \n\r\t\""))
		abort();
	(void)zj_slot(text);
	(void)zj_rpc_address_parse(text, &sa);
	free(text);
	return 0;
}
