#include "bl_follow.h"
#include "bl_copy.h"
#include "bl_row.h"
#include "zk_log.h"
#include "zk_pg.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SEEN_MAX      4096 /* text of a pg_snapshot; with more open transactions everything is loaded anew */
#define LOOK_AGAIN_MS 5000
#define RETRY_MIN_MS  50
#define RETRY_MAX_MS  10000
#define LOG_KEPT_S    86400          /* the change log is kept two days */
#define CHANGED_MAX   1000000        /* rows; more at once is loaded as a whole */
#define LOOKED_UP_MAX 500            /* keys one by one, of a table … */
#define SCAN_MAX      (256ull << 20) /* … that is no larger: one scan of it takes a second at most */
#define AHEAD         16             /* rows of a full load whose places are on their way from memory */
#define WHO           "blacklist"

struct bl_follow {
	struct bl_store *store;
	const char *conninfo, *copy_path;
	PGconn *pg;
	struct bl_copy *copy;
	char seen[SEEN_MAX]; /* empty: load everything */
	time_t looked_at;
	int retry_ms;
	int64_t due_ms;      /* the next look, by the monotonic clock */
	struct bl_row *rows; /* of the change in hand */
	size_t rows_n, rows_cap, skipped, crowded;
	struct bl_row ahead[AHEAD];
	size_t ahead_n; /* that came, of a full load */
};

int bl_follow_alloc(struct bl_follow **fp, struct bl_store *s, const char *conninfo, const char *copy_path)
{
	struct bl_follow *f = calloc(1, sizeof *f);
	if (!f)
		return ENOMEM;
	*f = (struct bl_follow){.store = s, .conninfo = conninfo, .copy_path = copy_path, .retry_ms = RETRY_MIN_MS};
	*fp = f;
	return 0;
}

static void disconnect(struct bl_follow *f)
{
	PQfinish(f->pg);
	f->pg = NULL;
}

static bool run(struct bl_follow *f, const char *sql)
{
	PGresult *r = zk_pg_exec(f->pg, sql, 0, NULL);
	PQclear(r);
	return r != NULL;
}

/* One text of one row; false when the connection broke. */
static bool ask(struct bl_follow *f, const char *sql, char *out, size_t size)
{
	PGresult *r = zk_pg_exec(f->pg, sql, 0, NULL);
	const char *text = PQntuples(r) ? PQgetvalue(r, 0, 0) : "";
	if (strlen(text) >= size)
		text = "";
	zk_copy(out, size, text, strlen(text));
	PQclear(r);
	return r != NULL;
}

/* A row of the stream that this version cannot read is said and left out. */
static int decode(struct bl_follow *f, struct bl_row *row, const char *data, size_t len, bool first)
{
	int err = bl_row_read(row, (const unsigned char *)data, len, first);
	if (err == EPROTO && !f->skipped++)
		zk_log(ZK_ERROR, "a row of the lists cannot be read and does not act who=%s", WHO);
	return err;
}

/* Streams a query's rows into h; what h refuses ends it. */
static int stream(struct bl_follow *f, const char *sql, int (*h)(struct bl_follow *f, struct bl_row *row))
{
	struct bl_row row;
	char *data;
	int err = 0, len;
	bool first = true;
	if (!zk_pg_copy_begin(f->pg, sql))
		return EIO;
	while ((len = zk_pg_copy_next(f->pg, &data)) > 0) {
		int got = err ? ENODATA : decode(f, &row, data, (size_t)len, first);
		PQfreemem(data);
		first = false;
		if (!got)
			err = h(f, &row);
	}
	return len < 0 ? EIO : err;
}

/* More rules of one number than there may be: one tenant's, so everybody else's rows go on. */
static void too_many(struct bl_follow *f, const struct bl_row *row)
{
	char tenant[ZK_UUID_TEXT];
	zk_uuid_text(tenant, &row->tenant);
	if (!f->crowded++)
		zk_log(ZK_ERROR, "more than %d rules of one number, not all act number=%s tenant=%s who=%s",
		       BL_RULES_MAX, row->digits, tenant, WHO);
}

