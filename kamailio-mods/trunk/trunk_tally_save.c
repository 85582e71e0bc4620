#include "trunk_tally_save.h"
#include "zk_log.h"
#include "zk_pg.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH           100
#define TRIM_EVERY_US   3600000000LL
#define RETRY_US        1000000LL
#define ELSEWHERE_EVERY 2 /* turns */
#define ALL             "-infinity"

static const char *const subjects[] = {"tenant", "extension", "account"};

struct trunk_save {
	struct trunk_state *state;
	const char *conninfo, *edge;
	PGconn *pg;
	bool restored;
	unsigned accruing, turns;
	int64_t trim_at, retry_at;
	char seen[64]; /* the newest row of other edges that was read */
};

int trunk_save_alloc(struct trunk_save **sp, struct trunk_state *state, const char *conninfo, const char *edge)
{
	struct trunk_save *s = calloc(1, sizeof *s);
	if (!s)
		return ENOMEM;
	s->state = state;
	s->conninfo = conninfo;
	s->edge = edge;
	snprintf(s->seen, sizeof s->seen, ALL);
	*sp = s;
	return 0;
}

/* ---- reading ---- */
struct rows {
	const PGresult *r;
	int64_t now_us;
	bool ours, anew; /* anew: what is not among them is nothing */
};

static bool decode(struct trunk_tally_row *row, const PGresult *r, int i)
{
	const char *kind = PQgetvalue(r, i, 2);
	memset(row, 0, sizeof *row);
	for (unsigned k = 0; k < 3; k++)
		if (!strcmp(subjects[k], kind))
			row->kind = (enum trunk_subject)k;
	for (unsigned m = 0; m < TRUNK_MEASURES; m++)
		row->here.of[m] = strtoll(PQgetvalue(r, i, 3 + (int)m), NULL, 10);
	return zk_uuid_parse(&row->tenant, PQgetvalue(r, i, 0)) && zk_uuid_parse(&row->subject, PQgetvalue(r, i, 1)) &&
	       zk_copy(row->slots, sizeof row->slots, PQgetvalue(r, i, 8), strlen(PQgetvalue(r, i, 8)));
}

static void read_h(struct trunk_tallies *t, void *arg)
{
	struct rows *rows = arg;
	static struct trunk_tally_row row;
	if (rows->anew)
		trunk_tally_nowhere_else(t);
	for (int i = 0; i < PQntuples(rows->r); i++) {
		if (!decode(&row, rows->r, i))
			continue;
		if (rows->ours)
			trunk_tally_restore(t, &row, rows->now_us);
		else
			trunk_tally_elsewhere(t, &row, rows->now_us);
	}
}

#define MEASURES_SQL                                                                                                   \
	"calls_hour, calls_day, (spend_hour * 1000000)::bigint, (spend_day * 1000000)::bigint, abroad, slots"

static bool restore(struct trunk_save *s, int64_t now_us)
{
	static const char sql[] = "select tenant_id, subject_id, subject, " MEASURES_SQL
				  " from toll_use where edge = $1 and updated_at > now() - interval '26 hours'";
	PGresult *r = zk_pg_exec(s->pg, sql, 1, &s->edge);
	if (!r)
		return false;
	trunk_state_tallies(s->state, read_h, &(struct rows){r, now_us, true, false});
	zk_log(ZK_INFO, "toll guard: counts of before put back subjects=%d", PQntuples(r));
	PQclear(r);
	s->restored = true;
	return true;
}

/* The sum of the others, for each subject of which one of them wrote something new. */
static bool read_elsewhere(struct trunk_save *s, int64_t now_us)
{
	static const char sql[] =
		"with c as (select distinct tenant_id, subject_id from toll_use where edge <> $1 and updated_at > "
		"$2::timestamptz - interval '5 seconds'), u as (select x.*, (x.updated_at > now() - interval '65 "
		"minutes')::int as fresh from c join toll_use x using (tenant_id, subject_id) where x.edge <> $1 and "
		"x.updated_at > now() - interval '26 hours') select tenant_id, subject_id, subject, sum(calls_hour * "
		"fresh), sum(calls_day), (sum(spend_hour * fresh) * 1000000)::bigint, (sum(spend_day) * "
		"1000000)::bigint, sum(abroad * fresh), '', max(updated_at)::text from u group by 1, 2, 3 order by "
		"max(updated_at)";
	const char *values[] = {s->edge, s->seen};
	PGresult *r = zk_pg_exec(s->pg, sql, 2, values);
	bool anew = !strcmp(s->seen, ALL);
	int n = PQntuples(r);
	if (n || (r && anew))
		trunk_state_tallies(s->state, read_h, &(struct rows){r, now_us, false, anew});
	if (n)
		snprintf(s->seen, sizeof s->seen, "%s", PQgetvalue(r, n - 1, 9));
	bool good = r != NULL;
	PQclear(r);
	return good;
}

