#include "fax/aside.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <utlist.h>
#include <zj_time.h>

#define TICK_US 20000
#define LATE_US 120000 /* what lies ready to be said is used up then (fax.c: AHEAD) */

struct md_aside {
	pthread_t thread;
	pthread_mutex_t lock; /* protects `fresh`, `quit` */
	pthread_cond_t cond;
	struct md_job *fresh;
	bool quit;
	struct md_job *jobs; /* the thread's own */
	_Atomic uint64_t late;
	uv_async_t async;
	md_aside_h *h;
	void *arg;
};

/* Waits for work; false: the end. */
static bool wait_for_work(struct md_aside *a)
{
	struct md_job *j, *next;
	pthread_mutex_lock(&a->lock);
	while (!a->quit && !a->fresh && !a->jobs)
		pthread_cond_wait(&a->cond, &a->lock);
	DL_FOREACH_SAFE (a->fresh, j, next) {
		DL_DELETE(a->fresh, j);
		DL_APPEND(a->jobs, j);
	}
	bool on = !a->quit;
	pthread_mutex_unlock(&a->lock);
	return on;
}

static void step(struct md_aside *a, int64_t now_us)
{
	struct md_job *j, *next;
	bool news = false;
	DL_FOREACH_SAFE (a->jobs, j, next) {
		unsigned before = atomic_load(&j->changed);
		bool on = j->step(j, now_us);
		news = news || !on || atomic_load(&j->changed) != before;
		if (on)
			continue;
		DL_DELETE(a->jobs, j);
		atomic_store(&j->over, true); /* control may free it from here on */
	}
	if (news)
		uv_async_send(&a->async);
}

static void *run(void *arg)
{
	struct md_aside *a = arg;
	int64_t due = 0;
	while (wait_for_work(a)) {
		int64_t now = zj_mono_us();
		if (due && now - due > LATE_US)
			atomic_fetch_add_explicit(&a->late, 1, memory_order_relaxed);
		if (!due || now - due > LATE_US)
			due = now;
		step(a, now);
		due = a->jobs ? due + TICK_US : 0;
		struct timespec at = {due / 1000000, (due % 1000000) * 1000};
		if (due)
			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
	}
	return NULL;
}

static void async_h(uv_async_t *async)
{
	struct md_aside *a = async->data;
	a->h(a->arg);
}

int md_aside_alloc(struct md_aside **ap, uv_loop_t *loop, md_aside_h *h, void *arg)
{
	struct md_aside *a = calloc(1, sizeof(*a));
	if (!a)
		return ENOMEM;
	a->h = h;
	a->arg = arg;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->cond, NULL);
	int err = pthread_create(&a->thread, NULL, run, a);
	if (err) {
		free(a);
		return err;
	}
	pthread_setname_np(a->thread, "aside");
	uv_async_init(loop, &a->async, async_h);
	a->async.data = a;
	*ap = a;
	return 0;
}

void md_aside_add(struct md_aside *a, struct md_job *j)
{
	pthread_mutex_lock(&a->lock);
	DL_APPEND(a->fresh, j);
	pthread_cond_signal(&a->cond);
	pthread_mutex_unlock(&a->lock);
}

void md_aside_changed(struct md_job *j)
{
	atomic_fetch_add(&j->changed, 1);
}

uint64_t md_aside_late(const struct md_aside *a)
{
	return atomic_load_explicit(&a->late, memory_order_relaxed);
}

static void closed_h(uv_handle_t *h)
{
	free(h->data);
}

/* Jobs that still run are stopped where they are; control frees them. */
void md_aside_free(struct md_aside *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->quit = true;
	pthread_cond_signal(&a->cond);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	uv_close((uv_handle_t *)&a->async, closed_h);
}
