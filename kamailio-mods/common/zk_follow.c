#include "zk_follow.h"
#include "zk_copy.h"
#include "zk_line.h"
#include "zk_log.h"
#include "zk_pg.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SEEN_MAX      4096 /* text of a pg_snapshot; with more open transactions everything is loaded anew */
#define LOOK_AGAIN_MS 5000 /* a lost wake-up costs this at most */
#define RETRY_MIN_MS  50
#define RETRY_MAX_MS  1000
#define LOG_KEPT_S    86400  /* the change log is kept two days: after one, load everything */
#define JOURNAL_MAX   100000 /* lines beyond the base before the copy is written anew */

/* The changed rows of one table, as arrays in PostgreSQL's text; borrowed from the answer that named them. */
struct changed {
	const char *tenants, *ids;
	size_t count;
};

struct zk_follow {
	const char *who, *conninfo, *copy_path;
	const struct zk_table *tables;
	unsigned n;
	const struct zk_sink *sink;
	PGconn *pg;
	struct zk_copy *copy;
	char seen[SEEN_MAX]; /* snapshot of the last look; empty: load everything */
	time_t looked_at;
	size_t base_rows;
	int retry_ms;
	int64_t due_ms; /* the next look, by the monotonic clock */
};

int zk_follow_alloc(struct zk_follow **fp, const char *who, const char *conninfo, const char *copy_path,
		    const struct zk_table *tables, unsigned n, const struct zk_sink *sink)
{
	if (!n || n > ZK_TABLES_MAX)
		return EINVAL;
	struct zk_follow *f = calloc(1, sizeof *f);
	if (!f)
		return ENOMEM;
	*f = (struct zk_follow){.who = who,
				.conninfo = conninfo,
				.copy_path = copy_path,
				.tables = tables,
				.n = n,
				.sink = sink,
				.retry_ms = RETRY_MIN_MS};
	*fp = f;
	return 0;
}

static void disconnect(struct zk_follow *f)
{
	PQfinish(f->pg);
	f->pg = NULL;
}

static bool run(struct zk_follow *f, const char *sql)
{
	PGresult *r = zk_pg_exec(f->pg, sql, 0, NULL);
	PQclear(r);
	return r != NULL;
}

/* Takes the snapshot of the transaction that is open: it will be `seen` once its rows are applied. */
static bool take_snapshot(struct zk_follow *f, char *snapshot)
{
	PGresult *r = zk_pg_exec(f->pg, "select pg_current_snapshot()::text", 0, NULL);
	if (!r)
		return false;
	const char *text = PQgetvalue(r, 0, 0);
	zk_copy(snapshot, SEEN_MAX, strlen(text) < SEEN_MAX ? text : "", strlen(text) < SEEN_MAX ? strlen(text) : 0);
	PQclear(r);
	return true;
}

/* One row for each changed id, by its table's primary key; the second column is null when the row is gone. */
static PGresult *select_changed(struct zk_follow *f, unsigned table, const struct changed *c)
{
	char sql[2048];
	const char *values[] = {c->tenants, c->ids};
	snprintf(sql, sizeof sql,
		 "select c.id::text, r.* from unnest($1::uuid[], $2::uuid[]) c(tenant_id, id) left join lateral "
		 "(select true, %s from %s x where x.tenant_id = c.tenant_id and x.id = c.id) r on true",
		 f->tables[table].columns, f->tables[table].name);
	return zk_pg_exec(f->pg, sql, 2, values);
}

static void feed(struct zk_follow *f, unsigned table, const PGresult *r)
{
	const char *fields[ZK_FIELDS_MAX];
	struct zk_uuid id;
	for (int row = 0; row < PQntuples(r); row++) {
		bool gone = PQgetisnull(r, row, 1);
		for (unsigned i = 0; i < f->tables[table].fields; i++)
			fields[i] = PQgetisnull(r, row, (int)i + 2) ? NULL : PQgetvalue(r, row, (int)i + 2);
		if (!zk_uuid_parse(&id, PQgetvalue(r, row, 0)))
			continue;
		f->sink->row(table, &id, gone ? NULL : fields, f->sink->arg);
		zk_copy_row(f->copy, table, PQgetvalue(r, row, 0), gone ? NULL : fields);
	}
}

static void clear_all(PGresult **results, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		PQclear(results[i]);
}

static bool count_rows(struct zk_follow *f, unsigned table, size_t *rows)
{
	char sql[128];
	snprintf(sql, sizeof sql, "select count(*)::text from %s", f->tables[table].name);
	PGresult *r = zk_pg_exec(f->pg, sql, 0, NULL);
	if (!r)
		return false;
	*rows = strtoul(PQgetvalue(r, 0, 0), NULL, 10);
	PQclear(r);
	return true;
}