static int add_now(struct bl_follow *f, const struct bl_row *row)
{
	int err = row->has_rule ? bl_add(f->store, &row->tenant, row->match, row->digits, row->len, &row->rule) : 0;
	if (err != E2BIG)
		return err;
	too_many(f, row);
	return 0;
}

static int add_row(struct bl_follow *f, struct bl_row *row)
{
	struct bl_row *at = &f->ahead[f->ahead_n % AHEAD];
	int err = f->ahead_n++ < AHEAD ? 0 : add_now(f, at);
	*at = *row;
	bl_ahead(f->store, &at->tenant, at->match, at->digits, at->len);
	return err;
}

static int add_rest(struct bl_follow *f)
{
	int err = 0;
	for (size_t i = f->ahead_n < AHEAD ? 0 : f->ahead_n - AHEAD; i < f->ahead_n && !err; i++)
		err = add_now(f, &f->ahead[i % AHEAD]);
	return err;
}

static int keep_row(struct bl_follow *f, struct bl_row *row)
{
	if (f->rows_n == CHANGED_MAX)
		return E2BIG;
	if (f->rows_n == f->rows_cap) {
		size_t cap = f->rows_cap ? f->rows_cap * 2 : 64;
		struct bl_row *more = realloc(f->rows, cap * sizeof *more);
		if (!more)
			return ENOMEM;
		f->rows = more;
		f->rows_cap = cap;
	}
	f->rows[f->rows_n++] = *row;
	return 0;
}

static bool begin_reading(struct bl_follow *f, char *snapshot)
{
	return run(f, "begin isolation level repeatable read read only") &&
	       ask(f, "select pg_current_snapshot()::text", snapshot, SEEN_MAX);
}

static void loaded(struct bl_follow *f)
{
	struct bl_size size;
	bl_store_size(f->store, &size);
	zk_log(ZK_INFO, "lists loaded numbers=%llu others=%llu sets=%llu bytes=%llu", (unsigned long long)size.numbers,
	       (unsigned long long)size.wide, (unsigned long long)size.sets, (unsigned long long)size.bytes);
}

static int stream_all(struct bl_follow *f)
{
	static const char sql[] = "copy (select tenant_id, match, number, " BL_ROW_COLUMNS
				  " from blacklist where enabled) to stdout (format binary)";
	char carrier[ZK_UUID_TEXT] = "";
	struct zk_uuid id;
	if (!ask(f, "select id::text from tenant where kind = 'carrier'", carrier, sizeof carrier))
		return EIO;
	int err = bl_begin(f->store, true);
	if (err)
		return err;
	if (zk_uuid_parse(&id, carrier))
		bl_carrier(f->store, &id);
	f->ahead_n = 0;
	err = stream(f, sql, add_row);
	if (!err)
		err = add_rest(f);
	if (!err && !run(f, "commit"))
		err = EIO;
	if (!err)
		return bl_commit(f->store);
	bl_abort(f->store);
	return err;
}

static int load_all(struct bl_follow *f)
{
	char snapshot[SEEN_MAX];
	if (!begin_reading(f, snapshot))
		return EIO;
	bl_journal(f->store, NULL);
	f->skipped = f->crowded = 0;
	int err = stream_all(f);
	if (err)
		return err;
	bl_copy_close(f->copy);
	f->copy = f->copy_path ? bl_copy_begin(f->store, f->copy_path, snapshot) : NULL;
	bl_journal(f->store, bl_copy_journal(f->copy));
	zk_copy(f->seen, sizeof f->seen, snapshot, strlen(snapshot));
	loaded(f);
	return 0;
}

static bool same_key(const struct bl_row *a, const struct bl_row *b)
{
	return a->match == b->match && !strcmp(a->digits, b->digits) && !zk_uuid_cmp(&a->tenant, &b->tenant);
}

