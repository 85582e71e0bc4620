/* UDPTL datagrams of a stranger: read, each packet inside lies within; what we write is read as it was. */
#include "fax/udptl.h"
#include <stdlib.h>
#include <string.h>

struct seen {
	const uint8_t *from, *end;
	unsigned n;
	size_t last;
};

static void seen_h(const uint8_t *ifp, size_t len, uint16_t seq, void *arg)
{
	struct seen *s = arg;
	(void)seq;
	if (!len || ifp < s->from || ifp + len > s->end)
		abort();
	s->n++;
	s->last = len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen s = {.from = data, .end = data + size};
	struct md_udptl_tx tx = {0};
	uint8_t out[MD_UDPTL_MAX];
	(void)md_udptl_read(data, size, seen_h, &s);
	for (size_t at = 0; at < size;) {
		size_t len = 1 + data[at] % MD_UDPTL_IFP, n;
		len = len < size - at ? len : size - at;
		n = md_udptl_write(&tx, out, data + at, len);
		s = (struct seen){.from = out, .end = out + n};
		if (!n || n > MD_UDPTL_MAX || !md_udptl_read(out, n, seen_h, &s) || s.last != len)
			abort();
		at += len;
	}
	return 0;
}
