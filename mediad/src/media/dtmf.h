/* Telephone events (RFC 4733), both directions. Pure state machines: the caller brings packets and time. */
#ifndef MD_DTMF_H
#define MD_DTMF_H
#include "media/rtp.h"

#define MD_DTMF_QUEUE  32
#define MD_DTMF_GAP_US 200000 /* an event whose end was lost is over after this silence */

/* ---- receiving ---- */
struct md_dtmf_rx {
	bool active, ended; /* an event is known; its end has been told */
	uint8_t event;
	uint32_t ts;       /* identifies the event */
	uint16_t duration; /* newest, timestamp units */
	uint32_t base;     /* of former segments of a long event (RFC 4733 2.5.1.3) */
	unsigned clock;    /* of its timestamps; 0: 8000 */
	int64_t last_us;
};
struct md_dtmf_heard {
	char began;  /* digit whose first packet this was, or 0 */
	char digit;  /* digit that is over, or 0 */
	uint32_t ms; /* how long it was held */
};
/* One packet of the event payload type. */
void md_dtmf_rx_packet(struct md_dtmf_rx *d, const struct md_rtp *r, int64_t now_us, struct md_dtmf_heard *h);
/* Tells an event whose end packets were all lost. */
void md_dtmf_rx_tick(struct md_dtmf_rx *d, int64_t now_us, struct md_dtmf_heard *h);
static inline bool md_dtmf_rx_is_open(const struct md_dtmf_rx *d)
{
	return d->active && !d->ended;
}

/* ---- sending ---- */
struct md_dtmf_tx {
	unsigned at, n;
	struct {
		char digit;
		uint16_t ms; /* 0: held until it is released */
	} queue[MD_DTMF_QUEUE];
	unsigned clock; /* of the timestamps; 0: 8000 */
	uint16_t gap_ms;
	enum { MD_DTMF_IDLE, MD_DTMF_ON, MD_DTMF_END, MD_DTMF_GAP } phase;
	uint32_t ts;
	uint32_t duration; /* of this segment */
	unsigned sent_ms;
	unsigned left; /* end packets, or ticks of the gap */
};
struct md_dtmf_out {
	bool send, marker;
	char tone; /* the key that sounds in this tick, for who has no events */
	uint32_t ts;
	uint8_t payload[4];
};
/* EINVAL: a character that is no DTMF digit; ENOSPC: too many waiting. */
int md_dtmf_tx_add(struct md_dtmf_tx *d, const char *digits, unsigned ms, unsigned gap_ms);
/* A key that somebody holds down now; what is pressed after it waits for its end. */
int md_dtmf_tx_press(struct md_dtmf_tx *d, char digit);
void md_dtmf_tx_release(struct md_dtmf_tx *d, unsigned ms); /* it was held so long */
/* One 20 ms tick: what to send now. False when nothing is left (audio may be sent). */
bool md_dtmf_tx_tick(struct md_dtmf_tx *d, uint32_t now_ts, struct md_dtmf_out *out);

/* 0 for an event that is no digit. */
char md_dtmf_digit(uint8_t event);
int md_dtmf_event(char digit); /* -1: no digit */
#endif