/* Rows of one key stand together. */
static int put_rows(struct bl_follow *f)
{
	int err = 0;
	for (size_t i = 0, end; i < f->rows_n && !err; i = end) {
		uint32_t n = 0;
		for (end = i; end < f->rows_n && same_key(&f->rows[i], &f->rows[end]);)
			end++;
		struct bl_rule *rules = malloc((end - i) * sizeof *rules);
		if (!rules)
			return ENOMEM;
		for (size_t k = i; k < end; k++)
			if (f->rows[k].has_rule)
				rules[n++] = f->rows[k].rule;
		if (n > BL_RULES_MAX) {
			too_many(f, &f->rows[i]);
			n = BL_RULES_MAX;
		}
		err = bl_put(f->store, &f->rows[i].tenant, f->rows[i].match, f->rows[i].digits, f->rows[i].len, rules,
			     n);
		free(rules);
	}
	return err;
}

static int apply_rows(struct bl_follow *f, const char *snapshot)
{
	if (!f->rows_n)
		return 0;
	int err = bl_begin(f->store, false);
	if (!err && !(err = put_rows(f)))
		err = bl_commit(f->store);
	else if (err != EAGAIN)
		bl_abort(f->store);
	if (err)
		return err;
	bl_copy_mark(f->copy, snapshot);
	zk_log(ZK_INFO, "lists changed rows=%zu", f->rows_n);
	return 0;
}

/* Statistics say nothing true of a table that was just filled or emptied. Few keys are looked up by the table's own
 * index, whatever they say; many are met by one scan of it, for with the wrong index each would cost as much. But a
 * large table takes longer to scan than a connection may be silent, and it has been analyzed long ago. */
static bool force_plan(struct bl_follow *f, const char *keys)
{
	char sql[SEEN_MAX * 2 + 512], text[48];
	char *end;
	snprintf(sql, sizeof sql, "select count(*) || ' ' || pg_relation_size('blacklist') from (select %s) c", keys);
	if (!ask(f, sql, text, sizeof text))
		return false;
	unsigned long n = strtoul(text, &end, 10);
	if (n > LOOKED_UP_MAX && strtoull(end, NULL, 10) <= SCAN_MAX)
		return run(f, "set local enable_nestloop = off");
	return run(f, "set local enable_seqscan = off") && run(f, "set local enable_bitmapscan = off");
}

static int load_changed(struct bl_follow *f)
{
	char snapshot[SEEN_MAX], keys[2 * SEEN_MAX + 400], sql[sizeof keys + 600];
	snprintf(keys, sizeof keys,
		 "distinct tenant_id, split_part(key, ':', 1) as match, split_part(key, ':', 2) as number from "
		 "zj_change "
		 "where table_name = 'blacklist' and key is not null and tx >= pg_snapshot_xmin('%s') and not "
		 "pg_visible_in_snapshot(tx, '%s')",
		 f->seen, f->seen);
	snprintf(sql, sizeof sql,
		 "copy (select c.tenant_id, c.match, c.number, r.* from (select %s) c left join lateral "
		 "(select " BL_ROW_COLUMNS
		 " from blacklist b where b.tenant_id = c.tenant_id and b.number = c.number and "
		 "b.match = c.match and b.enabled) r on true order by 1, 2, 3) to stdout (format binary)",
		 keys);
	if (!begin_reading(f, snapshot) || !force_plan(f, keys))
		return EIO;
	f->rows_n = 0;
	int err = stream(f, sql, keep_row);
	if (err == E2BIG)
		f->seen[0] = '\0'; /* as a whole, at the next look */
	if (!err && !run(f, "commit"))
		err = EIO;
	if (!err)
		err = apply_rows(f, snapshot);
	if (!err)
		zk_copy(f->seen, sizeof f->seen, snapshot, strlen(snapshot));
	if (f->rows_cap > 4096) {
		free(f->rows);
		f->rows = NULL;
		f->rows_cap = 0;
	}
	return err;
}

