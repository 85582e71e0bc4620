/* The pool (zj_pg.h): a queue of transactions before a few connections. */
#include "pg_priv.h"
#include "zj_log.h"
#include "zj_time.h"
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#define QUEUE_MAX       10000
#define CONNECTIONS_MAX 64

struct zj_pg {
	uv_loop_t *loop;
	uv_timer_t *timer; /* the queue's head gives up waiting */
	/* What one turn of the loop asks for goes out at its end (behind the input, or before that is waited for), so
	 * that reads of several requests can share a transaction. */
	uv_check_t *check;
	uv_prepare_t *prepare;
	unsigned max_wait_ms, n, waiting;
	bool closed;
	struct zj_pg_job *queue;
	struct zj_pg_link *links[CONNECTIONS_MAX];
};

static void patience_h(uv_timer_t *timer);

static void job_unqueue(struct zj_pg *pg, struct zj_pg_job *job)
{
	DL_DELETE(pg->queue, job);
	pg->waiting--;
}

/* Deadlines rise along the queue, so only its head needs watching. The timer is set when none runs: most who wait are
 * gone when it rings, and it is set again for the head that there is then. */
static void patience_start(struct zj_pg *pg)
{
	int64_t left_us;

	if (!pg->queue || uv_is_active((uv_handle_t *)pg->timer))
		return;
	left_us = pg->queue->until_us - zj_mono_us();
	uv_timer_start(pg->timer, patience_h, left_us > 0 ? (uint64_t)left_us / 1000 + 1 : 0, 0);
}

static void patience_h(uv_timer_t *timer)
{
	struct zj_pg *pg = timer->data;
	struct zj_pg_job *job;

	zj_ref(pg);
	while (!pg->closed && (job = pg->queue) && job->until_us <= zj_mono_us()) {
		job_unqueue(pg, job);
		zj_pg_job_end(job, EAGAIN, -1);
	}
	if (!pg->closed)
		patience_start(pg);
	zj_deref(pg);
}

static void idle_h(struct zj_pg_link *l, void *arg)
{
	struct zj_pg *pg = arg;
	struct zj_pg_job *jobs[ZJ_PG_BATCH];
	unsigned n = 0;

	if (!pg->queue)
		return;
	do {
		jobs[n] = pg->queue;
		job_unqueue(pg, jobs[n++]);
	} while (n < ZJ_PG_BATCH && pg->queue && zj_pg_link_joins(l, jobs[0], pg->queue));
	zj_pg_link_run(l, jobs, n);
}

static void turn_over(struct zj_pg *pg)
{
	for (unsigned i = 0; i < pg->n && pg->queue; i++) {
		if (zj_pg_link_is_idle(pg->links[i]))
			idle_h(pg->links[i], pg);
	}
}

static void check_h(uv_check_t *check)
{
	turn_over(check->data);
}

static void prepare_h(uv_prepare_t *prepare)
{
	turn_over(prepare->data);
}

static void turn_watch(struct zj_pg *pg)
{
	uv_check_init(pg->loop, pg->check);
	uv_prepare_init(pg->loop, pg->prepare);
	pg->check->data = pg->prepare->data = pg;
	uv_check_start(pg->check, check_h);
	uv_prepare_start(pg->prepare, prepare_h);
	uv_unref((uv_handle_t *)pg->check); /* they keep no loop alive */
	uv_unref((uv_handle_t *)pg->prepare);
}

static const struct zj_pg_link_ops pool_ops = {idle_h, NULL, NULL};

int zj_pg_alloc(struct zj_pg **pp, uv_loop_t *loop, const char *conninfo, unsigned connections, unsigned max_wait_ms)
{
	struct zj_pg *pg;
	int err = 0;

	if (!connections || connections > CONNECTIONS_MAX)
		return EINVAL;
	pg = zj_alloc(sizeof(*pg), NULL);
	if (!pg)
		return ENOMEM;
	pg->timer = zj_alloc(sizeof(*pg->timer), NULL);
	pg->check = zj_alloc(sizeof(*pg->check), NULL);
	pg->prepare = zj_alloc(sizeof(*pg->prepare), NULL);
	if (!pg->timer || !pg->check || !pg->prepare) {
		zj_deref(pg->timer);
		zj_deref(pg->check);
		zj_deref(pg->prepare);
		zj_deref(pg);
		return ENOMEM;
	}
	pg->loop = loop;
	pg->max_wait_ms = max_wait_ms;
	uv_timer_init(loop, pg->timer);
	pg->timer->data = pg;
	turn_watch(pg);
	while (!err && pg->n < connections) {
		err = zj_pg_link_alloc(&pg->links[pg->n], loop, conninfo, &pool_ops, pg);
		pg->n += !err;
	}
	if (err) {
		zj_pg_close(pg);
		return err;
	}
	*pp = pg;
	return 0;
}

void zj_pg_close(struct zj_pg *pg)
{
	struct zj_pg_job *job;

	if (!pg || pg->closed)
		return;
	pg->closed = true;
	for (unsigned i = 0; i < pg->n; i++)
		zj_pg_link_close(pg->links[i]);
	while ((job = pg->queue)) {
		job_unqueue(pg, job);
		zj_pg_job_end(job, EIO, -1);
	}
	uv_close((uv_handle_t *)pg->timer, zj_uv_free_h);
	uv_close((uv_handle_t *)pg->check, zj_uv_free_h);
	uv_close((uv_handle_t *)pg->prepare, zj_uv_free_h);
	zj_deref(pg);
}

bool zj_pg_is_up(const struct zj_pg *pg)
{
	for (unsigned i = 0; i < pg->n; i++) {
		if (zj_pg_link_is_up(pg->links[i]))
			return true;
	}
	return false;
}

static int enqueue(struct zj_pg *pg, const char *begin, const struct zj_pg_query *queries, int n, zj_pg_h *h, void *arg)
{
	struct zj_pg_job *job;
	int err;

	if (n < 1)
		return EINVAL;
	if (pg->closed || pg->waiting >= QUEUE_MAX)
		return EAGAIN;
	err = zj_pg_job_alloc(&job, begin, queries, n, h, arg);
	if (err)
		return err;
	job->until_us = zj_mono_us() + (int64_t)pg->max_wait_ms * 1000;
	DL_APPEND(pg->queue, job);
	pg->waiting++;
	patience_start(pg);
	return 0;
}

int zj_pg_run(struct zj_pg *pg, const struct zj_pg_query *queries, int n, zj_pg_h *h, void *arg)
{
	return enqueue(pg, "begin", queries, n, h, arg);
}

int zj_pg_read(struct zj_pg *pg, const struct zj_pg_query *queries, int n, zj_pg_h *h, void *arg)
{
	return enqueue(pg, NULL, queries, n, h, arg);
}
