/* A media thread: one epoll over its sockets, its inbox and a timer that runs at 20 ms only while somebody has
 * something to send each tick. Nothing here allocates, locks or logs per packet. */
#include "media/thread.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utlist.h>
#include <zj_log.h>
#include <zj_time.h>

#define EVENTS        512
#define PACED_STREAMS 64
#define PACE_US       4000
#define CATCH_UP      5  /* ticks made up after a delay; older ones are lost (and counted) */
#define RTCP_BIT      1u /* in epoll's pointer: the stream's RTCP socket */

static void timer_set(struct md_thread *t, bool fast)
{
	int64_t period = fast ? MD_TICK_US : 1000000;
	int64_t first = (t->now_us / period + 1) * period;
	struct itimerspec its = {
		.it_value = {first / 1000000, (first % 1000000) * 1000},
		.it_interval = {period / 1000000, (period % 1000000) * 1000},
	};
	timerfd_settime(t->timer, TFD_TIMER_ABSTIME, &its, NULL);
	if (fast && !t->fast)
		t->tick = (uint64_t)t->now_us / MD_TICK_US;
	t->fast = fast;
}

static void second(struct md_thread *t, unsigned bucket)
{
	struct md_stream *s, *next;
	DL_FOREACH_SAFE2(t->buckets[bucket], s, next, b_next)
	md_stream_second(s, t->now_us);
}

static void tick(struct md_thread *t)
{
	struct md_mroom *r, *rn;
	struct md_stream *s, *sn;
	DL_FOREACH_SAFE2(t->mixing, r, rn, m_next)
	md_mroom_tick(r, t->tick);
	DL_FOREACH_SAFE2(t->ticking, s, sn, t_next)
	md_stream_tick(s, t->tick);
	second(t, (unsigned)(t->tick % MD_TICKS_A_SECOND));
}

static void timer_fired(struct md_thread *t)
{
	uint64_t n;
	if (read(t->timer, &n, sizeof(n)) != sizeof(n))
		return;
	if (!t->fast) {
		for (unsigned b = 0; b < MD_TICKS_A_SECOND; b++)
			second(t, b);
		return;
	}
	uint64_t now = (uint64_t)t->now_us / MD_TICK_US;
	if (now > t->tick + 1)
		atomic_fetch_add_explicit(&t->late_ticks, now - t->tick - 1, memory_order_relaxed);
	if (now > t->tick + CATCH_UP)
		t->tick = now - CATCH_UP;
	while (t->tick < now) {
		t->tick++;
		tick(t);
	}
}

static void stream_watch(struct md_stream *s, int op)
{
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET, .data.ptr = s};
	epoll_ctl(s->th->epoll, op, s->rtp_fd, &ev);
	ev.events = EPOLLIN;
	ev.data.u64 = (uint64_t)(uintptr_t)s | RTCP_BIT;
	epoll_ctl(s->th->epoll, op, s->rtcp_fd, &ev);
}

static void stream_add(struct md_thread *t, struct md_stream *s)
{
	static _Atomic unsigned turn;
	s->th = t;
	s->bucket = turn++ % MD_TICKS_A_SECOND;
	DL_APPEND2(t->buckets[s->bucket], s, b_prev, b_next);
	t->streams++;
	stream_watch(s, EPOLL_CTL_ADD);
	md_stream_activity(s);
}

static void stream_unlink(struct md_thread *t, struct md_stream *s)
{
	t->streams--;
	stream_watch(s, EPOLL_CTL_DEL);
	DL_DELETE2(t->buckets[s->bucket], s, b_prev, b_next);
	if (s->is_ticking)
		DL_DELETE2(t->ticking, s, t_prev, t_next);
	s->is_ticking = false;
}

static void stream_close(struct md_thread *t, struct md_stream *s)
{
	struct md_note n = {.type = MD_NOTE_CLOSED, .owner = s->owner, .stream = s};
	if (s->room)
		md_mroom_remove(s->room, s);
	if (s->play)
		md_stream_end_play(s, MD_PLAY_STOPPED);
	md_stream_end_tap(s);
	if (s->rec) {
		md_rec_stop(s->rec, MD_REC_HUNGUP, t->now_us);
		md_writer_close_rec(md_engine_writer(t->eng), s->rec);
		s->rec = NULL;
	}
	stream_unlink(t, s);
	md_stream_stats(s, &n.stats);
	md_note_send(t->eng, &n); /* control frees it */
}

static void stream_move(struct md_thread *t, struct md_stream *s, struct md_thread *to)
{
	stream_unlink(t, s);
	s->th = NULL;
	struct md_msg *m = calloc(1, sizeof(*m));
	if (!m)
		abort();
	m->type = MD_MSG_ADD;
	m->stream = s;
	md_thread_post(to, m);
	md_note_send(t->eng, &(struct md_note){.type = MD_NOTE_MOVED, .stream = s, .owner = s->owner});
}

