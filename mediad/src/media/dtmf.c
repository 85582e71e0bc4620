#include "media/dtmf.h"
#include <errno.h>
#include <string.h>

static const char digits_of[] = "0123456789*#ABCD";
#define TICK_TS     160
#define VOLUME      10   /* -10 dBm0 */
#define HELD_MIN_MS 40   /* a key passed on is at least so long … */
#define HELD_MAX_MS 8000 /* … and at most */
#define HELD_GAP_MS 40

char md_dtmf_digit(uint8_t event)
{
	return event < 16 ? digits_of[event] : 0;
}

int md_dtmf_event(char digit)
{
	if (digit >= 'a' && digit <= 'd')
		digit = (char)(digit - 'a' + 'A');
	const char *p = digit ? strchr(digits_of, digit) : NULL;
	return p ? (int)(p - digits_of) : -1;
}

static void finish(struct md_dtmf_rx *d, struct md_dtmf_heard *h)
{
	if (!md_dtmf_rx_is_open(d))
		return;
	d->ended = true;
	h->digit = md_dtmf_digit(d->event);
	h->ms = (uint32_t)((uint64_t)(d->base + d->duration) * 1000 / (d->clock ? d->clock : 8000));
}

/* A long event goes on in a new segment: its timestamp is where the former one reached 0xffff. */
static bool continues(const struct md_dtmf_rx *d, uint8_t event, uint32_t ts)
{
	return md_dtmf_rx_is_open(d) && d->event == event && d->duration >= 0xf000 &&
	       ts - d->ts <= 0xffff + 6 * TICK_TS && ts - d->ts >= 0xf000;
}

void md_dtmf_rx_packet(struct md_dtmf_rx *d, const struct md_rtp *r, int64_t now_us, struct md_dtmf_heard *h)
{
	*h = (struct md_dtmf_heard){0};
	if (r->len < 4 || !md_dtmf_digit(r->payload[0]))
		return;
	uint8_t event = r->payload[0];
	bool end = r->payload[1] & 0x80;
	uint16_t duration = (uint16_t)(r->payload[2] << 8 | r->payload[3]);

	if (!d->active || r->ts != d->ts) {
		/* A packet of an event already over, overtaken on the way. */
		if (d->active && (int32_t)(r->ts - d->ts) < 0 && (int32_t)(d->ts - r->ts) < 16000)
			return;
		uint32_t base = 0;
		if (continues(d, event, r->ts)) {
			base = d->base + (r->ts - d->ts);
		} else {
			finish(d, h);
			h->began = md_dtmf_digit(event);
		}
		*d = (struct md_dtmf_rx){.active = true, .event = event, .ts = r->ts, .base = base, .clock = d->clock};
	}
	if (d->ended)
		return;
	d->last_us = now_us;
	if (duration > d->duration)
		d->duration = duration;
	/* finish() of a former event may already fill h->digit: its lost end and this one's end in one packet is not
	 * possible unless the event is a single packet; then the next copy of the end (there are three) tells it. */
	if (end && !h->digit)
		finish(d, h);
}

void md_dtmf_rx_tick(struct md_dtmf_rx *d, int64_t now_us, struct md_dtmf_heard *h)
{
	*h = (struct md_dtmf_heard){0};
	if (md_dtmf_rx_is_open(d) && now_us - d->last_us > MD_DTMF_GAP_US)
		finish(d, h);
}

static void make_room(struct md_dtmf_tx *d)
{
	memmove(d->queue, d->queue + d->at, (d->n - d->at) * sizeof(d->queue[0]));
	d->n -= d->at;
	d->at = 0;
}

int md_dtmf_tx_add(struct md_dtmf_tx *d, const char *digits, unsigned ms, unsigned gap_ms)
{
	size_t n = strlen(digits);
	for (size_t i = 0; i < n; i++)
		if (md_dtmf_event(digits[i]) < 0)
			return EINVAL;
	make_room(d);
	if (d->n + n > MD_DTMF_QUEUE)
		return ENOSPC;
	for (size_t i = 0; i < n; i++) {
		d->queue[d->n].digit = digits[i];
		d->queue[d->n++].ms = (uint16_t)ms;
	}
	d->gap_ms = (uint16_t)gap_ms;
	return 0;
}

int md_dtmf_tx_press(struct md_dtmf_tx *d, char digit)
{
	const char text[2] = {digit, 0};
	md_dtmf_tx_release(d, HELD_MIN_MS); /* a former one whose end was not seen */
	return digit ? md_dtmf_tx_add(d, text, 0, HELD_GAP_MS) : EINVAL;
}

void md_dtmf_tx_release(struct md_dtmf_tx *d, unsigned ms)
{
	for (unsigned i = d->at; i < d->n; i++)
		if (!d->queue[i].ms)
			d->queue[i].ms = (uint16_t)(ms < HELD_MIN_MS   ? HELD_MIN_MS
						    : ms > HELD_MAX_MS ? HELD_MAX_MS
								       : ms);
}

static void put(struct md_dtmf_tx *d, struct md_dtmf_out *out, bool end)
{
	out->send = true;
	out->ts = d->ts;
	out->payload[0] = (uint8_t)md_dtmf_event(d->queue[d->at].digit);
	out->payload[1] = (uint8_t)((end ? 0x80 : 0) | VOLUME);
	out->payload[2] = (uint8_t)(d->duration >> 8);
	out->payload[3] = (uint8_t)d->duration;
}

/* 20 ms more of a key; a long one goes on in a new segment (RFC 4733 2.5.1.3). */
static void grow(struct md_dtmf_tx *d)
{
	uint32_t tick = (d->clock ? d->clock : 8000) / 50;
	if (d->duration + tick > 0xffff) {
		d->ts += d->duration;
		d->duration = 0;
	}
	d->duration += tick;
	d->sent_ms += 20;
}

bool md_dtmf_tx_tick(struct md_dtmf_tx *d, uint32_t now_ts, struct md_dtmf_out *out)
{
	*out = (struct md_dtmf_out){0};
	if (d->phase == MD_DTMF_GAP && --d->left == 0)
		d->phase = MD_DTMF_IDLE;
	if (d->phase == MD_DTMF_IDLE) {
		if (d->at == d->n) {
			d->at = d->n = 0;
			return false;
		}
		d->phase = MD_DTMF_ON;
		d->ts = now_ts;
		d->duration = d->sent_ms = 0;
		out->marker = true;
	}
	if (d->phase == MD_DTMF_ON) {
		unsigned ms = d->queue[d->at].ms ? d->queue[d->at].ms : HELD_MAX_MS;
		grow(d);
		out->tone = d->queue[d->at].digit;
		if (d->sent_ms < ms) {
			put(d, out, false);
			return true;
		}
		d->phase = MD_DTMF_END;
		d->left = 3; /* the end is sent three times (RFC 4733 2.5.1.4) */
	}
	if (d->phase == MD_DTMF_END) {
		put(d, out, true);
		if (--d->left == 0) {
			d->phase = MD_DTMF_GAP;
			d->left = d->gap_ms / 20u + 1u;
			d->at++;
		}
	}
	return true;
}
