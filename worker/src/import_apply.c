/* A gathered chunk into the real table: what is there already is found first, then all goes in by one statement each
 * for new and for changed rows. What the database refuses is halved until the bad rows are alone. */
#include "db.h"
#include "import.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* A prepared statement; while the database works on it the next chunk is gathered. */
static int run(struct wk_import *im, const char *name, int n, const char *const *values, PGresult **r)
{
	PGconn *pg = im->job->pg;
	int err = 0;

	im->job->busy = PQsendQueryPrepared(pg, name, n, values, NULL, NULL, 0);
	if (im->job->busy)
		err = wk_import_gather(im);
	im->job->busy = false;
	for (PGresult *next; (next = PQgetResult(pg)); *r = next)
		PQclear(*r);
	return err;
}

static int savepoint(struct wk_import *im, const char *sql)
{
	return wk_db_do(im->job->pg, sql) ? EAGAIN : 0;
}

/* The rows lo … hi - 1 with that operation and round, in one statement. *r is the answer, also when it refuses. */
static int one_statement(struct wk_import *im, enum wk_op op, uint32_t round, size_t lo, size_t hi, PGresult **r)
{
	char a[24], b[24], c[24];
	const char *values[] = {a, b, c};

	snprintf(a, sizeof(a), "%zu", lo);
	snprintf(b, sizeof(b), "%zu", hi - 1);
	snprintf(c, sizeof(c), "%u", round);
	int err = savepoint(im, "savepoint wk");
	if (!err)
		err = run(im, op == WK_OP_INSERT ? "wk_insert" : "wk_update", op == WK_OP_INSERT ? 2 : 3, values, r);
	if (err)
		return err;
	if (wk_db_ok(*r))
		return savepoint(im, "release wk");
	if (wk_db_again(im->job->pg, *r)) {
		wk_db_log(*r, "rows");
		return EAGAIN;
	}
	return savepoint(im, "rollback to wk; release wk");
}

static void applied(struct wk_import *im, enum wk_op op, uint32_t round, size_t lo, size_t hi, const PGresult *r)
{
	struct wk_staged *rows = im->chunk.rows;

	for (size_t i = lo; op == WK_OP_INSERT && i < hi; i++)
		rows[i].applied = rows[i].applied || (rows[i].op == op && rows[i].round == round);
	for (int i = 0; op == WK_OP_UPDATE && i < PQntuples(r); i++) {
		size_t n = strtoul(PQgetvalue(r, i, 0), NULL, 10);
		if (n < im->chunk.n)
			rows[n].applied = true;
	}
}

static int refused(struct wk_import *im, struct wk_staged *s, const PGresult *r)
{
	struct res_problem p = {.kind = RES_P_INVALID};
	struct res_pg_error e = wk_db_error(r);

	res_problem_pg(&p, im->job->def, im->job->view, &e, false);
	im->full = im->full || (e.constraint && strncmp(e.constraint, "quota_", 6) == 0);
	int err = wk_import_reject_staged(im, s, &p);
	res_problem_clear(&p);
	return err;
}

static size_t count_of(const struct wk_import *im, enum wk_op op, uint32_t round, size_t lo, size_t hi, size_t *middle)
{
	size_t n = 0, all = 0;

	for (size_t i = lo; i < hi; i++)
		all += im->chunk.rows[i].op == op && im->chunk.rows[i].round == round;
	for (size_t i = lo; i < hi; i++) {
		n += im->chunk.rows[i].op == op && im->chunk.rows[i].round == round;
		if (n * 2 >= all) { /* half of them are behind */
			*middle = i + 1;
			break;
		}
	}
	return all;
}

static int refuse_rest(struct wk_import *im, size_t lo, size_t hi)
{
	struct res_problem p = {.kind = RES_P_INVALID};
	int err = 0;

	res_problem_add_text(&p, NULL, "quota", "已达配额上限", "the quota is reached", NULL);
	for (size_t i = lo; i < hi && !err; i++)
		if (im->chunk.rows[i].op == WK_OP_INSERT)
			err = wk_import_reject_staged(im, &im->chunk.rows[i], &p);
	res_problem_clear(&p);
	return err;
}

