#include "media/rtp.h"
#include <errno.h>

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

int md_rtp_parse(struct md_rtp *r, const uint8_t *buf, size_t n)
{
	if (n < MD_RTP_HEADER || buf[0] >> 6 != 2)
		return EBADMSG;
	size_t at = MD_RTP_HEADER + 4u * (buf[0] & 0x0f);
	if (buf[0] & 0x10) {
		if (n < at + 4)
			return EBADMSG;
		at += 4 + 4u * (size_t)(buf[at + 2] << 8 | buf[at + 3]);
	}
	size_t pad = 0;
	if (buf[0] & 0x20)
		pad = buf[n - 1];
	if (at + pad > n || ((buf[0] & 0x20) && !pad))
		return EBADMSG;
	r->marker = buf[1] >> 7;
	r->pt = buf[1] & 0x7f;
	r->seq = (uint16_t)(buf[2] << 8 | buf[3]);
	r->ts = be32(buf + 4);
	r->ssrc = be32(buf + 8);
	r->payload = buf + at;
	r->len = n - at - pad;
	return 0;
}

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

void md_rtp_write(uint8_t h[MD_RTP_HEADER], bool marker, uint8_t pt, uint16_t seq, uint32_t ts, uint32_t ssrc)
{
	h[0] = 0x80;
	h[1] = (uint8_t)((marker ? 0x80 : 0) | (pt & 0x7f));
	h[2] = (uint8_t)(seq >> 8);
	h[3] = (uint8_t)seq;
	put32(h + 4, ts);
	put32(h + 8, ssrc);
}

static uint32_t expected(const struct md_rtp_rx *rx)
{
	return rx->started ? rx->cycles + rx->max_seq - rx->base + 1 : 0;
}

static void restart(struct md_rtp_rx *rx, const struct md_rtp *r, uint32_t arrival)
{
	rx->lost_before = md_rtp_rx_lost(rx);
	rx->started = true;
	rx->ssrc = r->ssrc;
	rx->max_seq = r->seq;
	rx->base = r->seq;
	rx->cycles = 0;
	rx->received = 1;
	rx->expected_prior = rx->received_prior = 0;
	rx->transit = rx->floor = arrival - r->ts;
	rx->packets++;
}

/* The far end changed to a codec of another clock: what was measured goes on in the new units. */
static void set_clock(struct md_rtp_rx *rx, const struct md_rtp *r, uint32_t arrival, uint32_t clock)
{
	if (rx->clock && rx->clock != clock) {
		rx->jitter_q4 = (uint32_t)((uint64_t)rx->jitter_q4 * clock / rx->clock);
		rx->jitter_max_q4 = (uint32_t)((uint64_t)rx->jitter_max_q4 * clock / rx->clock);
	}
	rx->transit = rx->floor = arrival - r->ts;
	rx->clock = clock;
}

static void note_jitter(struct md_rtp_rx *rx, const struct md_rtp *r, uint32_t arrival)
{
	uint32_t transit = arrival - r->ts;
	int32_t d = (int32_t)(transit - rx->transit);
	rx->transit = transit;
	rx->late = (int32_t)(transit - rx->floor);
	if (rx->late < 0)
		rx->floor = transit;
	else if (rx->late > 0)
		rx->floor++;
	if (d < 0)
		d = -d;
	/* A jump of seconds is a talk spurt of a sender that stops its timestamps, not jitter. */
	if ((uint32_t)d > rx->clock)
		return;
	rx->jitter_q4 += (uint32_t)d - ((rx->jitter_q4 + 8) >> 4);
	if (rx->jitter_q4 > rx->jitter_max_q4)
		rx->jitter_max_q4 = rx->jitter_q4;
}

double md_rtp_rx_jitter_ms(const struct md_rtp_rx *rx, bool max)
{
	return (max ? rx->jitter_max_q4 : rx->jitter_q4) * 1000.0 / 16 / (rx->clock ? rx->clock : 8000);
}

enum md_rtp_verdict md_rtp_rx_packet(struct md_rtp_rx *rx, const struct md_rtp *r, uint32_t arrival, uint32_t clock)
{
	if (rx->clock != clock)
		set_clock(rx, r, arrival, clock);
	if (!rx->started || rx->ssrc != r->ssrc) {
		restart(rx, r, arrival);
		return MD_RTP_NEW_SSRC;
	}
	uint16_t ahead = (uint16_t)(r->seq - rx->max_seq);
	if (ahead == 0)
		return MD_RTP_DUP;
	rx->packets++;
	if (ahead >= 0x8000) {
		/* Far behind: the sender began again without a new SSRC. */
		if (ahead < 0x10000 - 1000) {
			restart(rx, r, arrival);
			rx->packets--;
			return MD_RTP_NEW_SSRC;
		}
		rx->received++;
		return MD_RTP_LATE;
	}
	if (ahead > 3000) {
		restart(rx, r, arrival);
		rx->packets--;
		return MD_RTP_NEW_SSRC;
	}
	rx->gaps += ahead > 1;
	if (r->seq < rx->max_seq)
		rx->cycles += 0x10000;
	rx->max_seq = r->seq;
	rx->received++;
	note_jitter(rx, r, arrival);
	return MD_RTP_NEXT;
}

/* Packets missing so far, never negative (duplicates can outnumber losses). */
uint64_t md_rtp_rx_lost(const struct md_rtp_rx *rx)
{
	uint32_t e = expected(rx);
	return rx->lost_before + (e > rx->received ? e - rx->received : 0);
}

uint8_t md_rtp_rx_fraction(struct md_rtp_rx *rx)
{
	uint32_t e = expected(rx);
	uint32_t de = e - rx->expected_prior, dr = rx->received - rx->received_prior;
	rx->expected_prior = e;
	rx->received_prior = rx->received;
	if (!de || dr >= de)
		return 0;
	return (uint8_t)(((de - dr) << 8) / de);
}
