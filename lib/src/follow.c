/* The change-log follower (zj_follow in zj_pg.h).
 *
 * It keeps a server snapshot as its place in the log. LOAD reads snapshot and all rows in one repeatable-read
 * transaction; LOOK asks whether there are changes that the kept snapshot does not see; FETCH reads the changes of all
 * tables with their present rows, and a new snapshot, in one transaction again. What happens between LOOK and FETCH is
 * in FETCH's snapshot, so nothing is missed, and the kept snapshot only moves when the rows were handed out. */
#include "pg_priv.h"
#include "zj_log.h"
#include "zj_time.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define POLL_MS        1000 /* should a notification get lost */
#define BEGIN_SNAPSHOT "begin isolation level repeatable read read only"
#define SQL_SNAPSHOT   "select pg_current_snapshot()::text, now()::text"
/* $1 our snapshot, $2 its time, A log kept for two days is not trusted after one; and a snapshot of the
 * future means that the database was restored from a backup. */
#define SQL_LOOK                                                                                                       \
	"select now() > $2::timestamptz + interval '1 day'"                                                            \
	" or pg_snapshot_xmax($1::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot())"
#define SQL_CHANGED "select distinct table_name from zj_changes_since($1::pg_snapshot, $2::text[])"

/* A row that the program knows of. */
struct known {
	unsigned pass;
	UT_hash_handle hh;
	char key[]; /* table index, ':', tenant, ':', id */
};

struct zj_follow {
	struct zj_pg_link *link;
	uv_timer_t *timer;
	struct zj_follow_table *tables;
	size_t n;
	zj_follow_h *row_h;
	zj_follow_ready_h *ready_h;
	void *arg;
	bool closed, listening,
		dirty;       /* dirty: the next step is taken as soon as this one is done, not with the poll */
	char *names;         /* the tables as a PostgreSQL array */
	char snapshot[4096]; /* empty: nothing loaded yet */
	char at[64];
	unsigned pass;
	struct known *known;
	char **load_sql, **fetch_sql;
	size_t *fetching; /* tables of the running FETCH */
	size_t fetching_n;
};

static void step(struct zj_follow *f);

static char *key_of(char *key, size_t size, size_t table, const char *tenant, const char *id)
{
	snprintf(key, size, "%zu:%s:%s", table, tenant, id);
	return key;
}

static int row_know(struct zj_follow *f, size_t table, const char *tenant, const char *id)
{
	char key[160];
	size_t len = strlen(key_of(key, sizeof(key), table, tenant, id));
	struct known *k;

	HASH_FIND(hh, f->known, key, len, k);
	if (!k) {
		k = malloc(sizeof(*k) + len + 1);
		if (!k)
			return ENOMEM;
		memcpy(k->key, key, len + 1);
		HASH_ADD_KEYPTR(hh, f->known, k->key, len, k);
	}
	k->pass = f->pass;
	return 0;
}

/* True if the program knew of it. */
static bool row_forget(struct zj_follow *f, size_t table, const char *tenant, const char *id)
{
	char key[160];
	size_t len = strlen(key_of(key, sizeof(key), table, tenant, id));
	struct known *k;

	HASH_FIND(hh, f->known, key, len, k);
	if (!k)
		return false;
	HASH_DEL(f->known, k);
	free(k);
	return true;
}

/* Hands out rows (tenant, id, JSON or null) of one table. */
static void rows_out(struct zj_follow *f, size_t table, const PGresult *r)
{
	for (int i = 0; i < PQntuples(r) && !f->closed; i++) {
		const char *tenant = PQgetvalue(r, i, 0), *id = PQgetvalue(r, i, 1);
		json_t *row;

		if (PQgetisnull(r, i, 2)) {
			if (row_forget(f, table, tenant, id))
				f->row_h(f->tables[table].table, tenant, id, NULL, f->arg);
			continue;
		}
		row = json_loads(PQgetvalue(r, i, 2), 0, NULL);
		if (!row || row_know(f, table, tenant, id))
			zj_error("follow", "row not taken: out of memory table=%s tenant=%s id=%s",
				 f->tables[table].table, tenant, id);
		else
			f->row_h(f->tables[table].table, tenant, id, row, f->arg);
		json_decref(row);
	}
}

/* After a load: what an earlier pass knew and this one did not see is gone. */
static void unseen_out(struct zj_follow *f)
{
	struct known *k, *next;

	HASH_ITER (hh, f->known, k, next) {
		char tenant[64], id[64];
		size_t table;

		if (k->pass == f->pass || f->closed)
			continue;
		HASH_DEL(f->known, k);
		if (sscanf(k->key, "%zu:%63[^:]:%63s", &table, tenant, id) == 3)
			f->row_h(f->tables[table].table, tenant, id, NULL, f->arg);
		free(k);
	}
}

