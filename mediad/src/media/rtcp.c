#include "media/rtcp.h"
#include <errno.h>
#include <string.h>

#define NTP_OFFSET 2208988800ULL /* 1900 to 1970, seconds */
enum { PT_SR = 200, PT_RR = 201, PT_SDES = 202, PT_BYE = 203 };

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
	return p + 4;
}

static uint64_t ntp(uint64_t us)
{
	return ((us / 1000000 + NTP_OFFSET) << 32) | (((us % 1000000) << 32) / 1000000);
}

uint32_t md_ntp_middle(uint64_t us)
{
	return (uint32_t)(ntp(us) >> 16);
}

static uint8_t *put_block(uint8_t *p, const struct md_rtcp_local *l, struct md_rtp_rx *rx)
{
	uint64_t lost = md_rtp_rx_lost(rx) - rx->lost_before;
	if (lost > 0x7fffff)
		lost = 0x7fffff;
	p = put32(p, rx->ssrc);
	p = put32(p, (uint32_t)md_rtp_rx_fraction(rx) << 24 | (uint32_t)lost);
	p = put32(p, rx->cycles + rx->max_seq);
	p = put32(p, rx->jitter_q4 >> 4);
	p = put32(p, l->last_sr);
	return put32(p, l->last_sr ? l->delay_q16 : 0);
}

static uint8_t *put_sdes(uint8_t *p, uint32_t ssrc, const char *cname)
{
	size_t n = strlen(cname);
	if (n > 40)
		n = 40;
	size_t words = (4 + 2 + n + 1 + 3) / 4; /* ssrc, item header, text, end, padding */
	uint8_t *start = p;
	memset(p, 0, 4 + words * 4);
	p[0] = 0x81;
	p[1] = PT_SDES;
	p[3] = (uint8_t)words;
	p = put32(p + 4, ssrc);
	*p++ = 1;
	*p++ = (uint8_t)n;
	memcpy(p, cname, n);
	return start + 4 + words * 4;
}

size_t md_rtcp_write(uint8_t *buf, const struct md_rtcp_local *l, struct md_rtp_rx *rx)
{
	bool block = rx->started;
	uint8_t *p = buf;
	*p++ = (uint8_t)(0x80 | (block ? 1 : 0));
	*p++ = l->sending ? PT_SR : PT_RR;
	*p++ = 0;
	*p++ = (uint8_t)((l->sending ? 6 : 1) + (block ? 6 : 0));
	p = put32(p, l->ssrc);
	if (l->sending) {
		uint64_t t = ntp(l->now_us);
		p = put32(p, (uint32_t)(t >> 32));
		p = put32(p, (uint32_t)t);
		p = put32(p, l->rtp_ts);
		p = put32(p, l->packets);
		p = put32(p, l->octets);
	}
	if (block)
		p = put_block(p, l, rx);
	p = put_sdes(p, l->ssrc, l->cname);
	return (size_t)(p - buf);
}

static void read_block(struct md_rtcp_remote *r, const uint8_t *b, uint32_t ssrc, uint64_t now_us)
{
	if (get32(b) != ssrc)
		return;
	r->has_report = true;
	r->fraction = b[4];
	r->lost = (int32_t)(get32(b + 4) << 8) >> 8;
	r->jitter = get32(b + 12);
	uint32_t lsr = get32(b + 16), dlsr = get32(b + 20);
	if (lsr) {
		uint32_t rtt = md_ntp_middle(now_us) - lsr - dlsr;
		/* Clocks are the same one, so a huge value is a lie. */
		r->rtt_q16 = rtt < (10u << 16) ? rtt : 0;
	}
}

static void read_packet(struct md_rtcp_remote *r, const uint8_t *p, size_t len, uint32_t ssrc, uint64_t now_us)
{
	unsigned count = p[0] & 0x1f;
	size_t at = 8;
	if (p[1] == PT_BYE)
		r->bye = true;
	if (p[1] == PT_SR) {
		if (len < 28)
			return;
		r->has_sr = true;
		r->sr_middle = get32(p + 8) << 16 | get32(p + 12) >> 16;
		at = 28;
	}
	if (p[1] == PT_SR || p[1] == PT_RR)
		for (unsigned i = 0; i < count && at + 24 <= len; i++, at += 24)
			read_block(r, p + at, ssrc, now_us);
}

int md_rtcp_parse(struct md_rtcp_remote *r, const uint8_t *buf, size_t n, uint32_t ssrc, uint64_t now_us)
{
	*r = (struct md_rtcp_remote){0};
	if (n < 8 || n % 4)
		return EBADMSG;
	for (size_t at = 0; at < n;) {
		if (n - at < 4 || buf[at] >> 6 != 2)
			return EBADMSG;
		size_t len = 4 * ((size_t)(buf[at + 2] << 8 | buf[at + 3]) + 1);
		if (len > n - at)
			return EBADMSG;
		if (len >= 8)
			read_packet(r, buf + at, len, ssrc, now_us);
		at += len;
	}
	return 0;
}