static int apply_range(struct wk_import *im, enum wk_op op, uint32_t round, size_t lo, size_t hi)
{
	size_t middle = hi, n = count_of(im, op, round, lo, hi, &middle);
	PGresult *r = NULL;

	if (n == 0)
		return 0;
	if (im->full && op == WK_OP_INSERT)
		return refuse_rest(im, lo, hi);
	int err = one_statement(im, op, round, lo, hi, &r);
	bool good = wk_db_ok(r);
	if (!err && good)
		applied(im, op, round, lo, hi, r);
	else if (!err && n == 1)
		err = refused(im, &im->chunk.rows[middle - 1], r);
	PQclear(r);
	if (err || good || n == 1)
		return err;
	err = apply_range(im, op, round, lo, middle);
	return err ? err : apply_range(im, op, round, middle, hi);
}

struct seen { /* keys of this chunk */
	UT_hash_handle hh;
	size_t last;
	uint32_t times;
};

/* What happens to a row whose key is in the table already, or came before in the file. `target`: its id. */
static int decide(struct wk_import *im, struct wk_staged *s, const char *target, bool several, uint64_t before)
{
	struct res_problem p = {.kind = RES_P_INVALID};
	char zh[120], en[120];
	int err = 0;

	if (!several && (im->mode == WK_UPDATE || im->duplicate == WK_DUP_UPDATE)) {
		s->op = WK_OP_UPDATE;
		snprintf(s->target, sizeof(s->target), "%s", target);
		return 0;
	}
	if (!several && im->duplicate == WK_DUP_SKIP)
		return wk_import_skip_staged(im, s);
	if (several)
		res_problem_add_text(&p, NULL, "ambiguous", "匹配到多条记录", "matches several rows", NULL);
	else if (before) {
		snprintf(zh, sizeof(zh), "与第 %llu 行重复", (unsigned long long)before);
		snprintf(en, sizeof(en), "repeats row %llu", (unsigned long long)before);
		res_problem_add_text(&p, NULL, "unique", zh, en, NULL);
	} else
		res_problem_add_text(&p, NULL, "unique", "已存在", "exists already", NULL);
	err = wk_import_reject_staged(im, s, &p);
	res_problem_clear(&p);
	return err;
}

static int not_found(struct wk_import *im, struct wk_staged *s)
{
	struct res_problem p = {.kind = RES_P_INVALID};

	res_problem_add_text(&p, NULL, "reference", "没有可更新的记录", "there is no row to update", NULL);
	int err = wk_import_reject_staged(im, s, &p);
	res_problem_clear(&p);
	return err;
}

/* Rows of this chunk with the same key: the first is what the table says; later ones come to the row it made. */
static int decide_repeats(struct wk_import *im, uint32_t *rounds)
{
	struct seen *seen = NULL, *k, *next, *all = calloc(im->chunk.n + 1, sizeof(*all));
	int err = all ? 0 : ENOMEM;

	for (size_t i = 0; i < im->chunk.n && !err; i++) {
		struct wk_staged *s = &im->chunk.rows[i], *first;
		const char *key = im->chunk.keys.p + s->key;
		if (!s->key_n || s->op == WK_OP_NONE)
			continue;
		HASH_FIND(hh, seen, key, s->key_n, k);
		if (!k) {
			all[i].last = i;
			HASH_ADD_KEYPTR(hh, seen, key, s->key_n, &all[i]);
			continue;
		}
		first = &im->chunk.rows[k->last];
		err = decide(im, s, first->op == WK_OP_INSERT ? first->id : first->target, false, first->line);
		if (s->op == WK_OP_UPDATE) {
			s->round = ++k->times;
			*rounds = s->round > *rounds ? s->round : *rounds;
		}
	}
	HASH_ITER (hh, seen, k, next)
		HASH_DEL(seen, k);
	free(all);
	return err;
}

