/* What comes in on a stream's sockets. */
#include "media/thread.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zj_time.h>

#define PACKET_MAX 1500
#define BURST      64 /* packets of one stream in one turn */
#define CROWD_US   5000000

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

/* By our numbers; by the far end's when it does not keep to ours. */
static enum md_codec_id codec_of(const struct md_stream *s, uint8_t pt)
{
	for (int i = 0; i < MD_CODECS; i++)
		if (s->media.rx_pts[i] == pt)
			return (enum md_codec_id)i;
	for (int i = 0; i < MD_CODECS; i++)
		if (s->media.tx_pts[i] == pt)
			return (enum md_codec_id)i;
	return MD_CODEC_NONE;
}

/* The clock of this payload type of telephone events; 0: it is none. */
static unsigned event_clock(const struct md_stream *s, uint8_t pt)
{
	for (int i = 0; i < MD_EVENT_CLOCKS; i++)
		if (s->media.dtmf_rx[i] == pt)
			return md_event_clocks[i];
	return pt == s->media.dtmf_tx ? s->media.dtmf_clock : 0;
}

void md_stream_dtmf_watch(struct md_stream *s, int64_t now_us)
{
	struct md_dtmf_heard h;
	if (!md_dtmf_rx_is_open(&s->dtmf_rx))
		return;
	md_dtmf_rx_tick(&s->dtmf_rx, now_us, &h);
	md_stream_key_heard(s, &h, MD_KEY_EVENT);
}

static void event_packet(struct md_stream *s, const struct md_rtp *r, unsigned clock, int64_t now_us)
{
	struct md_dtmf_heard h;
	s->dtmf_rx.clock = clock;
	s->event_us = now_us;
	md_dtmf_rx_packet(&s->dtmf_rx, r, now_us, &h);
	md_stream_key_heard(s, &h, MD_KEY_EVENT);
	for (unsigned i = 0; i < s->n_relays; i++)
		md_stream_relay(s->relays[i], s, r, true, now_us);
	md_stream_activity(s);
}

/* Decodes a packet at once, in narrow width. 0: too late for a decoder that only goes forward. */
static size_t hear(struct md_stream *s, const struct md_rtp *r, enum md_codec_id codec, int16_t *pcm)
{
	if (md_dec_codec(s->ear) != codec) {
		md_dec_free(s->ear);
		s->ear = NULL;
		if (md_dec_alloc(&s->ear, codec, MD_NARROW))
			return 0;
		md_dec_no_losses(s->ear);
		s->ear_next = r->seq;
	}
	if (!md_codecs[codec].stateless && (int16_t)(r->seq - s->ear_next) < 0)
		return 0;
	s->ear_next = (uint16_t)(r->seq + 1);
	return md_dec_packet(s->ear, pcm, r->payload, r->len);
}

/* Whoever keeps what was heard: recordings, a tap. */
static void keep(struct md_stream *s, const struct md_rtp *r, const int16_t *pcm, size_t n, int64_t now_us)
{
	if (s->tap)
		md_tap_hear(s->tap, r->ts, md_codecs[s->rx_codec].clock, pcm, n);
	s->rec_track.clock = s->room_track.clock = md_codecs[s->rx_codec].clock;
	if (s->rec)
		md_rec_put(s->rec, &s->rec_track, 0, r->ts, pcm, n, now_us);
	if (s->room_rec)
		md_rec_put(s->room_rec, &s->room_track, s->room_channel, r->ts, pcm, n, now_us);
}

/* Fetches what record() will touch, while the packet is passed on. */
static void record_ahead(const struct md_stream *s, const struct md_rtp *r, int64_t now_us)
{
	if (s->rec)
		md_rec_ahead(s->rec, &s->rec_track, 0, r->ts, now_us);
	if (s->room_rec)
		md_rec_ahead(s->room_rec, &s->room_track, s->room_channel, r->ts, now_us);
}

