/* HEP 3 parser: everything in it is foreign, so every length is checked against what is there. */
#include "trace/hep.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	HEP_SRC4 = 3,
	HEP_DST4 = 4,
	HEP_SRC6 = 5,
	HEP_DST6 = 6,
	HEP_SRC_PORT = 7,
	HEP_DST_PORT = 8,
	HEP_SECONDS = 9,
	HEP_MICROS = 10,
	HEP_PROTOCOL = 11,
	HEP_PAYLOAD = 15
};
enum { HEP_SIP = 1 };

#define HEADER 6

static unsigned u16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint32_t u32(const uint8_t *p)
{
	return (uint32_t)u16(p) << 16 | u16(p + 2);
}

size_t hep_length(const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t n;

	if (len < HEADER || memcmp(p, "HEP3", 4))
		return 0;
	n = u16(p + 4);
	return n >= HEADER && n <= len ? n : 0;
}

struct sides {
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	unsigned src_port, dst_port;
	uint32_t seconds, micros;
	unsigned protocol;
};

static void read_chunk(struct hep *h, struct sides *s, unsigned type, const uint8_t *p, size_t n)
{
	switch (type) {
	case HEP_SRC4:
	case HEP_DST4:
		if (n == 4)
			inet_ntop(AF_INET, p, type == HEP_SRC4 ? s->src : s->dst, INET6_ADDRSTRLEN);
		break;
	case HEP_SRC6:
	case HEP_DST6:
		if (n == 16)
			inet_ntop(AF_INET6, p, type == HEP_SRC6 ? s->src : s->dst, INET6_ADDRSTRLEN);
		break;
	case HEP_SRC_PORT:
	case HEP_DST_PORT:
		if (n == 2)
			*(type == HEP_SRC_PORT ? &s->src_port : &s->dst_port) = u16(p);
		break;
	case HEP_SECONDS:
	case HEP_MICROS:
		if (n == 4)
			*(type == HEP_SECONDS ? &s->seconds : &s->micros) = u32(p);
		break;
	case HEP_PROTOCOL:
		if (n == 1)
			s->protocol = p[0];
		break;
	case HEP_PAYLOAD:
		h->payload = (const char *)p;
		h->payload_len = n;
		break;
	default: /* what we don't know is skipped */
		break;
	}
}

static void join(char out[HEP_ADDRESS_SIZE], const char *address, unsigned port)
{
	snprintf(out, HEP_ADDRESS_SIZE, strchr(address, ':') ? "[%s]:%u" : "%s:%u", *address ? address : "?",
		 port & 0xffffU);
}

int hep_parse(struct hep *h, const void *data, size_t len)
{
	const uint8_t *p = data;
	struct sides s = {.protocol = HEP_SIP};
	size_t total = hep_length(data, len), at = HEADER;

	memset(h, 0, sizeof(*h));
	if (!total)
		return EPROTO;
	while (at < total) {
		size_t n;

		if (total - at < HEADER)
			return EPROTO;
		n = u16(p + at + 4);
		if (n < HEADER || n > total - at)
			return EPROTO;
		if (u16(p + at) == 0) /* the standard's own chunks; vendors' are skipped */
			read_chunk(h, &s, u16(p + at + 2), p + at + HEADER, n - HEADER);
		at += n;
	}
	join(h->src, s.src, s.src_port);
	join(h->dst, s.dst, s.dst_port);
	h->at_us = (int64_t)s.seconds * 1000000 + s.micros % 1000000;
	return h->payload_len && s.protocol == HEP_SIP ? 0 : EPROTO;
}
