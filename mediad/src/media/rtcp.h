/* RTCP (RFC 3550 section 6): one sender or receiver report with a CNAME, and reading the far end's. Pure. */
#ifndef MD_RTCP_H
#define MD_RTCP_H
#include "media/rtp.h"

#define MD_RTCP_MAX 128

struct md_rtcp_local {
	uint32_t ssrc;   /* ours */
	bool sending;    /* SR, else RR */
	uint64_t now_us; /* wall clock */
	uint32_t rtp_ts; /* our timestamp now */
	uint32_t packets, octets;
	uint32_t last_sr;   /* middle 32 bits of the far end's last SR; 0: none */
	uint32_t delay_q16; /* since it came, 1/65536 s */
	const char *cname;
};

/* What a received compound says about us. */
struct md_rtcp_remote {
	bool has_sr, has_report, bye;
	uint32_t sr_middle; /* to be echoed */
	uint32_t rtt_q16;   /* 1/65536 s; 0: unknown */
	uint8_t fraction;   /* lost, 1/256 */
	int32_t lost;
	uint32_t jitter; /* timestamp units */
};

/* Returns the bytes written (at most MD_RTCP_MAX). */
size_t md_rtcp_write(uint8_t *buf, const struct md_rtcp_local *l, struct md_rtp_rx *rx);
/* 0 or EBADMSG. `ssrc` is ours: other report blocks are not for us. */
int md_rtcp_parse(struct md_rtcp_remote *r, const uint8_t *buf, size_t n, uint32_t ssrc, uint64_t now_us);
uint32_t md_ntp_middle(uint64_t unix_us);
#endif