static void audio_packet(struct md_stream *s, const struct md_rtp *r, enum md_codec_id codec, int64_t now_us)
{
	int16_t pcm[MD_PCM_MAX];
	size_t n = 0;
	if (r->len > MD_PAYLOAD_MAX || !r->len)
		return;
	if (codec != s->rx_codec) {
		/* The far end changed its codec: who can be relayed to may have changed with it. */
		s->rx_codec = codec;
		s->rec_track.set = s->room_track.set = false;
		s->rx_epoch++;
		if (s->room)
			md_mroom_replan(s->room);
	}
	bool kept = s->rec || s->room_rec;
	if (kept)
		record_ahead(s, r, now_us);
	/* First of all: a listener should not wait for our ears. The payload stays as it is. */
	for (unsigned i = 0; i < s->n_relays; i++)
		md_stream_relay(s->relays[i], s, r, false, now_us);
	bool listens = md_stream_listens(s);
	kept = kept || s->tap;
	if (kept || listens || md_voice_wanted(s))
		n = hear(s, r, codec, pcm);
	if (listens && n)
		md_stream_listen(s, pcm, n);
	if (md_voice_packet(s, pcm, n, now_us) && s->decode && s->jitter)
		md_jitter_put(s->jitter, r, now_us);
	if (kept)
		keep(s, r, pcm, n, now_us);
}

/* Comfort noise: the far end says nothing for a while. */
static void noise_packet(struct md_stream *s, const struct md_rtp *r, int64_t now_us)
{
	for (unsigned i = 0; i < s->n_relays; i++)
		if (s->relays[i]->media.noise_pt != MD_NO_PT)
			md_stream_relay_as(s->relays[i], s, r, s->relays[i]->media.noise_pt, now_us);
	if (s->decode && s->jitter && !md_voice_wanted(s))
		md_jitter_put_noise(s->jitter, r, now_us);
}

/* What a packet is, by its payload type. */
enum kind { UNKNOWN, AUDIO, EVENT, NOISE };

static enum kind kind_of(const struct md_stream *s, uint8_t pt, enum md_codec_id *codec, unsigned *clock)
{
	*codec = codec_of(s, pt);
	if (*codec != MD_CODEC_NONE)
		return AUDIO;
	*clock = event_clock(s, pt);
	if (*clock)
		return EVENT;
	return pt == s->media.noise_pt || pt == MD_NOISE_PT ? NOISE : UNKNOWN;
}

static void count_bad(struct md_stream *s)
{
	md_thread_count(&s->th->rtp_bad);
}

/* False: it is the next one, in time. */
static bool packet(struct md_stream *s, const struct md_rtp *r, enum kind kind, enum md_codec_id codec, unsigned clock,
		   int64_t now_us)
{
	/* Events and noise go by the clock of the audio beside them. */
	enum md_codec_id timing = codec != MD_CODEC_NONE ? codec : s->rx_codec;
	uint32_t hz = timing == MD_CODEC_NONE ? MD_RATE : md_codecs[timing].clock;
	enum md_rtp_verdict v = md_rtp_rx_packet(&s->rx, r, (uint32_t)(now_us * (hz / 1000) / 1000), hz);
	if (v == MD_RTP_DUP)
		return true;
	if (v == MD_RTP_NEW_SSRC) {
		s->rx_epoch++;
		if (s->jitter)
			md_jitter_reset(s->jitter);
		s->ear_next = r->seq;
	}
	if (kind == EVENT)
		event_packet(s, r, clock, now_us);
	else if (kind == NOISE)
		noise_packet(s, r, now_us);
	else
		audio_packet(s, r, codec, now_us);
	return v != MD_RTP_NEXT || !md_rtp_rx_is_prompt(&s->rx);
}

static void rtcp_packet(struct md_stream *s, const uint8_t *buf, size_t n, int64_t now_us)
{
	struct md_rtcp_remote r;
	if (md_rtcp_parse(&r, buf, n, s->ssrc, (uint64_t)zj_now_us())) {
		count_bad(s);
		return;
	}
	if (r.has_sr) {
		s->last_sr = r.sr_middle;
		s->last_sr_us = now_us;
	}
	if (r.rtt_q16)
		s->rtt_ms = r.rtt_q16 * 1000.0 / 65536;
	if (r.has_report) {
		s->far_loss = r.fraction / 256.0;
		s->far_jitter_ms = r.jitter * 1000.0 /
				   (s->media.codec == MD_CODEC_NONE ? MD_RATE : md_codecs[s->media.codec].clock);
	}
}

