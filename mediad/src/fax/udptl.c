#include "fax/udptl.h"
#include <string.h>

#define BEFORE_MAX 16 /* packets told again that we look at */

static size_t put_len(uint8_t *out, size_t n)
{
	if (n < 0x80) {
		out[0] = (uint8_t)n;
		return 1;
	}
	out[0] = (uint8_t)(0x80 | n >> 8);
	out[1] = (uint8_t)n;
	return 2;
}

static size_t put_packet(uint8_t *out, const uint8_t *ifp, size_t n)
{
	size_t k = put_len(out, n);
	memcpy(out + k, ifp, n);
	return k + n;
}

static void remember(struct md_udptl_tx *t, const uint8_t *ifp, size_t len)
{
	memmove(t->before + 1, t->before, (MD_UDPTL_BEFORE - 1) * sizeof(t->before[0]));
	t->before[0].len = (uint16_t)len;
	memcpy(t->before[0].bytes, ifp, len);
	if (t->n < MD_UDPTL_BEFORE)
		t->n++;
}

size_t md_udptl_write(struct md_udptl_tx *t, uint8_t out[MD_UDPTL_MAX], const uint8_t *ifp, size_t len)
{
	unsigned n = 0;
	if (!len || len > MD_UDPTL_IFP)
		return 0;
	out[0] = (uint8_t)(t->seq >> 8);
	out[1] = (uint8_t)t->seq++;
	size_t at = 2 + put_packet(out + 2, ifp, len);
	for (size_t room = MD_UDPTL_MAX - at - 2; n < t->n && t->before[n].len + 2u <= room; n++)
		room -= t->before[n].len + 2u;
	out[at++] = 0; /* again, not parity */
	out[at++] = (uint8_t)n;
	for (unsigned i = 0; i < n; i++)
		at += put_packet(out + at, t->before[i].bytes, t->before[i].len);
	remember(t, ifp, len);
	return at;
}

/* False: it ends too soon, or is longer than a datagram can be. */
static bool get_packet(const uint8_t *in, size_t len, size_t *at, const uint8_t **ifp, size_t *n)
{
	if (*at >= len)
		return false;
	*n = in[(*at)++];
	if (*n & 0x80) {
		if (*n & 0x40 || *at >= len)
			return false;
		*n = (*n & 0x3f) << 8 | in[(*at)++];
	}
	*ifp = in + *at;
	*at += *n;
	return *at <= len;
}

bool md_udptl_read(const uint8_t *in, size_t len, md_udptl_h *h, void *arg)
{
	const uint8_t *ifp, *again[BEFORE_MAX];
	size_t at = 2, n, lens[BEFORE_MAX];
	if (len < 4 || !get_packet(in, len, &at, &ifp, &n))
		return false;
	uint16_t seq = (uint16_t)(in[0] << 8 | in[1]);
	unsigned count = 0, told = at + 1 < len && !(in[at] & 0x80) ? in[at + 1] : 0;
	bool good = told < 0x80;
	at += 2;
	while (good && count < told && count < BEFORE_MAX) {
		good = get_packet(in, len, &at, &again[count], &lens[count]);
		count += good;
	}
	while (count--)
		if (lens[count])
			h(again[count], lens[count], (uint16_t)(seq - 1 - count), arg);
	if (n)
		h(ifp, n, seq, arg);
	return good;
}
