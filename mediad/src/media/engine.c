/* Control's side of the engine: opening sockets, sending messages, hearing notes. */
#include "media/engine.h"
#include "media/thread.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>
#include <zj_log.h>
#include <zj_time.h>

#define THREADS_MAX 16

const unsigned md_event_clocks[MD_EVENT_CLOCKS] = {8000, 16000, 48000};
const char *const md_role_names[3] = {"talk", "listen", "whisper"};

struct md_engine {
	struct md_engine_conf conf;
	md_note_h *h;
	void *arg;
	uv_async_t async;
	pthread_mutex_t lock; /* protects head, tail */
	struct md_note *head, **tail;
	struct md_writer *writer;
	uint16_t next_port;
	unsigned threads;
	struct md_thread thread[THREADS_MAX];
};

const struct md_engine_conf *md_engine_conf(const struct md_engine *e)
{
	return &e->conf;
}

struct md_writer *md_engine_writer(struct md_engine *e)
{
	return e->writer;
}

/* Any thread. Notes are rare (keys, ends): one allocation each is no matter. */
void md_note_send(struct md_engine *e, const struct md_note *n)
{
	struct md_note *copy = malloc(sizeof(*copy));
	if (!copy)
		abort();
	*copy = *n;
	copy->next = NULL;
	pthread_mutex_lock(&e->lock);
	*e->tail = copy;
	e->tail = &copy->next;
	pthread_mutex_unlock(&e->lock);
	uv_async_send(&e->async);
}

static void post(struct md_stream *s, struct md_msg *m)
{
	if (s->moving) {
		m->next = NULL;
		*s->held_tail = m;
		s->held_tail = &m->next;
		return;
	}
	md_thread_post(s->home, m);
}

static struct md_msg *message(enum md_msg_type type, struct md_stream *s, struct md_mroom *r)
{
	struct md_msg *m = calloc(1, sizeof(*m));
	if (!m)
		abort(); /* 200 bytes: nothing would work any more; the supervisor starts a fresh process */
	m->type = type;
	m->stream = s;
	m->room = r;
	return m;
}

static void moved(struct md_stream *s)
{
	struct md_msg *m = s->held, *next;
	struct md_mroom *r = s->moving_to;
	s->moving = false;
	s->moving_to = NULL;
	s->held = NULL;
	for (; m; m = next) {
		next = m->next;
		md_thread_post(s->home, m);
	}
	if (--r->coming == 0 && r->closing)
		md_thread_post(r->th, message(MD_MSG_ROOM_CLOSE, NULL, r));
}

static void stream_free(struct md_stream *s)
{
	close(s->rtp_fd);
	close(s->rtcp_fd);
	md_jitter_free(s->jitter);
	md_dec_free(s->ear);
	md_inband_free(s->inband);
	md_enc_free(s->enc);
	md_resample_free(s->cross);
	md_resample_free(s->play_up);
	free(s);
}

static void notes_h(uv_async_t *async)
{
	struct md_engine *e = async->data;
	pthread_mutex_lock(&e->lock);
	struct md_note *n = e->head, *next;
	e->head = NULL;
	e->tail = &e->head;
	pthread_mutex_unlock(&e->lock);
	for (; n; n = next) {
		next = n->next;
		if (n->type == MD_NOTE_MOVED)
			moved(n->stream);
		else
			e->h(n, e->arg);
		if (n->type == MD_NOTE_CLOSED && n->stream)
			stream_free(n->stream);
		if (n->type == MD_NOTE_CLOSED)
			free(n->room);
		free(n);
	}
}

static void rec_ended_h(struct md_rec *r, void *arg)
{
	md_note_send(arg, &(struct md_note){.type = MD_NOTE_REC_ENDED, .owner = r->owner, .rec = r});
}

static void rec_closed_h(struct md_rec *r, void *arg)
{
	md_note_send(arg, &(struct md_note){.type = MD_NOTE_REC_CLOSED, .owner = r->owner, .rec = r});
}

int md_engine_alloc(struct md_engine **ep, uv_loop_t *loop, const struct md_engine_conf *conf, md_note_h *h, void *arg)
{
	struct md_engine *e = calloc(1, sizeof(*e));
	if (!e)
		return ENOMEM;
	md_codec_init();
	e->conf = *conf;
	e->h = h;
	e->arg = arg;
	e->tail = &e->head;
	e->next_port = (uint16_t)(conf->port_min & ~1u);
	pthread_mutex_init(&e->lock, NULL);
	uv_async_init(loop, &e->async, notes_h);
	e->async.data = e;
	int err = md_writer_alloc(&e->writer, conf->store, rec_ended_h, rec_closed_h, e);
	for (; !err && e->threads < conf->threads && e->threads < THREADS_MAX; e->threads++)
		err = md_thread_start(&e->thread[e->threads], e, e->threads);
	if (err) {
		md_engine_free(e);
		return err;
	}
	*ep = e;
	return 0;
}

