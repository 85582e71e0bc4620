/* RTP packets (RFC 3550): reading, writing, and what a receiver counts. Pure: no sockets, no clock. */
#ifndef MD_RTP_H
#define MD_RTP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MD_RTP_HEADER 12
#define MD_RTP_PROMPT 200 /* a second's part: 5 ms */

struct md_rtp {
	bool marker;
	uint8_t pt;
	uint16_t seq;
	uint32_t ts, ssrc;
	const uint8_t *payload; /* into the packet */
	size_t len;
};

/* 0, or EBADMSG: no RTP version 2, or lengths that don't fit. */
int md_rtp_parse(struct md_rtp *r, const uint8_t *buf, size_t n);
void md_rtp_write(uint8_t h[MD_RTP_HEADER], bool marker, uint8_t pt, uint16_t seq, uint32_t ts, uint32_t ssrc);

/* Counters of a received stream; kept over SSRC changes in the sums. */
struct md_rtp_rx {
	/* of every packet */
	uint32_t ssrc, clock, transit;
	uint32_t floor;                    /* the least transit of late: rises slowly, falls at once */
	int32_t late;                      /* the last packet's transit above the floor that it met */
	uint32_t received;                 /* of this SSRC */
	uint64_t packets;                  /* sum of all SSRCs */
	uint32_t jitter_q4, jitter_max_q4; /* RFC 3550 A.8, in 1/16 timestamp units */
	uint16_t max_seq;
	bool started;
	/* seldom */
	uint32_t cycles, base;                   /* extended sequence numbers, RFC 3550 A.1 */
	uint32_t expected_prior, received_prior; /* at the last report */
	uint64_t lost_before;                    /* of former SSRCs */
	uint64_t gaps;                           /* runs of missing packets, whatever came late of them */
};
#define MD_NOISE_PT 13 /* comfort noise, RFC 3389 */

enum md_rtp_verdict { MD_RTP_NEXT, MD_RTP_LATE /* older than the newest: reordered */, MD_RTP_DUP, MD_RTP_NEW_SSRC };

/* `arrival` is the receiver's clock in the stream's timestamp units, of which there are `clock` a second. */
enum md_rtp_verdict md_rtp_rx_packet(struct md_rtp_rx *rx, const struct md_rtp *r, uint32_t arrival, uint32_t clock);
/* Has the last packet come as soon as they ever do, and no sooner? */
static inline bool md_rtp_rx_is_prompt(const struct md_rtp_rx *rx)
{
	int32_t near = (int32_t)(rx->clock / MD_RTP_PROMPT);
	return rx->late <= near && rx->late >= -near;
}
double md_rtp_rx_jitter_ms(const struct md_rtp_rx *rx, bool max);
uint64_t md_rtp_rx_lost(const struct md_rtp_rx *rx);
/* Fraction lost (1/256) since the last call, RFC 3550 A.3. */
uint8_t md_rtp_rx_fraction(struct md_rtp_rx *rx);
#endif
