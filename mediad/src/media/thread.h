/* Inside of the engine: what media threads own. Everything here belongs to one thread unless said. */
#ifndef MD_THREAD_H
#define MD_THREAD_H
#include "media/dtmf.h"
#include "media/engine.h"
#include "media/inband.h"
#include "media/jitter.h"
#include "media/rtcp.h"
#include "media/rtp.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#define MD_TICK_US        20000
#define MD_TICKS_A_SECOND 50
/* After an agreement the far end's address may change freely for MD_SETTLE_US; later only when the old one has been
 * quiet for MD_REPLACE_US: nobody can take a living stream over. Stragglers from where it was before count for
 * MD_FORMER_US. */
#define MD_SETTLE_US     5000000
#define MD_FORMER_US     2000000
#define MD_REPLACE_US    1000000
#define MD_EVENT_HUSH_US 400000 /* tones so soon after an event are the same key */
#define MD_GATE_TALKERS  16     /* in a room with more of them only those are mixed who speak */
#define MD_RELAYS        4      /* listeners a talker's packets are passed on to; more are served by the mixer */

enum md_msg_type {
	MD_MSG_ADD,
	MD_MSG_MEDIA,
	MD_MSG_CLOSE,
	MD_MSG_PLAY,
	MD_MSG_STOP,
	MD_MSG_PLAY_SET,
	MD_MSG_DTMF,
	MD_MSG_KEY,
	MD_MSG_REC,
	MD_MSG_REC_STOP,
	MD_MSG_TAP,
	MD_MSG_UNTAP,
	MD_MSG_MOVE,
	MD_MSG_ROOM_CLOSE,
	MD_MSG_JOIN,
	MD_MSG_LEAVE,
	MD_MSG_ROOM_REC,
	MD_MSG_ROOM_REC_STOP,
	MD_MSG_QUIT
};

/* Control → media thread; freed by the media thread. */
struct md_msg {
	struct md_msg *next;
	enum md_msg_type type;
	struct md_stream *stream, *other; /* other: whispered to; a recording's left */
	struct md_mroom *room;
	struct md_play *play;
	struct md_play_set set;
	struct md_rec *rec;
	struct md_tap *tap;
	struct md_media media;
	struct md_thread *to;
	enum md_role role;
	char digits[MD_DTMF_QUEUE + 1];
	unsigned ms, gap_ms;
	bool tone;
};

struct md_thread {
	struct md_engine *eng;
	pthread_t id;
	int epoll, event, timer;
	/* inbox: `lock` protects `head`, `tail` */
	pthread_mutex_t lock;
	struct md_msg *head, *tail;
	/* the thread's own */
	struct md_stream *buckets[MD_TICKS_A_SECOND]; /* every stream; one bucket a tick gets its once-a-second work */
	struct md_stream *ticking;                    /* streams with something to send or watch each tick */
	unsigned streams;                             /* in the buckets */
	struct md_mroom *mixing;                      /* rooms in which somebody needs a mix */
	int64_t now_us;                               /* when the loop woke up */
	uint64_t tick;                                /* last one done */
	enum md_inband_when inband;                   /* the engine's */
	bool fast;                                    /* the timer runs at 20 ms, else once a second */
	bool quit;
	_Atomic uint64_t rtp_in, rtp_out, late_ticks, rtp_bad;
};

/* Only the thread itself counts; control reads. */
static inline void md_thread_count(_Atomic uint64_t *n)
{
	atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) + 1, memory_order_relaxed);
}

enum md_source { MD_NOTHING, MD_RELAYED, MD_MIXED }; /* what a member of a room hears, when nothing is played to it */