static void closed_h(uv_handle_t *h)
{
	free(h->data);
}

void md_engine_free(struct md_engine *e)
{
	if (!e)
		return;
	for (unsigned i = 0; i < e->threads; i++) {
		md_thread_post(&e->thread[i], message(MD_MSG_QUIT, NULL, NULL));
		md_thread_join(&e->thread[i]);
	}
	md_writer_free(e->writer);
	e->writer = NULL;
	notes_h(&e->async);
	uv_close((uv_handle_t *)&e->async, closed_h);
}

static struct md_thread *thread_of(struct md_engine *e, const char *call)
{
	uint32_t h = 2166136261u;
	for (; *call; call++)
		h = (h ^ (uint8_t)*call) * 16777619u;
	return &e->thread[h % e->threads];
}

static int bind_one(const struct md_engine *e, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = e->conf.address, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&a, sizeof(a))) {
		int err = errno;
		close(fd);
		return -err;
	}
	return fd;
}

/* The ports go round, so that late packets of an old call don't meet a new one. */
static int bind_pair(struct md_engine *e, struct md_stream *s)
{
	unsigned pairs = ((unsigned)e->conf.port_max + 1 - (e->conf.port_min & ~1u)) / 2;
	int err = EADDRINUSE;
	for (unsigned i = 0; i < pairs; i++) {
		uint16_t port = e->next_port;
		e->next_port = (uint16_t)(port + 3 > e->conf.port_max ? (e->conf.port_min & ~1u) : port + 2u);
		s->rtp_fd = bind_one(e, port);
		if (s->rtp_fd < 0) {
			err = -s->rtp_fd;
			if (err != EADDRINUSE)
				return err;
			continue;
		}
		s->rtcp_fd = bind_one(e, (uint16_t)(port + 1));
		if (s->rtcp_fd >= 0) {
			s->port = port;
			return 0;
		}
		err = -s->rtcp_fd;
		close(s->rtp_fd);
		if (err != EADDRINUSE)
			return err;
	}
	return err;
}

int md_stream_open(struct md_stream **sp, struct md_engine *e, const char *call, void *owner)
{
	/* In whole lines of the cache. */
	size_t size = (sizeof(struct md_stream) + 63) & ~(size_t)63;
	struct md_stream *s = aligned_alloc(64, size);
	if (!s)
		return ENOMEM;
	memset(s, 0, size);
	s->eng = e;
	s->owner = owner;
	s->held_tail = &s->held;
	int err = bind_pair(e, s);
	if (err) {
		free(s);
		return err;
	}
	uint32_t random[3];
	if (getrandom(random, sizeof(random), 0) < 0)
		random[0] = (uint32_t)zj_mono_us();
	s->ssrc = random[0];
	s->ts_base = random[1];
	s->seq = (uint16_t)(random[2] & 0x7fff);
	md_media_clear(&s->media);
	s->rx_codec = MD_CODEC_NONE;
	s->home = thread_of(e, call);
	post(s, message(MD_MSG_ADD, s, NULL));
	*sp = s;
	return 0;
}

void md_media_clear(struct md_media *m)
{
	*m = (struct md_media){.codec = MD_CODEC_NONE, .dtmf_tx = MD_NO_PT, .noise_pt = MD_NO_PT};
	memset(m->tx_pts, MD_NO_PT, sizeof(m->tx_pts));
	memset(m->rx_pts, MD_NO_PT, sizeof(m->rx_pts));
	memset(m->dtmf_rx, MD_NO_PT, sizeof(m->dtmf_rx));
}

uint16_t md_stream_port(const struct md_stream *s)
{
	return s->port;
}

void md_stream_set_media(struct md_stream *s, const struct md_media *media)
{
	struct md_msg *m = message(MD_MSG_MEDIA, s, NULL);
	m->media = *media;
	post(s, m);
}

void md_stream_close(struct md_stream *s)
{
	post(s, message(MD_MSG_CLOSE, s, NULL));
}

void md_stream_play(struct md_stream *s, struct md_play *p)
{
	struct md_msg *m = message(MD_MSG_PLAY, s, NULL);
	m->play = p;
	post(s, m);
}

void md_stream_stop(struct md_stream *s, struct md_play *p)
{
	struct md_msg *m = message(MD_MSG_STOP, s, NULL);
	m->play = p;
	post(s, m);
}

