/* One PostgreSQL connection on the loop: connects again for ever, runs one transaction at a time as a pipeline: one
 * job, or several short reads that share it.
 *
 *   DOWN ──timer──▶ CONNECTING ──▶ IDLE ⇄ BUSY ──refused──▶ ROLLBACK ──▶ IDLE
 *     ▲─────────────── any error on the socket ──────────────────┘
 */
#include "pg_priv.h"
#include "zj_hash.h"
#include "zj_log.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum state { DOWN, CONNECTING, IDLE, BUSY, ROLLBACK };

struct statement {
	char name[16];
	bool ready; /* the server has accepted it */
	UT_hash_handle hh;
	char sql[];
};

/* What the pipeline answers, in order: begin, then for each query perhaps a prepare, then its execution, then commit.
 */
struct step {
	unsigned job;
	int query; /* -1: begin or commit */
	struct statement *prepares;
};

struct socket {
	uv_poll_t poll;
};

struct zj_pg_link {
	uv_loop_t *loop;
	char *conninfo;
	const struct zj_pg_link_ops *ops;
	void *arg;
	enum state state;
	bool closed;
	PGconn *conn;
	struct socket *socket; /* an object: its closing handle holds it */
	int fd, events;
	uv_timer_t *timer; /* DOWN: next attempt; CONNECTING, BUSY: patience */
	unsigned retry_ms;
	struct statement *statements;
	unsigned prepared;
	/* the open transaction: whose it is, what it answers */
	struct zj_pg_job *jobs[ZJ_PG_BATCH];
	unsigned jobs_n, failed_job;
	struct step *steps;
	int step_n, step, failed;  /* failed: the refused query of failed_job, or -1 */
	bool step_answered, stale; /* stale: what is prepared does not fit the schema any more */
};

static void connect_try(struct zj_pg_link *l);
static void socket_h(uv_poll_t *poll, int status, int events);

static void timer_start(struct zj_pg_link *l, uv_timer_cb h, unsigned ms)
{
	uv_timer_start(l->timer, h, ms, 0);
}

static void statements_free(struct zj_pg_link *l)
{
	struct statement *s, *next;

	HASH_ITER (hh, l->statements, s, next) {
		HASH_DEL(l->statements, s);
		free(s);
	}
	l->prepared = 0;
}

static void socket_close(struct zj_pg_link *l)
{
	if (l->socket)
		uv_close((uv_handle_t *)&l->socket->poll, zj_uv_free_h);
	l->socket = NULL;
	l->fd = -1;
	l->events = 0;
}

static void steps_free(struct zj_pg_link *l)
{
	free(l->steps);
	l->steps = NULL;
	l->step_n = l->step = 0;
}

/* Ends what was sent; `jobs` takes it. */
static unsigned jobs_take(struct zj_pg_link *l, struct zj_pg_job *jobs[ZJ_PG_BATCH])
{
	unsigned n = l->jobs_n;

	memcpy(jobs, l->jobs, sizeof(l->jobs));
	l->jobs_n = 0;
	steps_free(l);
	uv_timer_stop(l->timer);
	return n;
}

static void disconnect(struct zj_pg_link *l)
{
	struct zj_pg_job *jobs[ZJ_PG_BATCH];
	unsigned n = jobs_take(l, jobs);

	l->state = DOWN;
	socket_close(l);
	PQfinish(l->conn);
	l->conn = NULL;
	statements_free(l);
	for (unsigned i = 0; i < n; i++)
		zj_pg_job_end(jobs[i], EIO, -1);
}

static void retry_h(uv_timer_t *timer)
{
	connect_try(timer->data);
}

