/* What a stream sends: frames of a play or a mix on the tick, packets passed on as they come, telephone events. */
#include "media/thread.h"
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utlist.h>

#define RELAY_DRIFT 25 /* ticks the talker's clock may be away from ours: 500 ms */

static uint32_t ts_at(const struct md_stream *s, int64_t now_us)
{
	return s->ts_base + (uint32_t)(now_us / MD_TICK_US) * md_codec_ts(s->media.codec);
}

/* One datagram: header and payload lie together. A connected socket spares the kernel the route. libc's functions are
 * points where a thread may be cancelled: four locked instructions more for each packet. */
static void transmit(struct md_stream *s, const uint8_t *packet, size_t len)
{
	const struct sockaddr_in *to = s->connected ? NULL : &s->remote;
	if (syscall(SYS_sendto, s->rtp_fd, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL, to, to ? sizeof(*to) : 0) < 0)
		return; /* a full or refused packet is a lost packet */
	s->tx_packets++;
	s->tx_octets += len - MD_RTP_HEADER;
	s->sent_us = s->th->now_us;
	md_thread_count(&s->th->rtp_out);
}

static bool can_send(const struct md_stream *s)
{
	return s->media.send && !s->media.udptl && s->media.codec != MD_CODEC_NONE && s->remote.sin_port;
}

/* `packet`: room for a header, then `len` bytes of payload. */
void md_stream_send_audio(struct md_stream *s, uint64_t tick, uint8_t *packet, size_t len)
{
	if (!can_send(s))
		return;
	if (!len)
		return;
	md_rtp_write(packet, s->marker, s->media.tx_pts[s->media.codec], s->seq++,
		     s->ts_base + (uint32_t)tick * md_codec_ts(s->media.codec), s->ssrc);
	s->marker = false;
	transmit(s, packet, MD_RTP_HEADER + len);
}

/* Made when it is first needed, and when the codec has changed. */
struct md_enc *md_stream_enc(struct md_stream *s)
{
	if (md_enc_codec(s->enc) != s->media.codec) {
		md_enc_free(s->enc);
		s->enc = NULL;
		if (s->media.codec == MD_CODEC_NONE || md_enc_alloc(&s->enc, s->media.codec))
			return NULL; /* without memory it stays silent */
	}
	return s->enc;
}

void md_stream_send_pcm(struct md_stream *s, uint64_t tick, const int16_t *pcm)
{
	uint8_t packet[MD_RTP_HEADER + MD_PAYLOAD_MAX];
	if (!can_send(s) || !md_stream_enc(s))
		return;
	s->own_enc = true;
	md_stream_send_audio(s, tick, packet, md_enc_frame(s->enc, packet + MD_RTP_HEADER, pcm));
}

void md_stream_send_narrow(struct md_stream *s, uint64_t tick, const int16_t *pcm)
{
	int16_t wide[MD_FRAME_WIDE];
	if (!can_send(s))
		return;
	if (md_codecs[s->media.codec].width == MD_NARROW) {
		md_stream_send_pcm(s, tick, pcm);
		return;
	}
	if (!s->play_up && md_resample_alloc(&s->play_up, MD_NARROW))
		return;
	md_resample(s->play_up, pcm, MD_FRAME, wide);
	md_stream_send_pcm(s, tick, wide);
}

/* Translates the talker's numbers into ours, beginning a new run when either side broke its numbering. */
static void relay_begin(struct md_stream *to, const struct md_stream *from, const struct md_rtp *r, int64_t now_us)
{
	to->relay.from = from;
	to->relay.epoch = from->rx_epoch;
	to->relay.ts = ts_at(to, now_us) - r->ts;
	to->relay.seq = (uint16_t)(to->seq - r->seq);
	to->relay.first = to->relay.next = to->seq;
	to->marker = true;
}

static bool relay_is_on(const struct md_stream *to, const struct md_stream *from, uint32_t ts, int64_t now_us)
{
	int32_t drift = (int32_t)(ts + to->relay.ts - ts_at(to, now_us)) / (int32_t)md_codec_ts(to->media.codec);
	return to->relay.from == from && to->relay.epoch == from->rx_epoch && to->relay.next == to->seq &&
	       drift < RELAY_DRIFT && drift > -RELAY_DRIFT;
}

/* `r` is a packet as md_rtp_parse read it: the bytes before its payload are overwritten. */
static void relay(struct md_stream *to, const struct md_stream *from, const struct md_rtp *r, bool event, uint8_t pt,
		  int64_t now_us)
{
	if (!can_send(to) || to->play || to->dtmf_tx.n || pt == MD_NO_PT)
		return;
	/* A long event keeps its timestamp for its whole length. */
	if (!relay_is_on(to, from, event ? ts_at(to, now_us) - to->relay.ts : r->ts, now_us))
		relay_begin(to, from, r, now_us);
	uint16_t seq = (uint16_t)(r->seq + to->relay.seq);
	if ((int16_t)(seq - to->relay.first) < 0)
		return; /* overtaken by the beginning of this run */
	if ((int16_t)(seq - to->seq) >= 0)
		to->seq = to->relay.next = (uint16_t)(seq + 1);
	/* The header is written over the received one, which has been read. */
	uint8_t *packet = (uint8_t *)(uintptr_t)r->payload - MD_RTP_HEADER;
	to->relay.last = r->ts + to->relay.ts;
	md_rtp_write(packet, to->marker || r->marker, pt, seq, to->relay.last, to->ssrc);
	to->marker = false;
	transmit(to, packet, MD_RTP_HEADER + r->len);
}