static void feed_line(struct zk_follow *f, struct zk_copy *copy, unsigned table, char *line, size_t len)
{
	const char *fields[ZK_FIELDS_MAX + 1];
	struct zk_uuid id;
	unsigned n = zk_line_cut(line, len, fields, ZK_FIELDS_MAX + 1);
	if (n != f->tables[table].fields + 1 || !fields[0] || !zk_uuid_parse(&id, fields[0]))
		return;
	f->sink->row(table, &id, fields + 1, f->sink->arg);
	zk_copy_row(copy, table, fields[0], fields + 1);
}

/* The rows of a table, as they come: a million of them lie nowhere but in the sink. */
static int stream_table(struct zk_follow *f, struct zk_copy *copy, unsigned table)
{
	char sql[2048], *line;
	int len;
	snprintf(sql, sizeof sql, "copy (select id, %s from %s) to stdout", f->tables[table].columns,
		 f->tables[table].name);
	if (!zk_pg_copy_begin(f->pg, sql))
		return EIO;
	while ((len = zk_pg_copy_next(f->pg, &line)) > 0) {
		feed_line(f, copy, table, line, (size_t)len);
		PQfreemem(line);
	}
	return len < 0 ? EIO : 0;
}

static int stream_all(struct zk_follow *f, struct zk_copy *copy)
{
	size_t rows[ZK_TABLES_MAX];
	for (unsigned i = 0; i < f->n; i++)
		if (!count_rows(f, i, &rows[i]))
			return EIO;
	int err = f->sink->begin(rows, true, f->sink->arg);
	for (unsigned i = 0; i < f->n && !err; i++)
		err = stream_table(f, copy, i);
	if (!err && !run(f, "commit"))
		err = EIO;
	return err ? err : f->sink->end(f->sink->arg); /* what was begun and not ended, the next begin forgets */
}

/* EIO: the database went away; else what the sink said. The copy before stays until the new one is whole. */
static int load_all(struct zk_follow *f)
{
	char snapshot[SEEN_MAX];
	if (!run(f, "begin isolation level repeatable read read only") || !take_snapshot(f, snapshot))
		return EIO;
	struct zk_copy *copy = f->copy_path ? zk_copy_begin(f->copy_path, f->tables, f->n) : NULL;
	int err = stream_all(f, copy);
	if (err) {
		zk_copy_close(copy);
		return err;
	}
	zk_copy_close(f->copy);
	f->copy = copy;
	zk_copy_mark(f->copy, snapshot);
	f->base_rows = zk_copy_rows(f->copy);
	zk_copy(f->seen, sizeof f->seen, snapshot, strlen(snapshot));
	zk_log(ZK_INFO, "configuration loaded who=%s rows=%zu", f->who, f->base_rows);
	return 0;
}

static char *table_names(const struct zk_follow *f)
{
	static char list[512];
	size_t at = 0;
	for (unsigned i = 0; i < f->n; i++)
		at += (size_t)snprintf(list + at, sizeof list - at, "%c%s", i ? ',' : '{', f->tables[i].name);
	snprintf(list + at, sizeof list - at, "}");
	return list;
}

/* What changed, as one row per table: two arrays that together name the rows. */
static const char changes_sql[] =
	"select c.table_name, array_agg(c.tenant_id)::text, array_agg(c.id)::text, count(*)::text from"
	" (select distinct table_name, tenant_id, id from zj_changes_since($1::pg_snapshot, $2::text[])) c group by 1";

/* The answer that `changed` borrows from; NULL when the connection broke. */
static PGresult *fetch_changed(struct zk_follow *f, struct changed *changed)
{
	const char *values[] = {f->seen, table_names(f)};
	PGresult *r = zk_pg_exec(f->pg, changes_sql, 2, values);
	for (int row = 0; row < PQntuples(r); row++)
		for (unsigned i = 0; i < f->n; i++)
			if (!strcmp(f->tables[i].name, PQgetvalue(r, row, 0))) {
				changed[i].tenants = PQgetvalue(r, row, 1);
				changed[i].ids = PQgetvalue(r, row, 2);
				changed[i].count = strtoul(PQgetvalue(r, row, 3), NULL, 10);
			}
	return r;
}

static int apply_changed(struct zk_follow *f, const struct changed *changed, PGresult **results, const char *snapshot)
{
	size_t rows[ZK_TABLES_MAX], total = 0;
	for (unsigned i = 0; i < f->n; i++)
		total += rows[i] = changed[i].count;
	if (!total)
		return 0;
	int err = f->sink->begin(rows, false, f->sink->arg);
	if (err)
		return err;
	for (unsigned i = 0; i < f->n; i++)
		if (changed[i].count)
			feed(f, i, results[i]);
	err = f->sink->end(f->sink->arg);
	if (err)
		return err; /* in the copy the same rows come again before the next mark */
	zk_copy_mark(f->copy, snapshot);
	zk_log(ZK_INFO, "configuration changed who=%s rows=%zu", f->who, total);
	return 0;
}