/* Only what a snapshot is made of goes into SQL; and a cluster whose transactions are younger is another cluster. */
static bool seen_is_usable(struct bl_follow *f)
{
	const char *values[] = {f->seen};
	if (!f->seen[0] || strspn(f->seen, "0123456789:,") != strlen(f->seen) || time(NULL) - f->looked_at > LOG_KEPT_S)
		return false;
	PGresult *r =
		zk_pg_exec(f->pg, "select pg_snapshot_xmax($1::pg_snapshot) <= pg_snapshot_xmax(pg_current_snapshot())",
			   1, values);
	bool usable = r && PQgetvalue(r, 0, 0)[0] == 't';
	PQclear(r);
	return usable;
}

static void shorten_copy(struct bl_follow *f)
{
	if (!bl_copy_is_long(f->copy))
		return;
	bl_copy_close(f->copy);
	f->copy = bl_copy_begin(f->store, f->copy_path, f->seen);
	bl_journal(f->store, bl_copy_journal(f->copy));
}

static int look(struct bl_follow *f)
{
	int err = seen_is_usable(f) ? load_changed(f) : load_all(f);
	if (err == EAGAIN) /* a lost transaction spoilt the books */
		f->seen[0] = '\0';
	if (err)
		return err;
	f->looked_at = time(NULL);
	shorten_copy(f);
	return 0;
}

int bl_follow_start(struct bl_follow *f)
{
	f->pg = zk_pg_connect(f->conninfo, WHO);
	if (f->pg && !load_all(f)) {
		f->looked_at = time(NULL);
		disconnect(f);
		return 0;
	}
	disconnect(f);
	int err = f->copy_path ? bl_copy_load(&f->copy, f->store, f->copy_path, f->seen, sizeof f->seen) : ENOENT;
	if (err) {
		zk_log(ZK_ERROR, "starting with empty lists until the database is back: no usable local copy who=%s",
		       WHO);
		f->seen[0] = '\0';
		return ENOENT;
	}
	bl_journal(f->store, bl_copy_journal(f->copy));
	zk_log(ZK_WARN, "started from the local copy who=%s path=%s", WHO, f->copy_path);
	loaded(f);
	f->looked_at = time(NULL);
	return 0;
}

int bl_follow_fd(const struct bl_follow *f)
{
	return f->pg ? PQsocket(f->pg) : -1;
}

int bl_follow_wait_ms(const struct bl_follow *f)
{
	int64_t left = f->due_ms - zk_mono_ms();
	return left > 0 ? (int)left : 0;
}

static bool drain_notifies(PGconn *pg)
{
	bool any = false;
	PQconsumeInput(pg);
	for (PGnotify *n; (n = PQnotifies(pg)); any = true)
		PQfreemem(n);
	return any;
}

static void lost(struct bl_follow *f)
{
	disconnect(f);
	f->retry_ms = f->retry_ms * 2 < RETRY_MAX_MS ? f->retry_ms * 2 : RETRY_MAX_MS;
}

/* LISTEN comes before the look: what is committed between the two wakes us again. */
static void turn(struct bl_follow *f)
{
	if (!f->pg) {
		f->pg = zk_pg_connect(f->conninfo, WHO);
		if (!f->pg || !run(f, "listen zj_config")) {
			lost(f);
			return;
		}
	} else if (!PQconsumeInput(f->pg)) {
		zk_log(ZK_WARN, "database connection lost who=%s", WHO);
		lost(f);
		return;
	}
	int err;
	drain_notifies(f->pg);
	do
		err = look(f);
	while (!err && drain_notifies(f->pg));
	if (!err) {
		f->retry_ms = RETRY_MIN_MS;
		return;
	}
	if (err == ENOMEM)
		zk_log(ZK_ERROR,
		       "no room for the lists, those before stay in force: raise modparam(\"blacklist\", "
		       "\"memory_mb\") who=%s",
		       WHO);
	if (err == ENOMEM || err == EINVAL)
		f->seen[0] = '\0';
	lost(f); /* and try again */
}

void bl_follow_turn(struct bl_follow *f)
{
	turn(f);
	f->due_ms = zk_mono_ms() + (f->pg ? LOOK_AGAIN_MS : f->retry_ms);
}
