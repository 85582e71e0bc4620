/* A stream's life on its media thread: what control says, what happens once a second, its figures. */
#include "media/quality.h"
#include "media/thread.h"
#include <string.h>
#include <sys/socket.h>
#include <zj_time.h>

#define RTCP_SECONDS 5
#define BUFFER_MS    40.0 /* what a mouth-to-ear delay has besides the network */

static void set_media(struct md_stream *s, const struct md_media *m, int64_t now_us)
{
	bool moved = m->rtp.sin_port != s->media.rtp.sin_port || m->rtp.sin_addr.s_addr != s->media.rtp.sin_addr.s_addr;
	md_stream_connect(s, false);
	if (moved && m->rtp.sin_port) {
		s->former = s->remote;
		s->remote = m->rtp;
		s->remote_rtcp = m->rtcp;
		s->latched = false;
	}
	s->media.udptl = m->udptl;
	if (m->udptl) { /* the audio's agreement stays, for the way back */
		s->media.rtp = m->rtp;
		s->set_us = now_us;
		return;
	}
	if (s->media.codec != m->codec) {
		/* Our timestamps go on from where they are, at the new codec's pace. */
		uint32_t tick = (uint32_t)(now_us / MD_TICK_US);
		s->ts_base += tick * (md_codec_ts(s->media.codec) - md_codec_ts(m->codec));
		s->rx_codec = m->codec;
		s->rec_track.set = s->room_track.set = false;
	}
	s->media = *m;
	s->set_us = now_us;
	s->marker = true;
	s->silent_told = false;
	if (s->room)
		md_mroom_replan(s->room);
}

static void set_play(struct md_stream *s, struct md_play *p)
{
	if (s->play)
		md_stream_end_play(s, MD_PLAY_STOPPED);
	s->play = p;
	s->marker = true;
}

static void record_stop(struct md_stream *s, struct md_rec *rec)
{
	if (s->rec != rec)
		return;
	s->rec = NULL;
	md_rec_stop(rec, MD_REC_STOPPED, s->th->now_us);
	md_writer_close_rec(md_engine_writer(s->eng), rec);
}

void md_stream_end_tap(struct md_stream *s)
{
	struct md_tap *t = s->tap;
	if (!t)
		return;
	s->tap = NULL;
	md_note_send(s->eng, &(struct md_note){.type = MD_NOTE_TAP_BACK, .owner = s->owner, .stream = s, .tap = t});
}

void md_stream_message(struct md_stream *s, struct md_msg *m)
{
	switch (m->type) {
	case MD_MSG_MEDIA:
		set_media(s, &m->media, s->th->now_us);
		break;
	case MD_MSG_PLAY:
		set_play(s, m->play);
		break;
	case MD_MSG_STOP:
		if (s->play && s->play == m->play)
			md_stream_end_play(s, MD_PLAY_STOPPED);
		break;
	case MD_MSG_PLAY_SET:
		if (s->play && s->play == m->play) {
			s->play->paused = m->set.paused;
			s->play->gain_q12 = m->set.gain_q12;
		}
		break;
	case MD_MSG_DTMF:
		s->dtmf_tone = m->tone;
		(void)md_dtmf_tx_add(&s->dtmf_tx, m->digits, m->ms, m->gap_ms); /* checked by control */
		break;
	case MD_MSG_KEY:
		md_stream_key_heard(s, &(struct md_dtmf_heard){.began = m->digits[0]}, MD_KEY_INFO);
		md_stream_key_heard(s, &(struct md_dtmf_heard){.digit = m->digits[0], .ms = m->ms}, MD_KEY_INFO);
		break;
	case MD_MSG_REC:
		s->rec = m->rec;
		s->rec_track.set = false;
		break;
	case MD_MSG_REC_STOP:
		record_stop(s, m->rec);
		break;
	case MD_MSG_TAP:
		md_stream_end_tap(s);
		s->tap = m->tap;
		break;
	case MD_MSG_UNTAP:
		if (s->tap == m->tap)
			md_stream_end_tap(s);
		break;
	default:
		break;
	}
	md_stream_activity(s);
}

