/* The media engine as control sees it. One control thread; N media threads that own their streams' sockets and a 20 ms
 * clock. Control speaks to them by messages, they answer by notes; no pointer is used by both at once.
 *
 * Lifetimes: control opens a stream or room and may use the handle until it has closed it AND heard the MD_NOTE_CLOSED
 * that is the last note about it; `owner` must live as long. A play or recording that was given away comes back in a
 * note. */
#ifndef MD_ENGINE_H
#define MD_ENGINE_H
#include "media/clip.h"
#include "media/codec.h"
#include "media/rec.h"
#include "media/tap.h"
#include <netinet/in.h>
#include <uv.h>
#include <zj_obj.h>

struct md_engine;
struct md_stream;
struct md_mroom;

enum md_inband_when { MD_INBAND_AUTO, MD_INBAND_ALWAYS, MD_INBAND_NEVER };

struct md_engine_conf {
	unsigned threads;
	struct in_addr address;      /* RTP is bound to it */
	uint16_t port_min, port_max; /* RTP ports: even ones, with RTCP on the next */
	unsigned rtp_timeout_ms;     /* nothing heard for so long: MD_NOTE_SILENT (0: never) */
	unsigned keepalive_ms;       /* a frame of silence so often when there is nothing else to send */
	const char *store;           /* recordings lie below it */
	enum md_inband_when inband;  /* listen for keys as tones: where no events are agreed, always, never */
};

/* What offer and answer agreed upon. Payload types: 255 is none; each side numbers what it receives. */
#define MD_NO_PT        255
#define MD_EVENT_CLOCKS 3 /* telephone events come at the clock of the audio: 8000, 16000, 48000 */
extern const unsigned md_event_clocks[MD_EVENT_CLOCKS];
struct md_media {
	enum md_codec_id codec; /* that we send; MD_CODEC_NONE: not known yet */
	uint8_t tx_pts[MD_CODECS], rx_pts[MD_CODECS];
	uint8_t dtmf_tx; /* for the codec that we send, at … */
	uint8_t dtmf_rx[MD_EVENT_CLOCKS];
	uint8_t noise_pt; /* comfort noise, both ways */
	bool rtcp_mux;    /* RTCP comes and goes on the RTP port (RFC 5761) */
	bool send, recv;  /* may we send audio; will we hear any */
	bool udptl;       /* T.38 instead of audio: only `rtp` counts */
	unsigned dtmf_clock;
	struct sockaddr_in rtp, rtcp; /* port 0: not known yet */
};

void md_media_clear(struct md_media *m); /* nothing agreed */

enum md_role { MD_TALK, MD_LISTEN, MD_WHISPER };
extern const char *const md_role_names[3];

struct md_stats {
	uint64_t rx_packets, rx_lost, tx_packets;
	double jitter_ms, rtt_ms, loss, mos, far_loss; /* losses 0..1; rtt 0: not known */
	double jitter_max_ms, far_jitter_ms;
	uint64_t concealed, late;
};

enum md_note_type {
	MD_NOTE_CLOSED,   /* owner of a stream (stats) or room */
	MD_NOTE_DIGIT_ON, /* a DTMF key went down */
	MD_NOTE_DIGIT,    /* … and up: digit, ms */
	MD_NOTE_PLAYED,   /* play comes back */
	MD_NOTE_SILENT,   /* no RTP for rtp_timeout_ms */
	MD_NOTE_TALKING,  /* of a watched room's member: on */
	MD_NOTE_DTMF_SENT,
	MD_NOTE_TAP_BACK,   /* a tap is control's alone again */
	MD_NOTE_REC_ENDED,  /* owner of a recording: it ended by itself; control detaches it */
	MD_NOTE_REC_CLOSED, /* the file is closed, the recording is control's alone */
	MD_NOTE_MOVED       /* inside of the engine */
};

struct md_note {
	struct md_note *next;
	enum md_note_type type;
	void *owner;
	struct md_stream *stream; /* or */
	struct md_mroom *room;
	struct md_stats stats;
	struct md_play *play;
	struct md_rec *rec;
	struct md_tap *tap;
	char digit;
	bool on;
	uint32_t ms;
};
typedef void(md_note_h)(const struct md_note *note, void *arg); /* on the control loop */

int md_engine_alloc(struct md_engine **ep, uv_loop_t *loop, const struct md_engine_conf *conf, md_note_h *h,
		    void *arg) ZJ_MUST_CHECK;
/* Streams must be closed before; recordings are finished. */
void md_engine_free(struct md_engine *e);

/* Takes a pair of ports. EADDRINUSE: none free; EMFILE. `call` picks the thread: legs of a call share one. */
int md_stream_open(struct md_stream **sp, struct md_engine *e, const char *call, void *owner) ZJ_MUST_CHECK;
uint16_t md_stream_port(const struct md_stream *s);
void md_stream_set_media(struct md_stream *s, const struct md_media *m);
void md_stream_close(struct md_stream *s);                   /* leaves its room too */
void md_stream_play(struct md_stream *s, struct md_play *p); /* the former one comes back as stopped */
void md_stream_stop(struct md_stream *s, struct md_play *p);
void md_stream_play_set(struct md_stream *s, struct md_play *p, const struct md_play_set *set); /* if it still plays */
/* A key that came another way than in the audio: as if it had. */
void md_stream_key(struct md_stream *s, char digit, unsigned ms);
/* EINVAL: no digits; at most 32 of them. `tone`: in the audio, else as telephone events. */
int md_stream_dtmf(struct md_stream *s, const char *digits, unsigned ms, unsigned gap_ms, bool tone) ZJ_MUST_CHECK;

/* One a stream: a new one gives the old one back. It is given back by MD_NOTE_TAP_BACK when the stream closes, too. */
void md_stream_tap(struct md_stream *s, struct md_tap *t);
void md_stream_untap(struct md_stream *s, struct md_tap *t);

/* `watch`: MD_NOTE_TALKING tells who begins and ends to speak. `gate`: who does not speak is left out of the mix, as it
 * is in every room with many talkers (MD_GATE_TALKERS). */
struct md_mroom_conf {
	bool watch, gate;
};
int md_mroom_open(struct md_mroom **rp, struct md_engine *e, const char *call, const struct md_mroom_conf *conf,
		  void *owner) ZJ_MUST_CHECK;
void md_mroom_close(struct md_mroom *r); /* its legs leave */
/* Joins or changes the role. The stream must have left its former room. `to`: whom a whisperer speaks to. EBUSY: it is
 * on its way to another thread; try again in some milliseconds. */
int md_mroom_join(struct md_mroom *r, struct md_stream *s, enum md_role role, struct md_stream *to) ZJ_MUST_CHECK;
void md_mroom_leave(struct md_mroom *r, struct md_stream *s);

/* One recording a stream (what it says) and one a room (`left` | everybody else; of one channel: everybody, `left` is
 * NULL). `rec` is begun at once. */
void md_stream_record(struct md_stream *s, struct md_rec *rec);
void md_mroom_record(struct md_mroom *r, struct md_rec *rec, struct md_stream *left);
/* Gives it back: MD_NOTE_REC_CLOSED follows. The stream or room that was closed meanwhile has done so itself. */
void md_stream_record_stop(struct md_stream *s, struct md_rec *rec);
void md_mroom_record_stop(struct md_mroom *r, struct md_rec *rec);

struct md_engine_counts {
	uint64_t rtp_in, rtp_out, late_ticks, rtp_bad;
};
void md_engine_counts(struct md_engine *e, struct md_engine_counts *c);
#endif