struct md_stream {
	/* What every packet needs, in the order of its way: some cache lines that are fetched ahead (md_stream_ahead).
	 * All of it is the media thread's, but for what is constant. */
	struct md_thread *th;
	int rtp_fd; /* constant */
	enum md_codec_id rx_codec;
	int64_t heard_us; /* last RTP of the far end */
	int64_t crowd_us; /* when there were two packets at once */
	bool latched, silent_told;
	bool connected; /* the RTP socket, to `remote` */
	bool decode;    /* its packets go through the jitter buffer */
	bool voiced;    /* its room wants to know whether it speaks */
	bool marker;    /* the next audio packet begins a talk spurt */
	bool probe;     /* look whether there are more packets than told */
	bool one;       /* of this turn, there was audio already */
	uint8_t n_relays;
	uint8_t room_channel; /* of `room_rec` */
	unsigned rx_epoch;    /* counts breaks in the received numbering */
	uint32_t ssrc, ts_base;
	uint16_t seq;
	struct sockaddr_in remote;
	struct md_media media;
	struct md_rtp_rx rx;
	struct md_stream *relays[MD_RELAYS];
	struct md_rec *rec, *room_rec; /* what it says; what is said in its room */
	struct md_play *play;
	uint64_t tx_packets, tx_octets;
	int64_t sent_us;
	/* What is passed on keeps the talker's gaps and order: its numbers plus an offset. */
	struct {
		const struct md_stream *from; /* compared only */
		unsigned epoch;               /* of `from` */
		uint32_t ts, last;            /* offset; of the last packet */
		uint16_t seq, first, next;    /* offset; first and next of our numbers in this run */
	} relay;
	/* of who is recorded or listened to */
	struct md_rec_track rec_track, room_track;
	struct md_dec *ear;        /* decodes packets as they arrive, narrow: for recordings, keys and levels */
	uint16_t ear_next;         /* sequence number that it waits for */
	struct md_dtmf_tx dtmf_tx; /* its head */
	/* control's */
	struct md_engine *eng;
	struct md_thread *home;           /* where control sends messages */
	struct md_msg *held, **held_tail; /* waiting while it moves */
	bool moving;
	struct md_mroom *moving_to;
	/* constant */
	void *owner;
	int rtcp_fd;
	uint16_t port;
	/* media thread's */
	struct md_stream *b_prev, *b_next, *t_prev, *t_next, *r_prev, *r_next;
	unsigned bucket;
	bool is_ticking;
	struct sockaddr_in remote_rtcp, former; /* former: where it was before the last agreement */
	int64_t set_us;                         /* media agreed */
	/* receiving */
	struct md_dtmf_rx dtmf_rx;
	struct md_jitter *jitter;
	struct md_resample *cross; /* from the jitter buffer's width to the other */
	bool heard;
	struct md_inband *inband; /* listens for tones */
	int64_t event_us;         /* last telephone event */
	/* sending */
	struct md_enc *enc;
	struct md_resample *play_up; /* narrow prompts to a wide codec */
	bool own_enc;                /* what it was last sent came from `enc`, not from the room's */
	bool dtmf_tone;              /* what is sent there goes as tones */
	struct md_tap *tap;
	/* RTCP */
	unsigned rtcp_due; /* seconds */
	uint32_t last_sr;
	int64_t last_sr_us;
	uint64_t tx_at_report;
	double rtt_ms, far_loss, far_jitter_ms;
	/* room */
	struct md_mroom *room;
	enum md_role role;
	struct md_stream *whisper_to;
	struct md_stream *whisperer; /* the last of those who whisper to it */
	unsigned whisperers;
	enum md_source source;
	struct { /* voice.c */
		int64_t since_us, loud_us;
		bool told;
	} voice;
	bool wanted;                             /* `decode`, says the plan being made */
	bool was_relayed;                        /* before it */
	int16_t frame[MD_WIDTHS][MD_FRAME_WIDE]; /* of this tick, when `heard`, in the widths that the room needs */
};

/* Fetches what a packet from or to the stream touches: caches do not hold hundreds of them for 20 ms. */
static inline void md_stream_ahead(const struct md_stream *s)
{
	for (size_t at = 0; at <= offsetof(struct md_stream, dtmf_tx); at += 64)
		__builtin_prefetch((const char *)s + at, 1);
}