/* The first line of libpq's message, which ends in a newline or several. */
static const char *message_of(const PGconn *conn)
{
	static _Thread_local char line[200];

	snprintf(line, sizeof(line), "%s", conn ? PQerrorMessage(conn) : "out of memory");
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static void lost(struct zj_pg_link *l, const char *why)
{
	bool was_up = l->state >= IDLE;

	if (was_up)
		zj_warn("pg", "connection lost: %s", why);
	else
		zj_debug("pg", "cannot connect: %s", why);
	zj_ref(l);
	disconnect(l);
	if (!l->closed && was_up && l->ops->down_h)
		l->ops->down_h(l, l->arg);
	if (!l->closed) {
		timer_start(l, retry_h, l->retry_ms);
		l->retry_ms = l->retry_ms * 2 < ZJ_PG_RETRY_MAX_MS ? l->retry_ms * 2 : ZJ_PG_RETRY_MAX_MS;
	}
	zj_deref(l);
}

static void patience_h(uv_timer_t *timer)
{
	struct zj_pg_link *l = timer->data;

	lost(l, l->state == CONNECTING ? "no answer to the connection" : "no answer in time");
}

static int watch(struct zj_pg_link *l, int events)
{
	int fd = PQsocket(l->conn), err;

	if (fd != l->fd) /* libpq took another socket for its next address */
		socket_close(l);
	if (!l->socket) {
		l->socket = zj_alloc(sizeof(*l->socket), NULL);
		if (!l->socket)
			return ENOMEM;
		err = uv_poll_init(l->loop, &l->socket->poll, fd);
		if (err) {
			l->socket = zj_deref(l->socket);
			return -err;
		}
		l->socket->poll.data = l;
		l->fd = fd;
	}
	if (events == l->events)
		return 0;
	l->events = events;
	return -uv_poll_start(&l->socket->poll, events, socket_h);
}

static void notice_h(void *arg ZJ_UNUSED, const char *message)
{
	zj_debug("pg", "notice: %s", zj_log_esc(message));
}

static void connect_go(struct zj_pg_link *l)
{
	switch (PQconnectPoll(l->conn)) {
	case PGRES_POLLING_READING:
		if (watch(l, UV_READABLE))
			lost(l, "cannot watch the socket");
		return;
	case PGRES_POLLING_WRITING:
		if (watch(l, UV_WRITABLE))
			lost(l, "cannot watch the socket");
		return;
	case PGRES_POLLING_OK:
		break;
	default:
		lost(l, message_of(l->conn));
		return;
	}
	if (PQsetnonblocking(l->conn, 1) || !PQenterPipelineMode(l->conn) || watch(l, UV_READABLE)) {
		lost(l, message_of(l->conn));
		return;
	}
	uv_timer_stop(l->timer);
	l->retry_ms = ZJ_PG_RETRY_FIRST_MS;
	l->state = IDLE;
	l->ops->idle_h(l, l->arg);
}

static void connect_try(struct zj_pg_link *l)
{
	l->state = CONNECTING;
	l->conn = PQconnectStart(l->conninfo);
	if (!l->conn || PQstatus(l->conn) == CONNECTION_BAD) {
		lost(l, message_of(l->conn));
		return;
	}
	PQsetNoticeProcessor(l->conn, notice_h, NULL);
	timer_start(l, patience_h, ZJ_PG_CONNECT_MS);
	l->events = 0;
	if (watch(l, UV_WRITABLE)) /* as if PQconnectPoll had said "writing", says libpq */
		lost(l, "cannot watch the socket");
}

static bool flush(struct zj_pg_link *l)
{
	int more = PQflush(l->conn);

	return more >= 0 && !watch(l, UV_READABLE | (more ? UV_WRITABLE : 0));
}

static void step_add(struct zj_pg_link *l, unsigned job, int query, struct statement *prepares)
{
	l->steps[l->step_n++] = (struct step){job, query, prepares};
}

static struct statement *statement_find(const struct zj_pg_link *l, const struct zj_pg_job_query *q)
{
	struct statement *s;

	HASH_FIND_BYHASHVALUE(hh, l->statements, q->q.sql, q->len, q->hash, s);
	return s;
}

/* The prepared statement for `q`, new (and to be prepared) or known; NULL: run it unprepared. */
static struct statement *statement_of(struct zj_pg_link *l, const struct zj_pg_job_query *q)
{
	struct statement *s = statement_find(l, q);

	if (s || HASH_COUNT(l->statements) >= ZJ_PG_STATEMENTS)
		return s;
	s = calloc(1, sizeof(*s) + q->len + 1);
	if (!s)
		return NULL;
	memcpy(s->sql, q->q.sql, q->len);
	snprintf(s->name, sizeof(s->name), "s%u", l->prepared++);
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, l->statements, s->sql, q->len, q->hash, s);
	return s;
}

static bool sending(const struct zj_pg_link *l, const struct statement *s)
{
	for (int i = 0; i < l->step_n; i++) {
		if (l->steps[i].prepares == s)
			return true;
	}
	return false;
}

static bool statement_send(struct zj_pg_link *l, unsigned job, int query, const struct zj_pg_job_query *asked)
{
	const struct zj_pg_query *q = &asked->q;
	struct statement *s = q->by_values ? NULL : statement_of(l, asked);
	bool ok = true;

	if (!s) {
		ok = PQsendQueryParams(l->conn, q->sql, q->n, NULL, q->values, NULL, NULL, 0);
		step_add(l, job, query, NULL);
		return ok;
	}
	if (!s->ready && !sending(l, s)) {
		ok = PQsendPrepare(l->conn, s->name, s->sql, 0, NULL);
		step_add(l, job, query, s);
	}
	ok = ok && PQsendQueryPrepared(l->conn, s->name, q->n, q->values, NULL, NULL, 0);
	step_add(l, job, query, NULL);
	return ok;
}