static void message(struct md_thread *t, struct md_msg *m)
{
	switch (m->type) {
	case MD_MSG_QUIT:
		t->quit = true;
		break;
	case MD_MSG_ADD:
		stream_add(t, m->stream);
		break;
	case MD_MSG_CLOSE:
		stream_close(t, m->stream);
		break;
	case MD_MSG_MOVE:
		stream_move(t, m->stream, m->to);
		break;
	case MD_MSG_ROOM_CLOSE:
	case MD_MSG_JOIN:
	case MD_MSG_LEAVE:
	case MD_MSG_ROOM_REC:
	case MD_MSG_ROOM_REC_STOP:
		md_mroom_message(m->room, m);
		break;
	case MD_MSG_MEDIA:
	case MD_MSG_PLAY:
	case MD_MSG_STOP:
	case MD_MSG_PLAY_SET:
	case MD_MSG_DTMF:
	case MD_MSG_KEY:
	case MD_MSG_REC:
	case MD_MSG_REC_STOP:
	case MD_MSG_TAP:
	case MD_MSG_UNTAP:
		md_stream_message(m->stream, m);
		break;
	}
}

static void inbox(struct md_thread *t)
{
	uint64_t n;
	if (read(t->event, &n, sizeof(n)) < 0)
		return;
	pthread_mutex_lock(&t->lock);
	struct md_msg *m = t->head;
	t->head = t->tail = NULL;
	pthread_mutex_unlock(&t->lock);
	while (m) {
		struct md_msg *next = m->next;
		message(t, m);
		free(m);
		m = next;
	}
}

static void sockets(struct md_thread *t, const struct epoll_event *ev, int n, bool *timer, bool *event)
{
	for (int i = 0; i < n; i++) {
		uintptr_t p = (uintptr_t)ev[i].data.u64;
		if (i + 1 < n)
			md_stream_ahead(
				(const struct md_stream *)((uintptr_t)ev[i + 1].data.u64 & ~(uintptr_t)RTCP_BIT));
		if (p == (uintptr_t)&t->timer)
			*timer = true;
		else if (p == (uintptr_t)&t->event)
			*event = true;
		else if (p & RTCP_BIT)
			md_stream_rtcp_readable((struct md_stream *)(p & ~(uintptr_t)RTCP_BIT), t->now_us);
		else
			md_stream_readable((struct md_stream *)p, t->now_us);
	}
}

/* With many streams something arrives all the time: it is collected, so that waking up, with cold caches, is shared by
 * many. What a turn takes is taken off the pause twice, so that a packet waits for the turn and in it no longer than
 * PACE_US. Who is behind does not pause. */
static void pace(const struct md_thread *t, int last)
{
	int64_t took = zj_mono_us() - t->now_us;
	if (last < EVENTS && t->streams >= PACED_STREAMS && 2 * took < PACE_US)
		usleep((useconds_t)(PACE_US - 2 * took));
}

/* Audio does not wait for what else computes on the machine: that shares what is left. The kernel keeps a twentieth of
 * the time for the others, whatever happens here. A nice value would only count inside of our own control group. */
static void prefer(void)
{
	const struct sched_param p = {.sched_priority = 1};
	int err = pthread_setschedparam(pthread_self(), SCHED_RR, &p);
	if (err)
		zj_info("media", "audio has no priority over other processes: because=%s", strerror(err));
}

static void *run(void *arg)
{
	struct md_thread *t = arg;
	struct epoll_event ev[EVENTS];
	prefer();
	for (int n = 0; !t->quit;) {
		pace(t, n);
		n = epoll_wait(t->epoll, ev, EVENTS, -1);
		t->now_us = zj_mono_us();
		bool timer = false, event = false;
		if (n > 0)
			sockets(t, ev, n, &timer, &event);
		/* Messages may free streams, so they come after the batch that points to them. */
		if (timer)
			timer_fired(t);
		if (event)
			inbox(t);
		bool busy = t->ticking || t->mixing;
		if (busy != t->fast)
			timer_set(t, busy);
	}
	return NULL;
}

static int watch(struct md_thread *t, int fd, void *key)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = key};
	return fd < 0 || epoll_ctl(t->epoll, EPOLL_CTL_ADD, fd, &ev) ? errno : 0;
}

int md_thread_start(struct md_thread *t, struct md_engine *e, unsigned number)
{
	t->eng = e;
	t->inband = md_engine_conf(e)->inband;
	t->now_us = zj_mono_us();
	pthread_mutex_init(&t->lock, NULL);
	t->epoll = epoll_create1(EPOLL_CLOEXEC);
	t->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	t->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	int err = t->epoll < 0 ? errno : 0;
	if (!err)
		err = watch(t, t->event, &t->event);
	if (!err)
		err = watch(t, t->timer, &t->timer);
	if (err)
		return err;
	t->fast = true;
	timer_set(t, false);
	err = pthread_create(&t->id, NULL, run, t);
	if (!err) {
		char name[16];
		snprintf(name, sizeof(name), "media%u", number % 100);
		pthread_setname_np(t->id, name);
	}
	return err;
}

/* Any thread. */
void md_thread_post(struct md_thread *t, struct md_msg *m)
{
	uint64_t one = 1;
	m->next = NULL;
	pthread_mutex_lock(&t->lock);
	bool first = !t->head;
	if (t->tail)
		t->tail->next = m;
	else
		t->head = m;
	t->tail = m;
	pthread_mutex_unlock(&t->lock);
	if (first && write(t->event, &one, sizeof(one)) < 0)
		zj_error("media", "cannot wake a media thread: %s", zj_log_esc("eventfd"));
}

void md_thread_join(struct md_thread *t)
{
	pthread_join(t->id, NULL);
	close(t->epoll);
	close(t->event);
	close(t->timer);
	pthread_mutex_destroy(&t->lock);
}
