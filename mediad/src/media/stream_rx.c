/* What comes in on a stream's sockets. */
#include "media/thread.h"
#include <string.h>
#include <sys/socket.h>
#include <zj_time.h>

#define PACKET_MAX 1500

static bool is_same(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
	return a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
}

/* May packets from there take over? The address that was agreed always; another while nothing was settled, or when the
 * present one has fallen silent. */
static bool may_latch(const struct md_stream *s, const struct sockaddr_in *src, int64_t now_us)
{
	if (is_same(src, &s->media.rtp))
		return true;
	if (!s->latched || now_us - s->heard_us >= MD_REPLACE_US)
		return true;
	return now_us - s->set_us <= MD_SETTLE_US && !is_same(&s->remote, &s->media.rtp);
}

/* Symmetric RTP: we send to where it comes from. False: a stranger. */
static bool latch(struct md_stream *s, const struct sockaddr_in *src, int64_t now_us)
{
	if (is_same(src, &s->remote)) {
		s->latched = true;
		return true;
	}
	if (is_same(src, &s->former) && now_us - s->set_us < MD_FORMER_US)
		return true; /* on its way when the far end moved: heard, but not followed */
	if (!may_latch(s, src, now_us))
		return false;
	s->remote = *src;
	s->remote_rtcp = *src;
	s->remote_rtcp.sin_port = htons((uint16_t)(ntohs(src->sin_port) + 1));
	s->latched = true;
	return true;
}

static enum md_codec_id codec_of(const struct md_stream *s, uint8_t pt)
{
	for (int i = 0; i < MD_CODECS; i++)
		if (s->media.pts[i] == pt)
			return (enum md_codec_id)i;
	return MD_CODEC_NONE;
}

static void tell_dtmf(struct md_stream *s, const struct md_dtmf_heard *h)
{
	struct md_note n = {.owner = s->owner, .stream = s};
	if (h->digit) {
		n.type = MD_NOTE_DIGIT;
		n.digit = h->digit;
		n.ms = h->ms;
		md_note_send(s->eng, &n);
	}
	if (h->began) {
		if (s->play && s->play->barge)
			md_stream_end_play(s, MD_PLAY_BARGED);
		n.type = MD_NOTE_DIGIT_ON;
		n.digit = h->began;
		md_note_send(s->eng, &n);
	}
}

void md_stream_dtmf_watch(struct md_stream *s, int64_t now_us)
{
	struct md_dtmf_heard h;
	if (!md_dtmf_rx_is_open(&s->dtmf_rx))
		return;
	md_dtmf_rx_tick(&s->dtmf_rx, now_us, &h);
	tell_dtmf(s, &h);
}

static void event_packet(struct md_stream *s, const struct md_rtp *r, int64_t now_us)
{
	struct md_dtmf_heard h;
	md_dtmf_rx_packet(&s->dtmf_rx, r, now_us, &h);
	tell_dtmf(s, &h);
	for (unsigned i = 0; i < s->n_relays; i++)
		md_stream_relay(s->relays[i], s, r, true, now_us);
	md_stream_activity(s);
}

static void record(struct md_stream *s, const struct md_rtp *r, const struct md_codec *codec, int64_t now_us)
{
	struct md_rec *room = s->room && s->role == MD_TALK ? s->room->rec : NULL;
	if (!s->rec && !room)
		return;
	int16_t pcm[MD_PAYLOAD_MAX];
	size_t n = codec->decode(pcm, r->payload, r->len);
	if (s->rec)
		md_rec_put(s->rec, &s->rec_track, 0, r->ts, pcm, n, now_us);
	if (room)
		md_rec_put(room, &s->room_track, room->channels == 1 || s == s->room->left ? 0 : 1, r->ts, pcm, n,
			   now_us);
}

static void audio_packet(struct md_stream *s, const struct md_rtp *r, enum md_codec_id codec, int64_t now_us)
{
	if (r->len > MD_PAYLOAD_MAX || !r->len)
		return;
	if (codec != s->rx_codec) {
		/* The far end changed its codec: who can be relayed to may have changed with it. */
		s->rx_codec = codec;
		if (s->room)
			md_mroom_replan(s->room);
	}
	for (unsigned i = 0; i < s->n_relays; i++)
		md_stream_relay(s->relays[i], s, r, false, now_us);
	if (md_voice_packet(s, r, &md_codecs[codec], now_us) && s->decode && s->jitter)
		md_jitter_put(s->jitter, r);
	record(s, r, &md_codecs[codec], now_us);
}

void md_stream_readable(struct md_stream *s, int64_t now_us)
{
	uint8_t buf[PACKET_MAX];
	struct sockaddr_in src = s->remote;
	socklen_t len = sizeof(src);
	struct md_rtp r;
	ssize_t n = recvfrom(s->rtp_fd, buf, sizeof(buf), MSG_DONTWAIT, s->connected ? NULL : (struct sockaddr *)&src,
			     s->connected ? NULL : &len);
	if (n < 0 || !s->media.recv)
		return;
	enum md_codec_id codec = MD_CODEC_NONE;
	bool good = !md_rtp_parse(&r, buf, (size_t)n);
	bool event = good && r.pt == s->media.dtmf_pt && r.pt != MD_NO_PT;
	if (good && !event)
		codec = codec_of(s, r.pt);
	if (!good || (!event && codec == MD_CODEC_NONE) || !latch(s, &src, now_us)) {
		atomic_fetch_add_explicit(&s->th->rtp_bad, 1, memory_order_relaxed);
		return;
	}
	atomic_fetch_add_explicit(&s->th->rtp_in, 1, memory_order_relaxed);
	s->heard_us = now_us;
	s->silent_told = false;
	enum md_rtp_verdict v = md_rtp_rx_packet(&s->rx, &r, (uint32_t)(now_us * 8 / 1000));
	if (v == MD_RTP_DUP)
		return;
	if (v == MD_RTP_NEW_SSRC) {
		s->rx_epoch++;
		if (s->jitter)
			md_jitter_reset(s->jitter);
	}
	if (event)
		event_packet(s, &r, now_us);
	else
		audio_packet(s, &r, codec, now_us);
}

void md_stream_rtcp_readable(struct md_stream *s, int64_t now_us)
{
	uint8_t buf[PACKET_MAX];
	struct md_rtcp_remote r;
	ssize_t n = recv(s->rtcp_fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n < 0 || md_rtcp_parse(&r, buf, (size_t)n, s->ssrc, (uint64_t)zj_now_us()))
		return;
	if (r.has_sr) {
		s->last_sr = r.sr_middle;
		s->last_sr_us = now_us;
	}
	if (r.rtt_q16)
		s->rtt_ms = r.rtt_q16 * 1000.0 / 65536;
	if (r.has_report)
		s->far_loss = r.fraction / 256.0;
}
