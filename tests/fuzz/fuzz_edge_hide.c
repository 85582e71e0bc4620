/* Topology hiding: whatever comes shrinks or stays, and what leaves comes back readable by us alone. */
#include "edge_hide.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct edge_hide hide;
	if (!hide.seal && edge_hide_alloc(&hide, "secret"))
		abort();
	char *msg = malloc(size + 1), *out = malloc(size + EDGE_HIDE_GROWS);
	memcpy(msg, data, size);
	size_t n = edge_hide_out(&hide, msg, size, "192.0.2.1:5060", out);
	if (n > size + EDGE_HIDE_GROWS)
		abort();
	if (n && edge_hide_in(&hide, out, n) > n)
		abort();
	if (edge_hide_in(&hide, msg, size) > size)
		abort();
	free(msg);
	free(out);
	return 0;
}
