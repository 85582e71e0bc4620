/* Packets at the collector of SIP traces, and trace files: anything may come by UDP. */
#include "trace/hep.h"
#include "trace/trace.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *end = (const char *)data + size;
	size_t n = hep_length(data, size);
	struct hep h;

	if (n > size)
		abort();
	if (!hep_parse(&h, data, size) && (h.payload < (const char *)data || h.payload + h.payload_len > end))
		abort();
	return 0;
}
