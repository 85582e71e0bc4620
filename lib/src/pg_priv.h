/* Inside of the PostgreSQL library: one connection that reconnects by itself (pg_link.c), under the pool (pg.c) and the
 * change-log follower (follow.c). */
#ifndef ZJ_PG_PRIV_H
#define ZJ_PG_PRIV_H
#include "uv_priv.h"
#include "zj_pg.h"

#define ZJ_PG_RETRY_FIRST_MS 50
#define ZJ_PG_RETRY_MAX_MS   1000
#define ZJ_PG_CONNECT_MS     5000  /* for one attempt */
#define ZJ_PG_RUN_MS         30000 /* for one transaction: then the connection is given up */
#define ZJ_PG_BATCH          4     /* short reads that share a transaction, at most */
#define ZJ_PG_STATEMENTS     500   /* prepared at most on one connection; beyond that they run unprepared */

struct zj_pg_link;

struct zj_pg_link_ops {
	void (*idle_h)(struct zj_pg_link *l, void *arg);   /* it is up, and has nothing to do */
	void (*down_h)(struct zj_pg_link *l, void *arg);   /* an open transaction's handler was told before */
	void (*notify_h)(struct zj_pg_link *l, void *arg); /* NOTIFY arrived; may be NULL */
};

int zj_pg_link_alloc(struct zj_pg_link **lp, uv_loop_t *loop, const char *conninfo, const struct zj_pg_link_ops *ops,
		     void *arg) ZJ_MUST_CHECK;
void zj_pg_link_close(
	struct zj_pg_link *l); /* no handler runs afterwards, but an open transaction's: EIO, before return */
bool zj_pg_link_is_idle(const struct zj_pg_link *l);
bool zj_pg_link_is_up(const struct zj_pg_link *l);

/* A query of a job: with what its statement is found by. */
struct zj_pg_job_query {
	struct zj_pg_query q;
	size_t len;    /* of its text */
	unsigned hash; /* of it, by zj_hash */
};

/* A transaction to run: `begin`, the queries, `commit`, as one pipeline. Owned by who made it until it was given to
 * zj_pg_link_run, which frees it after its handler ran. */
struct zj_pg_job {
	const char *begin; /* static text; NULL: a short read, whose pipeline is the transaction */
	int n;
	struct zj_pg_job_query *queries; /* in the job's own block, with all their texts */
	PGresult **results;              /* there too */
	zj_pg_h *h;
	void *arg;
	int64_t until_us; /* pool: waits in the queue until then, by the monotonic clock */
	struct zj_pg_job *prev, *next;
};

int zj_pg_job_alloc(struct zj_pg_job **jp, const char *begin, const struct zj_pg_query *queries, int n, zj_pg_h *h,
		    void *arg) ZJ_MUST_CHECK;
/* Tells the handler and frees the job. */
void zj_pg_job_end(struct zj_pg_job *job, int err, int failed);
/* Only when idle. Jobs after the first are those that may join it. */
void zj_pg_link_run(struct zj_pg_link *l, struct zj_pg_job *const *jobs, unsigned n);
bool zj_pg_link_joins(struct zj_pg_link *l, const struct zj_pg_job *first, const struct zj_pg_job *job);
#endif