/* T.38 between the fax machines of two legs: as it came, to the other one. */
static void pass(const struct md_stream *s, const uint8_t *buf, size_t n)
{
	const struct md_stream *a = s->room ? s->room->members : NULL, *b = a ? a->r_next : NULL, *to = a == s ? b : a;
	if (b && !b->r_next && to->media.udptl && to->remote.sin_port)
		(void)sendto(to->rtp_fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&to->remote,
			     sizeof(to->remote));
}

static void datagram(struct md_stream *s, const uint8_t *buf, size_t n, const struct sockaddr_in *src, int64_t now_us)
{
	if (!latch(s, src, now_us)) {
		count_bad(s);
		return;
	}
	s->heard_us = now_us;
	if (s->tap && s->tap->speaks) /* a fax machine of ours; an ear is no hindrance */
		md_tap_queue_put(&s->tap->came, buf, n);
	else
		pass(s, buf, n);
}

/* One packet. False: no other waits. To ask the socket would cost a call for each packet; but a sender has at least 10
 * ms between two, so when the next one came in time there is none behind it. Not all senders are like that: whoever was
 * seen with two at once is asked for CROWD_US. */
static bool receive(struct md_stream *s, int64_t now_us)
{
	uint8_t buf[PACKET_MAX];
	struct sockaddr_in src = s->remote;
	socklen_t len = sizeof(src);
	struct md_rtp r;
	enum md_codec_id codec = MD_CODEC_NONE;
	unsigned clock = 0;
	ssize_t n = syscall(SYS_recvfrom, s->rtp_fd, buf, sizeof(buf), MSG_DONTWAIT, s->connected ? NULL : &src,
			    s->connected ? NULL : &len);
	if (n < 0)
		return errno != EAGAIN;
	if (s->media.codec == MD_CODEC_NONE)
		return true;
	if (s->media.udptl) {
		datagram(s, buf, (size_t)n, &src, now_us);
		return true;
	}
	/* RFC 5761 4: their second bytes differ. */
	if (n > 1 && buf[1] >= 192 && buf[1] <= 223) {
		if (s->media.rtcp_mux && is_same(&src, &s->remote))
			rtcp_packet(s, buf, (size_t)n, now_us);
		return true;
	}
	if (!s->media.recv)
		return true;
	enum kind kind = md_rtp_parse(&r, buf, (size_t)n) ? UNKNOWN : kind_of(s, r.pt, &codec, &clock);
	if (kind == UNKNOWN || !latch(s, &src, now_us)) {
		count_bad(s);
		return true;
	}
	md_thread_count(&s->th->rtp_in);
	s->heard_us = now_us;
	s->silent_told = false;
	if (s->one)
		s->crowd_us = now_us;
	s->one = true;
	return packet(s, &r, kind, codec, clock, now_us) || s->probe || now_us - s->crowd_us < CROWD_US;
}

void md_stream_readable(struct md_stream *s, int64_t now_us)
{
	for (unsigned i = 0; i < s->n_relays; i++)
		md_stream_ahead(s->relays[i]);
	if (s->room_rec)
		__builtin_prefetch(s->room_rec, 1);
	s->one = false;
	/* A flood waits for the next turn. */
	for (unsigned i = 0; i < BURST && receive(s, now_us); i++)
		;
	s->probe = false;
}

/* Only from the host that sends us its audio. */
void md_stream_rtcp_readable(struct md_stream *s, int64_t now_us)
{
	uint8_t buf[PACKET_MAX];
	struct sockaddr_in src;
	socklen_t len = sizeof(src);
	ssize_t n = recvfrom(s->rtcp_fd, buf, sizeof(buf), MSG_DONTWAIT, (struct sockaddr *)&src, &len);
	if (n > 0 && src.sin_addr.s_addr == s->remote.sin_addr.s_addr)
		rtcp_packet(s, buf, (size_t)n, now_us);
}