void md_stream_relay(struct md_stream *to, const struct md_stream *from, const struct md_rtp *r, bool event,
		     int64_t now_us)
{
	if (to->media.codec != MD_CODEC_NONE)
		relay(to, from, r, event, event ? to->media.dtmf_tx : to->media.tx_pts[to->media.codec], now_us);
}

void md_stream_relay_as(struct md_stream *to, const struct md_stream *from, const struct md_rtp *r, uint8_t pt,
			int64_t now_us)
{
	relay(to, from, r, false, pt, now_us);
}

/* Returns true while events are being sent: then there is no audio. */
static bool dtmf_tick(struct md_stream *s, uint64_t tick)
{
	struct md_dtmf_out out;
	uint8_t packet[MD_RTP_HEADER + sizeof(out.payload)];
	if (!s->dtmf_tx.n)
		return false;
	s->dtmf_tx.clock = s->media.dtmf_clock;
	if (!md_dtmf_tx_tick(&s->dtmf_tx, s->ts_base + (uint32_t)tick * md_codec_ts(s->media.codec), &out)) {
		md_note_send(s->eng, &(struct md_note){.type = MD_NOTE_DTMF_SENT, .owner = s->owner, .stream = s});
		s->marker = true;
		return false;
	}
	if (s->dtmf_tone) {
		int16_t pcm[MD_FRAME];
		md_inband_make(out.tone, (s->dtmf_tx.sent_ms - 20) * (MD_RATE / 1000), pcm);
		md_stream_send_narrow(s, tick, pcm);
		return true;
	}
	if (out.send && can_send(s) && s->media.dtmf_tx != MD_NO_PT) {
		md_rtp_write(packet, out.marker, s->media.dtmf_tx, s->seq++, out.ts, s->ssrc);
		memcpy(packet + MD_RTP_HEADER, out.payload, sizeof(out.payload));
		transmit(s, packet, sizeof(packet));
	}
	return true;
}

static void play_tick(struct md_stream *s, uint64_t tick)
{
	int16_t pcm[MD_FRAME];
	struct md_play *p = s->play;
	/* By the tick's own time: all threads tick on one grid, so all hear the same sample. Ticks may have been lost.
	 */
	if (p->joins && !p->paused && (!p->due || (tick != p->due && p->loop < 0)))
		md_play_join(p, (int64_t)(tick * MD_TICK_US));
	p->due = tick + 1;
	bool more = md_play_tick(p, pcm, MD_FRAME);
	md_stream_send_narrow(s, tick, pcm);
	if (!more)
		md_stream_end_play(s, MD_PLAY_DONE);
}

static void tap_tick(struct md_stream *s, uint64_t tick)
{
	int16_t pcm[MD_FRAME];
	const struct md_tap_data *d;
	for (; s->media.udptl && (d = md_tap_queue_next(&s->tap->goes)); md_tap_queue_drop(&s->tap->goes))
		if (s->remote.sin_port)
			(void)sendto(s->rtp_fd, d->bytes, d->len, MSG_DONTWAIT | MSG_NOSIGNAL,
				     (const struct sockaddr *)&s->remote, sizeof(s->remote));
	md_tap_say(s->tap, pcm);
	md_stream_send_narrow(s, tick, pcm);
}

void md_stream_tick(struct md_stream *s, uint64_t tick)
{
	md_stream_dtmf_watch(s, s->th->now_us);
	if (!dtmf_tick(s, tick)) {
		if (s->play)
			play_tick(s, tick);
		else if (s->tap && s->tap->speaks)
			tap_tick(s, tick);
	}
	md_stream_activity(s);
}

void md_stream_end_play(struct md_stream *s, enum md_play_end end)
{
	struct md_play *p = s->play;
	s->play = NULL;
	s->marker = true;
	p->end = end;
	md_note_send(s->eng, &(struct md_note){.type = MD_NOTE_PLAYED, .owner = s->owner, .stream = s, .play = p});
}

void md_stream_activity(struct md_stream *s)
{
	bool want = s->play || (s->tap && s->tap->speaks) || s->dtmf_tx.n || md_dtmf_rx_is_open(&s->dtmf_rx);
	if (want == s->is_ticking || !s->th)
		return;
	if (want)
		DL_APPEND2(s->th->ticking, s, t_prev, t_next);
	else
		DL_DELETE2(s->th->ticking, s, t_prev, t_next);
	s->is_ticking = want;
}

/* Once an address has settled only its packets are let in, and sending gets cheaper. */
void md_stream_connect(struct md_stream *s, bool on)
{
	const struct sockaddr none = {.sa_family = AF_UNSPEC};
	if (s->connected == on)
		return;
	if (on)
		s->connected = !connect(s->rtp_fd, (const struct sockaddr *)&s->remote, sizeof(s->remote));
	else if (!connect(s->rtp_fd, &none, sizeof(none)))
		s->connected = false;
}