static void rtcp_send(struct md_stream *s, int64_t now_us)
{
	uint8_t buf[MD_RTCP_MAX];
	struct md_rtcp_local l = {
		.ssrc = s->ssrc,
		.sending = s->tx_packets != s->tx_at_report,
		.now_us = (uint64_t)zj_now_us(),
		.rtp_ts = s->ts_base + (uint32_t)(now_us * (md_codecs[s->media.codec].clock / 1000) / 1000),
		.packets = (uint32_t)s->tx_packets,
		.octets = (uint32_t)s->tx_octets,
		.last_sr = s->last_sr,
		.delay_q16 = (uint32_t)((now_us - s->last_sr_us) * 65536 / 1000000),
		.cname = "zongji",
	};
	s->tx_at_report = s->tx_packets;
	size_t n = md_rtcp_write(buf, &l, &s->rx);
	const struct sockaddr_in *to = s->media.rtcp_mux ? &s->remote : &s->remote_rtcp;
	int fd = s->media.rtcp_mux ? s->rtp_fd : s->rtcp_fd;
	if (to->sin_port)
		(void)sendto(fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)to, sizeof(*to));
}

/* Once a second: keep-alive, the far end's silence, RTCP. */
void md_stream_second(struct md_stream *s, int64_t now_us)
{
	const struct md_engine_conf *c = md_engine_conf(s->eng);
	if (s->media.codec == MD_CODEC_NONE || !s->remote.sin_port || s->media.udptl)
		return;
	if (now_us - s->sent_us >= (int64_t)c->keepalive_ms * 1000 - 500000 && !s->play && !s->dtmf_tx.n) {
		static const int16_t silence[MD_FRAME_WIDE];
		s->marker = true;
		md_stream_send_pcm(s, (uint64_t)now_us / MD_TICK_US, silence);
		s->marker = true;
	}
	s->probe = true;
	md_voice_second(s, now_us);
	md_stream_connect(s, s->latched && now_us - s->set_us > MD_SETTLE_US && now_us - s->heard_us < MD_REPLACE_US);
	int64_t heard = s->heard_us > s->set_us ? s->heard_us : s->set_us;
	if (c->rtp_timeout_ms && s->media.recv && !s->silent_told &&
	    now_us - heard > (int64_t)c->rtp_timeout_ms * 1000) {
		s->silent_told = true;
		md_note_send(s->eng, &(struct md_note){.type = MD_NOTE_SILENT, .owner = s->owner, .stream = s});
	}
	if (++s->rtcp_due >= RTCP_SECONDS) {
		s->rtcp_due = 0;
		rtcp_send(s, now_us);
	}
}

void md_stream_stats(struct md_stream *s, struct md_stats *st)
{
	struct md_jitter_stats j = {0};
	if (s->jitter)
		md_jitter_stats(s->jitter, &j);
	uint64_t lost = md_rtp_rx_lost(&s->rx);
	uint64_t all = s->rx.packets + lost;
	*st = (struct md_stats){
		.rx_packets = s->rx.packets,
		.rx_lost = lost,
		.tx_packets = s->tx_packets,
		.jitter_ms = md_rtp_rx_jitter_ms(&s->rx, false),
		.jitter_max_ms = md_rtp_rx_jitter_ms(&s->rx, true),
		.far_jitter_ms = s->far_jitter_ms,
		.late = j.late,
		.rtt_ms = s->rtt_ms,
		.loss = all ? (double)lost / (double)all : 0,
		.far_loss = s->far_loss,
		.concealed = j.concealed,
	};
	double burst = s->rx.gaps && lost > s->rx.gaps ? (double)lost / (double)s->rx.gaps : 1;
	st->mos = all ? md_mos(s->rx_codec, st->rtt_ms / 2 + BUFFER_MS + 2 * st->jitter_ms, st->loss, burst) : 0;
}