static void place_keep(struct zj_follow *f, const PGresult *r)
{
	if (strlen(PQgetvalue(r, 0, 0)) >= sizeof(f->snapshot)) {
		/* Thousands of transactions at once: load all again next time rather than miss some. */
		zj_warn("follow", "snapshot too long, the next look loads everything");
		f->snapshot[0] = '\0';
		return;
	}
	snprintf(f->snapshot, sizeof(f->snapshot), "%s", PQgetvalue(r, 0, 0));
	snprintf(f->at, sizeof(f->at), "%s", PQgetvalue(r, 0, 1));
}

/* The entry of every answer: false when there is nothing to take. A lost connection steps again when it is back. */
static bool answered(struct zj_follow *f, int err, int failed, PGresult *const *results)
{
	if (f->closed)
		return false;
	if (err == EPROTO)
		zj_error("follow", "the database refuses: %s", zj_log_esc(PQresultErrorMessage(results[failed])));
	return !err;
}

static void wait_more(struct zj_follow *f);

static void listened_h(int err, int failed, PGresult *const *results, int n ZJ_UNUSED, void *arg)
{
	struct zj_follow *f = arg;

	f->listening = f->dirty = answered(f, err, failed, results);
	wait_more(f);
}

static void loaded_h(int err, int failed, PGresult *const *results, int n, void *arg)
{
	struct zj_follow *f = arg;

	if (answered(f, err, failed, results)) {
		zj_ref(f);
		f->pass++;
		for (int i = 1; i < n; i++)
			rows_out(f, (size_t)i - 1, results[i]);
		unseen_out(f);
		if (!f->closed) {
			place_keep(f, results[0]);
			f->ready_h(f->arg);
		}
		zj_deref(f);
	}
	wait_more(f);
}

static void fetched_h(int err, int failed, PGresult *const *results, int n, void *arg)
{
	struct zj_follow *f = arg;

	if (answered(f, err, failed, results)) {
		zj_ref(f);
		for (int i = 1; i < n; i++)
			rows_out(f, f->fetching[i - 1], results[i]);
		if (!f->closed)
			place_keep(f, results[0]);
		zj_deref(f);
	}
	f->fetching_n = 0;
	wait_more(f);
}

static void looked_h(int err, int failed, PGresult *const *results, int n ZJ_UNUSED, void *arg)
{
	struct zj_follow *f = arg;

	f->fetching_n = 0;
	if (answered(f, err, failed, results)) {
		if (PQntuples(results[1]) && !strcmp(PQgetvalue(results[1], 0, 0), "t")) {
			zj_warn("follow", "away for too long: everything is loaded again");
			f->snapshot[0] = '\0';
		}
		/* All tables, in the program's order, parents first: a table that did not change yet may have by the
		 * time of FETCH, and FETCH's snapshot becomes ours for all of them. */
		while (PQntuples(results[2]) && f->fetching_n < f->n) {
			f->fetching[f->fetching_n] = f->fetching_n;
			f->fetching_n++;
		}
		if (!f->fetching_n && f->snapshot[0])
			place_keep(f, results[0]);
		else
			f->dirty = true;
	}
	wait_more(f);
}

static void run(struct zj_follow *f, const char *begin, const struct zj_pg_query *queries, int n, zj_pg_h *h)
{
	struct zj_pg_job *job;

	if (zj_pg_job_alloc(&job, begin, queries, n, h, f)) {
		wait_more(f); /* no memory now: the poll tries again */
		return;
	}
	zj_pg_link_run(f->link, &job, 1);
}

static void load(struct zj_follow *f)
{
	struct zj_pg_query *queries = calloc(f->n + 1, sizeof(*queries));

	if (!queries)
		return;
	queries[0].sql = SQL_SNAPSHOT;
	for (size_t i = 0; i < f->n; i++)
		queries[i + 1].sql = f->load_sql[i];
	run(f, BEGIN_SNAPSHOT, queries, (int)f->n + 1, loaded_h);
	free(queries);
}

static void look(struct zj_follow *f)
{
	const char *const place[] = {f->snapshot, f->at}, *const changed[] = {f->snapshot, f->names};
	const struct zj_pg_query queries[] = {{.sql = SQL_SNAPSHOT},
					      {.sql = SQL_LOOK, .n = 2, .values = place},
					      {.sql = SQL_CHANGED, .n = 2, .values = changed}};

	run(f, BEGIN_SNAPSHOT, queries, 3, looked_h);
}

static void fetch(struct zj_follow *f)
{
	struct zj_pg_query *queries = calloc(f->fetching_n + 1, sizeof(*queries));
	const char *const place[] = {f->snapshot};

	if (!queries)
		return;
	queries[0].sql = SQL_SNAPSHOT;
	for (size_t i = 0; i < f->fetching_n; i++)
		queries[i + 1] = (struct zj_pg_query){.sql = f->fetch_sql[f->fetching[i]], .n = 1, .values = place};
	run(f, BEGIN_SNAPSHOT, queries, (int)f->fetching_n + 1, fetched_h);
	free(queries);
}