/* begin, commit */
static bool word_send(struct zj_pg_link *l, unsigned job, const char *word)
{
	size_t len = strlen(word);

	return statement_send(l, job, -1, &(struct zj_pg_job_query){{.sql = word}, len, zj_hash(word, len)});
}

static bool same_query(const struct zj_pg_query *a, const struct zj_pg_query *b)
{
	bool same = a->n == b->n && strcmp(a->sql, b->sql) == 0;

	for (int i = 0; same && i < a->n; i++)
		same = a->values[i] && b->values[i] ? strcmp(a->values[i], b->values[i]) == 0
						    : a->values[i] == b->values[i];
	return same;
}

static bool job_send(struct zj_pg_link *l, unsigned i)
{
	const struct zj_pg_job *job = l->jobs[i];
	bool ok = !job->begin || word_send(l, i, job->begin);
	/* whose settings are those of the read before needs not say them again */
	int k = i > 0 && job->n > 1 && same_query(&job->queries[0].q, &l->jobs[i - 1]->queries[0].q);

	for (; ok && k < job->n; k++)
		ok = statement_send(l, i, k, &job->queries[k]);
	return ok && (!job->begin || word_send(l, i, "commit"));
}

static bool pipeline_send(struct zj_pg_link *l)
{
	size_t most = 0;
	bool ok;

	for (unsigned i = 0; i < l->jobs_n; i++)
		most += (size_t)l->jobs[i]->n * 2 + 4;
	l->steps = calloc(most, sizeof(*l->steps));
	ok = l->steps != NULL;
	for (unsigned i = 0; ok && i < l->jobs_n; i++)
		ok = job_send(l, i);
	return ok && PQpipelineSync(l->conn) && flush(l);
}

void zj_pg_link_run(struct zj_pg_link *l, struct zj_pg_job *const *jobs, unsigned n)
{
	l->state = BUSY;
	l->failed = -1;
	l->step_answered = false;
	l->jobs_n = n;
	memcpy(l->jobs, jobs, n * sizeof(*jobs));
	/* When it cannot be sent (no memory, dead socket) its handler hears so on the next turn, not before return. */
	timer_start(l, patience_h, pipeline_send(l) ? ZJ_PG_RUN_MS : 0);
}

/* Reads that set the same things beforehand may share a transaction: each sets them for itself. */
bool zj_pg_link_joins(struct zj_pg_link *l, const struct zj_pg_job *first, const struct zj_pg_job *job)
{
	bool joins = !first->begin && !job->begin && first->n == job->n &&
		     (job->n == 1 || strcmp(first->queries[0].q.sql, job->queries[0].q.sql) == 0);

	for (int i = 0; joins && i < job->n; i++) {
		const struct statement *s = statement_find(l, &job->queries[i]);

		joins = s && s->ready;
	}
	return joins;
}

/* An error of the server: is the connection going with it (shutdown, killed, crashed)? */
static bool is_fatal(const PGresult *r)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	return !state || !strncmp(state, "57P", 3) || !strncmp(state, "08", 2);
}

/* A refused statement: the first one counts, what follows is only "aborted". Takes `r`. */
static void step_refused(struct zj_pg_link *l, PGresult *r)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const struct step *s = &l->steps[l->step];
	struct zj_pg_job *job = l->jobs[s->job];
	int query = s->query;

	if (l->failed >= 0) {
		PQclear(r);
		return;
	}
	if (query < 0)
		query = l->step ? job->n - 1 : 0; /* a constraint checked at commit is told with the last query */
	l->stale = l->stale || (state && (!strcmp(state, "0A000") || !strcmp(state, "26000")));
	l->failed = query;
	l->failed_job = s->job;
	PQclear(job->results[query]);
	job->results[query] = r;
}

static void result_take(struct zj_pg_link *l, PGresult *r)
{
	struct step *s = &l->steps[l->step];

	switch (PQresultStatus(r)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_EMPTY_QUERY:
		if (s->prepares) {
			s->prepares->ready = true;
		} else if (s->query >= 0) {
			PGresult **to = &l->jobs[s->job]->results[s->query];

			PQclear(*to);
			*to = r;
			return;
		}
		PQclear(r);
		return;
	case PGRES_PIPELINE_ABORTED:
		PQclear(r);
		return;
	default:
		step_refused(l, r);
	}
}