static int load_changed(struct zk_follow *f)
{
	struct changed changed[ZK_TABLES_MAX] = {{0}};
	PGresult *results[ZK_TABLES_MAX] = {NULL};
	char snapshot[SEEN_MAX];
	PGresult *names = NULL;
	if (!run(f, "begin isolation level repeatable read read only") || !take_snapshot(f, snapshot))
		return EIO;
	bool good = (names = fetch_changed(f, changed)) != NULL;
	for (unsigned i = 0; good && i < f->n; i++)
		if (changed[i].count)
			good = (results[i] = select_changed(f, i, &changed[i])) != NULL;
	int err = good && run(f, "commit") ? apply_changed(f, changed, results, snapshot) : EIO;
	clear_all(results, f->n);
	PQclear(names);
	if (!err)
		zk_copy(f->seen, sizeof f->seen, snapshot, strlen(snapshot));
	return err;
}

/* A cluster whose transactions are younger than what was seen is another cluster (restored, or made anew). */
static bool seen_is_usable(struct zk_follow *f)
{
	const char *values[] = {f->seen};
	if (!f->seen[0] || time(NULL) - f->looked_at > LOG_KEPT_S ||
	    zk_copy_rows(f->copy) > 2 * f->base_rows + JOURNAL_MAX)
		return false;
	PGresult *r =
		zk_pg_exec(f->pg, "select pg_snapshot_xmax($1::pg_snapshot) <= pg_snapshot_xmax(pg_current_snapshot())",
			   1, values);
	bool usable = r && PQgetvalue(r, 0, 0)[0] == 't';
	PQclear(r);
	return usable;
}

static int look(struct zk_follow *f)
{
	int err = seen_is_usable(f) ? load_changed(f) : load_all(f);
	if (!err)
		f->looked_at = time(NULL);
	return err;
}

int zk_follow_start(struct zk_follow *f)
{
	f->pg = zk_pg_connect(f->conninfo, f->who);
	if (f->pg && !load_all(f)) {
		f->looked_at = time(NULL);
		disconnect(f);
		return 0;
	}
	disconnect(f);
	int err = f->copy_path ? zk_copy_load(f->copy_path, f->tables, f->n, f->sink, f->seen, sizeof f->seen) : ENOENT;
	if (err) {
		zk_log(ZK_ERROR, "starting with empty tables until the database is back: no usable local copy who=%s",
		       f->who);
		f->seen[0] = '\0';
		return ENOENT;
	}
	zk_log(ZK_WARN, "started from the local copy who=%s path=%s", f->who, f->copy_path);
	f->copy = zk_copy_reopen(f->copy_path, f->tables, f->n);
	f->looked_at = time(NULL);
	return 0;
}

int zk_follow_fd(const struct zk_follow *f)
{
	return f->pg ? PQsocket(f->pg) : -1;
}

int zk_follow_wait_ms(const struct zk_follow *f)
{
	int64_t left = f->due_ms - zk_mono_ms();
	return left > 0 ? (int)left : 0;
}

/* Wake-ups that came with other answers wait inside libpq, where no poll sees them. */
static bool drain_notifies(PGconn *pg)
{
	bool any = false;
	PQconsumeInput(pg);
	for (PGnotify *n; (n = PQnotifies(pg)); any = true)
		PQfreemem(n);
	return any;
}

static void lost(struct zk_follow *f)
{
	disconnect(f);
	f->retry_ms = f->retry_ms * 2 < RETRY_MAX_MS ? f->retry_ms * 2 : RETRY_MAX_MS;
}

/* LISTEN comes before the look: what is committed between the two wakes us again. */
static void turn(struct zk_follow *f)
{
	if (!f->pg) {
		f->pg = zk_pg_connect(f->conninfo, f->who);
		if (!f->pg || !run(f, "listen zj_config")) {
			lost(f);
			return;
		}
	} else if (!PQconsumeInput(f->pg)) {
		zk_log(ZK_WARN, "database connection lost who=%s", f->who);
		lost(f);
		return;
	}
	int err;
	drain_notifies(f->pg);
	do
		err = look(f);
	while (!err && drain_notifies(f->pg));
	if (err == EIO) {
		lost(f);
	} else if (err) {
		zk_log(ZK_ERROR, "no shared memory for the configuration: start Kamailio with a larger -m who=%s",
		       f->who);
		lost(f); /* and try again */
	} else {
		f->retry_ms = RETRY_MIN_MS;
	}
}

void zk_follow_turn(struct zk_follow *f)
{
	turn(f);
	f->due_ms = zk_mono_ms() + (f->pg ? LOOK_AGAIN_MS : f->retry_ms);
}

void zk_follow_run(struct zk_follow *f)
{
	for (;;) {
		zk_follow_turn(f);
		struct pollfd p = {.fd = zk_follow_fd(f), .events = POLLIN};
		poll(&p, 1, zk_follow_wait_ms(f));
	}
}