void md_stream_play_set(struct md_stream *s, struct md_play *p, const struct md_play_set *set)
{
	struct md_msg *m = message(MD_MSG_PLAY_SET, s, NULL);
	m->play = p;
	m->set = *set;
	post(s, m);
}

int md_stream_dtmf(struct md_stream *s, const char *digits, unsigned ms, unsigned gap_ms, bool tone)
{
	struct md_dtmf_tx probe = {0};
	int err = md_dtmf_tx_add(&probe, digits, ms, gap_ms);
	if (err)
		return err;
	struct md_msg *m = message(MD_MSG_DTMF, s, NULL);
	memcpy(m->digits, digits, strlen(digits) + 1);
	m->ms = ms;
	m->gap_ms = gap_ms;
	m->tone = tone;
	post(s, m);
	return 0;
}

void md_stream_key(struct md_stream *s, char digit, unsigned ms)
{
	struct md_msg *m = message(MD_MSG_KEY, s, NULL);
	m->digits[0] = digit;
	m->ms = ms;
	post(s, m);
}

void md_stream_tap(struct md_stream *s, struct md_tap *t)
{
	struct md_msg *m = message(MD_MSG_TAP, s, NULL);
	m->tap = t;
	post(s, m);
}

void md_stream_untap(struct md_stream *s, struct md_tap *t)
{
	struct md_msg *m = message(MD_MSG_UNTAP, s, NULL);
	m->tap = t;
	post(s, m);
}

int md_mroom_open(struct md_mroom **rp, struct md_engine *e, const char *call, const struct md_mroom_conf *conf,
		  void *owner)
{
	struct md_mroom *r = calloc(1, sizeof(*r));
	if (!r)
		return ENOMEM;
	r->eng = e;
	r->owner = owner;
	r->th = thread_of(e, call);
	r->watch = conf->watch;
	r->gate = conf->gate;
	*rp = r;
	return 0;
}

void md_mroom_close(struct md_mroom *r)
{
	r->closing = true;
	if (!r->coming)
		md_thread_post(r->th, message(MD_MSG_ROOM_CLOSE, NULL, r));
}

static void move(struct md_stream *s, struct md_mroom *room)
{
	struct md_thread *to = room->th;
	struct md_msg *m = message(MD_MSG_MOVE, s, NULL);
	m->to = to;
	post(s, m);
	s->moving = true;
	s->held_tail = &s->held;
	s->moving_to = room;
	room->coming++;
	s->home = to;
}

int md_mroom_join(struct md_mroom *r, struct md_stream *s, enum md_role role, struct md_stream *to)
{
	if (s->home != r->th && s->moving)
		return EBUSY;
	if (s->home != r->th)
		move(s, r);
	struct md_msg *m = message(MD_MSG_JOIN, s, r);
	m->role = role;
	m->other = to;
	post(s, m);
	return 0;
}

void md_mroom_leave(struct md_mroom *r, struct md_stream *s)
{
	post(s, message(MD_MSG_LEAVE, s, r));
}

void md_stream_record(struct md_stream *s, struct md_rec *rec)
{
	struct md_msg *m = message(MD_MSG_REC, s, NULL);
	rec->start_us = zj_mono_us();
	md_writer_add(s->eng->writer, rec);
	m->rec = rec;
	post(s, m);
}

void md_mroom_record(struct md_mroom *r, struct md_rec *rec, struct md_stream *left)
{
	struct md_msg *m = message(MD_MSG_ROOM_REC, NULL, r);
	rec->start_us = zj_mono_us();
	md_writer_add(r->eng->writer, rec);
	m->rec = rec;
	m->other = left;
	md_thread_post(r->th, m);
}

void md_stream_record_stop(struct md_stream *s, struct md_rec *rec)
{
	struct md_msg *m = message(MD_MSG_REC_STOP, s, NULL);
	m->rec = rec;
	post(s, m);
}

void md_mroom_record_stop(struct md_mroom *r, struct md_rec *rec)
{
	struct md_msg *m = message(MD_MSG_ROOM_REC_STOP, NULL, r);
	m->rec = rec;
	md_thread_post(r->th, m);
}

void md_engine_counts(struct md_engine *e, struct md_engine_counts *c)
{
	*c = (struct md_engine_counts){0};
	for (unsigned i = 0; i < e->threads; i++) {
		c->rtp_in += atomic_load_explicit(&e->thread[i].rtp_in, memory_order_relaxed);
		c->rtp_out += atomic_load_explicit(&e->thread[i].rtp_out, memory_order_relaxed);
		c->late_ticks += atomic_load_explicit(&e->thread[i].late_ticks, memory_order_relaxed);
		c->rtp_bad += atomic_load_explicit(&e->thread[i].rtp_bad, memory_order_relaxed);
	}
}