/* All is answered. Reads behind a refused one did not run: they are sent again. */
static void idle_again(struct zj_pg_link *l)
{
	struct zj_pg_job *jobs[ZJ_PG_BATCH];
	unsigned n, over;
	int failed = l->failed;

	zj_ref(l);
	if (l->stale) { /* a migration changed what a prepared statement returns: prepare anew on a fresh connection */
		l->stale = false; /* who was sent did not happen, but is not to blame: it hears EIO and may try again */
		lost(l, "prepared statements are outdated");
		zj_deref(l);
		return;
	}
	over = failed < 0 ? l->jobs_n : l->failed_job + 1;
	n = jobs_take(l, jobs);
	l->state = IDLE;
	if (over < n)
		zj_pg_link_run(l, jobs + over, n - over);
	for (unsigned i = 0; i < over; i++) {
		bool refused = failed >= 0 && i == over - 1;

		zj_pg_job_end(jobs[i], refused ? EPROTO : 0, refused ? failed : -1);
	}
	if (!l->closed && l->state == IDLE)
		l->ops->idle_h(l, l->arg);
	zj_deref(l);
}

/* The pipeline's end was reached. */
static void synced(struct zj_pg_link *l)
{
	if (l->state == BUSY && l->failed >= 0 && is_fatal(l->jobs[l->failed_job]->results[l->failed])) {
		lost(l, "the server ends the connection");
		return;
	}
	if (PQtransactionStatus(l->conn) == PQTRANS_IDLE || l->state == ROLLBACK) {
		idle_again(l);
		return;
	}
	l->state = ROLLBACK;
	if (!PQsendQueryParams(l->conn, "rollback", 0, NULL, NULL, NULL, NULL, 0) || !PQpipelineSync(l->conn) ||
	    !flush(l))
		lost(l, message_of(l->conn));
}

/* Takes what has arrived; true when it has all been taken. libpq separates the answers of the statements by NULL. */
static bool results_take(struct zj_pg_link *l)
{
	int nulls = 0;

	while (!PQisBusy(l->conn) && nulls < 2) {
		PGresult *r = PQgetResult(l->conn);

		if (!r) {
			nulls++;
			if (l->state == BUSY && l->step_answered)
				l->step++;
			l->step_answered = false;
			continue;
		}
		nulls = 0;
		if (PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
			PQclear(r);
			return true;
		}
		if (l->state == BUSY && l->step < l->step_n)
			result_take(l, r);
		else
			PQclear(r);
		l->step_answered = true;
	}
	return false;
}

static void notifies_take(struct zj_pg_link *l)
{
	PGnotify *n;
	bool any = false;

	while ((n = PQnotifies(l->conn))) {
		any = true;
		PQfreemem(n);
	}
	if (any && l->ops->notify_h)
		l->ops->notify_h(l, l->arg);
}

static void socket_h(uv_poll_t *poll, int status, int events)
{
	struct zj_pg_link *l = poll->data;

	zj_ref(l);
	if (l->state == CONNECTING) {
		connect_go(l); /* an error on the socket is libpq's to see */
	} else if ((status || (events & UV_READABLE)) && !PQconsumeInput(l->conn)) {
		lost(l, message_of(l->conn));
	} else if (l->state == BUSY || l->state == ROLLBACK) {
		if (!flush(l))
			lost(l, message_of(l->conn));
		while (l->conn && (l->state == BUSY || l->state == ROLLBACK) && results_take(l))
			synced(l);
	}
	if (l->conn && l->state >= IDLE)
		notifies_take(l);
	zj_deref(l);
}

static void link_destructor(void *obj)
{
	struct zj_pg_link *l = obj;

	zj_deref(l->conninfo);
}

int zj_pg_link_alloc(struct zj_pg_link **lp, uv_loop_t *loop, const char *conninfo, const struct zj_pg_link_ops *ops,
		     void *arg)
{
	struct zj_pg_link *l = zj_alloc(sizeof(*l), link_destructor);

	if (!l)
		return ENOMEM;
	l->loop = loop;
	l->ops = ops;
	l->arg = arg;
	l->fd = -1;
	l->retry_ms = ZJ_PG_RETRY_FIRST_MS;
	l->conninfo = zj_strdup(conninfo);
	l->timer = zj_alloc(sizeof(*l->timer), NULL);
	if (!l->conninfo || !l->timer) {
		zj_deref(l->timer);
		zj_deref(l);
		return ENOMEM;
	}
	uv_timer_init(loop, l->timer);
	l->timer->data = l;
	timer_start(l, retry_h, 0);
	*lp = l;
	return 0;
}

void zj_pg_link_close(struct zj_pg_link *l)
{
	if (!l || l->closed)
		return;
	l->closed = true;
	disconnect(l);
	uv_close((uv_handle_t *)l->timer, zj_uv_free_h);
	zj_deref(l);
}

bool zj_pg_link_is_idle(const struct zj_pg_link *l)
{
	return l->state == IDLE;
}

bool zj_pg_link_is_up(const struct zj_pg_link *l)
{
	return l->state >= IDLE;
}