struct md_mroom {
	/* control's */
	unsigned coming; /* streams that move to its thread */
	bool closing;    /* as soon as they are here */
	/* constant */
	struct md_engine *eng;
	struct md_thread *th;
	void *owner;
	bool watch, gate;
	/* media thread's */
	struct md_mroom *m_prev, *m_next;
	struct md_stream *members;
	bool is_mixing, gated;
	bool needs[MD_WIDTHS];         /* widths of those who are sent a mix */
	struct md_enc *enc[MD_CODECS]; /* for all who say nothing */
	int64_t note_us;               /* no note about who speaks before */
	struct md_rec *rec;
	struct md_stream *left;
};

/* engine.c */
void md_note_send(struct md_engine *e, const struct md_note *n);
struct md_writer *md_engine_writer(struct md_engine *e);
const struct md_engine_conf *md_engine_conf(const struct md_engine *e);

/* thread.c */
int md_thread_start(struct md_thread *t, struct md_engine *e, unsigned number);
void md_thread_post(struct md_thread *t, struct md_msg *m);
void md_thread_join(struct md_thread *t);

/* stream_rx.c, stream_tx.c, stream.c */
void md_stream_readable(struct md_stream *s, int64_t now_us); /* told once for all that lies there: all is read */
void md_stream_rtcp_readable(struct md_stream *s, int64_t now_us);
/* keys.c */
enum md_key_way { MD_KEY_EVENT, MD_KEY_TONE, MD_KEY_INFO };
void md_stream_key_heard(struct md_stream *s, const struct md_dtmf_heard *h, enum md_key_way way);
bool md_stream_listens(const struct md_stream *s);
void md_stream_listen(struct md_stream *s, const int16_t *pcm, size_t n);
/* stream_rx.c */
void md_stream_dtmf_watch(struct md_stream *s, int64_t now_us);
void md_stream_tick(struct md_stream *s, uint64_t tick);
void md_stream_second(struct md_stream *s, int64_t now_us);
void md_stream_send_audio(struct md_stream *s, uint64_t tick, uint8_t *packet, size_t len);
void md_stream_connect(struct md_stream *s, bool on);
/* A frame in the width of its codec; narrow ones are brought to it. */
void md_stream_send_pcm(struct md_stream *s, uint64_t tick, const int16_t *pcm);
void md_stream_send_narrow(struct md_stream *s, uint64_t tick, const int16_t *pcm);
struct md_enc *md_stream_enc(struct md_stream *s); /* NULL: no memory */
void md_stream_relay(struct md_stream *to, const struct md_stream *from, const struct md_rtp *r, bool event,
		     int64_t now_us);
void md_stream_relay_as(struct md_stream *to, const struct md_stream *from, const struct md_rtp *r, uint8_t pt,
			int64_t now_us);
void md_stream_message(struct md_stream *s, struct md_msg *m);
void md_stream_activity(struct md_stream *s); /* on or off the ticking list */
void md_stream_end_play(struct md_stream *s, enum md_play_end end);
void md_stream_end_tap(struct md_stream *s); /* if there is one */
void md_stream_stats(struct md_stream *s, struct md_stats *st);

/* voice.c */
bool md_voice_wanted(const struct md_stream *s);
bool md_voice_packet(struct md_stream *s, const int16_t *pcm, size_t n, int64_t now_us);
bool md_voice_is_on(const struct md_stream *s, int64_t now_us);
void md_voice_second(struct md_stream *s, int64_t now_us);
void md_voice_end(struct md_stream *s);

/* room.c */
void md_mroom_message(struct md_mroom *r, struct md_msg *m);
void md_mroom_remove(struct md_mroom *r, struct md_stream *s);
bool md_mroom_is_audible(const struct md_stream *talker, const struct md_stream *to);
void md_mroom_replan(struct md_mroom *r);
void md_mroom_tick(struct md_mroom *r, uint64_t tick);
#endif