/* What comes next on an idle connection. */
static void step(struct zj_follow *f)
{
	static const struct zj_pg_query listen = {.sql = "listen zj_config"};

	f->dirty = false;
	if (!f->listening)
		run(f, "begin", &listen, 1, listened_h);
	else if (!f->snapshot[0])
		load(f);
	else if (f->fetching_n)
		fetch(f);
	else
		look(f);
}

static void poll_h(uv_timer_t *timer)
{
	struct zj_follow *f = timer->data;

	if (zj_pg_link_is_idle(f->link))
		step(f);
}

/* The next look comes with the poll, or at once when something is known to be waiting (idle_h does that). */
static void wait_more(struct zj_follow *f)
{
	if (!f->closed)
		uv_timer_start(f->timer, poll_h, POLL_MS, 0);
}

static void idle_h(struct zj_pg_link *l ZJ_UNUSED, void *arg)
{
	struct zj_follow *f = arg;

	if (f->dirty)
		step(f);
}

static void down_h(struct zj_pg_link *l ZJ_UNUSED, void *arg)
{
	struct zj_follow *f = arg;

	f->listening = false;
	f->fetching_n = 0;
	f->dirty = true; /* when it is back: what changed meanwhile */
}

static void notify_h(struct zj_pg_link *l, void *arg)
{
	struct zj_follow *f = arg;

	if (zj_pg_link_is_idle(l))
		step(f);
	else
		f->dirty = true;
}

static const struct zj_pg_link_ops follow_ops = {idle_h, down_h, notify_h};

static int sql_make(struct zj_follow *f)
{
	size_t size = 3;

	for (size_t i = 0; i < f->n; i++)
		size += strlen(f->tables[i].table) + 1;
	f->names = zj_alloc(size, NULL);
	if (!f->names)
		return ENOMEM;
	strcpy(f->names, "{");
	for (size_t i = 0; i < f->n; i++) {
		const char *t = f->tables[i].table, *c = f->tables[i].columns;

		strcat(strcat(f->names, i ? "," : ""), t);
		f->load_sql[i] = zj_asprintf(
			"select x.tenant_id, x.id, to_jsonb(t) from %s x cross join lateral (select %s) t", t, c);
		f->fetch_sql[i] = zj_asprintf("select c.tenant_id, c.id, t.row from (select distinct tenant_id, id"
					      " from zj_changes_since($1::pg_snapshot, '{%s}')) c left join lateral"
					      " (select to_jsonb(s) as row from %s x cross join lateral (select %s) s"
					      " where x.tenant_id = c.tenant_id and x.id = c.id) t on true",
					      t, t, c);
		if (!f->load_sql[i] || !f->fetch_sql[i])
			return ENOMEM;
	}
	strcat(f->names, "}");
	return 0;
}

static void follow_destructor(void *obj)
{
	struct zj_follow *f = obj;
	struct known *k, *next;

	HASH_ITER (hh, f->known, k, next) {
		HASH_DEL(f->known, k);
		free(k);
	}
	for (size_t i = 0; i < f->n; i++) {
		zj_deref(f->load_sql ? f->load_sql[i] : NULL);
		zj_deref(f->fetch_sql ? f->fetch_sql[i] : NULL);
	}
	zj_deref(f->load_sql);
	zj_deref(f->fetch_sql);
	zj_deref(f->fetching);
	zj_deref(f->tables);
	zj_deref(f->names);
}

int zj_follow_alloc(struct zj_follow **fp, uv_loop_t *loop, const char *conninfo, const struct zj_follow_table *tables,
		    size_t n, zj_follow_h *row_h, zj_follow_ready_h *ready_h, void *arg)
{
	struct zj_follow *f = zj_alloc(sizeof(*f), follow_destructor);
	int err = ENOMEM;

	if (!f)
		return ENOMEM;
	f->n = n;
	f->dirty = true;
	f->row_h = row_h;
	f->ready_h = ready_h;
	f->arg = arg;
	f->tables = zj_alloc(n * sizeof(*tables), NULL); /* borrows the texts, which are constants */
	f->load_sql = zj_alloc(n * sizeof(char *), NULL);
	f->fetch_sql = zj_alloc(n * sizeof(char *), NULL);
	f->fetching = zj_alloc(n * sizeof(size_t), NULL);
	f->timer = zj_alloc(sizeof(*f->timer), NULL);
	if (f->tables && f->load_sql && f->fetch_sql && f->fetching && f->timer) {
		memcpy(f->tables, tables, n * sizeof(*tables));
		err = sql_make(f);
	}
	if (!err)
		err = zj_pg_link_alloc(&f->link, loop, conninfo, &follow_ops, f);
	if (err) {
		zj_deref(f->timer);
		zj_deref(f);
		return err;
	}
	uv_timer_init(loop, f->timer);
	f->timer->data = f;
	*fp = f;
	return 0;
}

void zj_follow_close(struct zj_follow *f)
{
	if (!f || f->closed)
		return;
	f->closed = true;
	zj_pg_link_close(f->link);
	uv_close((uv_handle_t *)f->timer, zj_uv_free_h);
	zj_deref(f);
}