/* ---- writing ---- */
struct changed {
	struct trunk_tally_row *rows;
	unsigned from, n;
	int64_t now_us;
};

static void changed_h(struct trunk_tallies *t, void *arg)
{
	struct changed *c = arg;
	c->n = trunk_tally_changed(t, &c->from, c->rows, BATCH, c->now_us);
}

static json_t *row_json(const struct trunk_tally_row *row)
{
	char tenant[ZK_UUID_TEXT], subject[ZK_UUID_TEXT];
	zk_uuid_text(tenant, &row->tenant);
	zk_uuid_text(subject, &row->subject);
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:s}", "tenant", tenant, "id", subject, "subject",
			 subjects[row->kind], "ch", (json_int_t)row->here.of[TRUNK_CALLS_HOUR], "cd",
			 (json_int_t)row->here.of[TRUNK_CALLS_DAY], "sh", (json_int_t)row->here.of[TRUNK_SPEND_HOUR],
			 "sd", (json_int_t)row->here.of[TRUNK_SPEND_DAY], "ab", (json_int_t)row->here.of[TRUNK_ABROAD],
			 "slots", row->slots);
}

static bool write_rows(struct trunk_save *s, const struct changed *c)
{
	static const char sql[] =
		"insert into toll_use (tenant_id, edge, subject, subject_id, extension_id, account_id, calls_hour, "
		"calls_day, spend_hour, spend_day, abroad, slots) select t.id, $2, r.subject, r.id, case when "
		"r.subject = 'extension' then r.id end, case when r.subject = 'account' then r.id end, r.ch, r.cd, "
		"r.sh / 1000000.0, r.sd / 1000000.0, r.ab, r.slots from jsonb_to_recordset($1::jsonb) r (tenant uuid, "
		"id uuid, subject text, ch integer, cd integer, sh bigint, sd bigint, ab integer, slots text) join "
		"tenant t on t.id = r.tenant on conflict (tenant_id, subject_id, edge) do update set calls_hour = "
		"excluded.calls_hour, calls_day = excluded.calls_day, spend_hour = excluded.spend_hour, spend_day = "
		"excluded.spend_day, abroad = excluded.abroad, slots = excluded.slots";
	json_t *rows = json_array();
	for (unsigned i = 0; i < c->n; i++)
		json_array_append_new(rows, row_json(&c->rows[i]));
	char *text = json_dumps(rows, JSON_COMPACT);
	const char *values[] = {text, s->edge};
	PGresult *r = text ? zk_pg_exec(s->pg, sql, 2, values) : NULL;
	bool good = r != NULL;
	PQclear(r);
	free(text);
	json_decref(rows);
	return good;
}

static void untold_h(struct trunk_tallies *t, void *arg)
{
	(void)arg;
	trunk_tally_untold(t);
}

static bool write_changed(struct trunk_save *s, int64_t now_us)
{
	static struct trunk_tally_row rows[BATCH];
	struct changed c = {.rows = rows, .now_us = now_us};
	while (c.from < TRUNK_TALLY_BUCKETS) {
		trunk_state_tallies(s->state, changed_h, &c);
		if (c.n && !write_rows(s, &c)) {
			trunk_state_tallies(s->state, untold_h, NULL);
			return false;
		}
	}
	return true;
}

struct trimming {
	unsigned from;
	int64_t now_us;
};

static void trim_h(struct trunk_tallies *t, void *arg)
{
	struct trimming *a = arg;
	trunk_tally_trim(t, &a->from, a->now_us);
}

static bool trim(struct trunk_save *s, int64_t now_us)
{
	struct trimming a = {0, now_us};
	while (a.from < TRUNK_TALLY_BUCKETS)
		trunk_state_tallies(s->state, trim_h, &a);
	s->trim_at = now_us + TRIM_EVERY_US;
	snprintf(s->seen, sizeof s->seen, ALL); /* an edge that is gone says no more that its hours are over */
	PGresult *r = zk_pg_exec(s->pg, "delete from toll_use where updated_at < now() - interval '2 days'", 0, NULL);
	bool good = r != NULL;
	PQclear(r);
	return good;
}

static bool keep_books(struct trunk_save *s, int64_t now_us)
{
	if (!s->pg)
		s->pg = zk_pg_connect(s->conninfo, "toll guard");
	return s->pg && (s->restored || restore(s, now_us)) && write_changed(s, now_us) &&
	       (s->turns++ % ELSEWHERE_EVERY || read_elsewhere(s, now_us)) && (now_us < s->trim_at || trim(s, now_us));
}

void trunk_save_turn(struct trunk_save *s, int64_t now_us)
{
	struct trunk_alarms alarms;
	do {
		trunk_state_accrue(s->state, &s->accruing, now_us, &alarms);
		trunk_guard_tell(&alarms);
	} while (s->accruing);
	if (now_us < s->retry_at || keep_books(s, now_us))
		return;
	PQfinish(s->pg);
	s->pg = NULL;
	s->retry_at = now_us + RETRY_US;
}