static int decide_matches(struct wk_import *im)
{
	PGresult *r = NULL;
	int err = run(im, "wk_find", 0, NULL, &r);

	if (!err && !wk_db_ok(r))
		err = wk_job_fail_pg(im->job, r);
	for (int i = 0; !err && i < PQntuples(r); i++) {
		size_t n = strtoul(PQgetvalue(r, i, 0), NULL, 10);
		if (n < im->chunk.n)
			err = decide(im, &im->chunk.rows[n], PQgetvalue(r, i, 2), strcmp(PQgetvalue(r, i, 1), "1") != 0,
				     0);
	}
	PQclear(r);
	for (size_t i = 0; i < im->chunk.n && !err && im->mode == WK_UPDATE; i++)
		if (im->chunk.rows[i].op == WK_OP_UPDATE && !im->chunk.rows[i].target[0])
			err = not_found(im, &im->chunk.rows[i]);
	return err;
}

/* Tells the staging table what was decided about rows that are not simply new. */
static int write_plan(struct wk_import *im)
{
	static const char sql[] =
		"update wk_stage s set op = p.op::\"char\", target = p.target, round = p.round"
		" from unnest($1::int[], $2::text[], $3::uuid[], $4::int[]) p (n, op, target, round) where s.n = p.n";
	struct res_buf b[4] = {0};
	const char *sep = "{";

	for (size_t i = 0; i < im->chunk.n; i++) {
		const struct wk_staged *s = &im->chunk.rows[i];
		if (s->op == WK_OP_INSERT)
			continue;
		res_buf_printf(&b[0], "%s%zu", sep, i);
		res_buf_printf(&b[1], "%s%c", sep, s->op);
		res_buf_printf(&b[2], "%s%s", sep, s->target[0] ? s->target : "null");
		res_buf_printf(&b[3], "%s%u", sep, s->round);
		sep = ",";
	}
	int err = 0;
	if (*sep == ',') {
		const char *values[4];
		for (int i = 0; i < 4; i++) {
			res_buf_add(&b[i], "}");
			values[i] = b[i].p;
			err = b[i].failed ? ENOMEM : err;
		}
		PGresult *r = err ? NULL : wk_db_run(im->job->pg, sql, 4, values);
		if (!err && !wk_db_ok(r)) {
			wk_db_log(r, "plan");
			err = EAGAIN;
		}
		PQclear(r);
	}
	for (int i = 0; i < 4; i++)
		res_buf_free(&b[i]);
	return err;
}

/* What was to be updated and was not: gone meanwhile, or not the account's to change. */
static int count_up(struct wk_import *im)
{
	int err = 0;

	for (size_t i = 0; i < im->chunk.n && !err; i++) {
		struct wk_staged *s = &im->chunk.rows[i];
		if (s->op == WK_OP_INSERT && s->applied)
			im->job->counts.created++;
		else if (s->op == WK_OP_UPDATE && s->applied)
			im->job->counts.updated++;
		else if (s->op != WK_OP_NONE)
			err = not_found(im, s);
	}
	return err;
}

int wk_stage_apply(struct wk_import *im)
{
	uint32_t rounds = 0;
	int err = im->chunk.copy.n ? wk_stage_copy(im) : 0;

	if (im->chunk.copy.n == 0)
		return err;
	if (!err && im->n_match) {
		err = decide_matches(im);
		if (!err)
			err = decide_repeats(im, &rounds);
		if (!err)
			err = write_plan(im);
	}
	if (!err && im->mode != WK_UPDATE)
		err = apply_range(im, WK_OP_INSERT, 0, 0, im->chunk.n);
	for (uint32_t round = 0; round <= rounds && im->n_match && !err; round++)
		err = apply_range(im, WK_OP_UPDATE, round, 0, im->chunk.n);
	return err ? err : count_up(im);
}
