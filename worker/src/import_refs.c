/* Labels → ids, asked for as the job's account (what it does not see it cannot point to). */
#include "db.h"
#include "import.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define REMEMBERED 20000

struct known {
	UT_hash_handle hh;
	char id[ZJ_UUID_SIZE]; /* empty: none; "?": several */
	char label[];
};
struct wk_refs {
	struct wk_job *job;
	struct res_buf sql;
	struct known *known;
};

static void forget(struct wk_refs *r)
{
	struct known *k, *next;
	HASH_ITER (hh, r->known, k, next) {
		HASH_DEL(r->known, k);
		free(k);
	}
}

static void destructor(void *obj)
{
	struct wk_refs *r = obj;
	forget(r);
	res_buf_free(&r->sql);
}

/* By the field; where the label is shown with another one, `1001(张三)`, also as it is shown. */
static void add_where(struct res_buf *b, const struct res_def *to, const struct res_field *by)
{
	const char *with = wk_text(to->comment, "label_with");

	res_buf_add(b, " t where t.");
	res_buf_ident(b, by->name);
	if (with && to->label && strcmp(to->label, by->name) == 0) {
		res_buf_add(b, " in ($1, regexp_replace($1, '\\(.*\\)$', '')) and $1 in (t.");
		res_buf_ident(b, by->name);
		res_buf_add(b, ", t.");
		res_buf_ident(b, by->name);
		res_buf_add(b, " || '(' || t.");
		res_buf_ident(b, with);
		res_buf_add(b, " || ')') limit 2");
	} else {
		res_buf_printf(b, " = $1::%s limit 2", by->pg_type);
	}
}

int wk_refs_alloc(struct wk_refs **rp, struct wk_job *job, const struct res_def *to, const struct res_field *by)
{
	struct wk_refs *r = zj_alloc(sizeof(*r), destructor);

	if (!r)
		return ENOMEM;
	r->job = job;
	res_buf_add(&r->sql, "select t.id from zj.");
	res_buf_ident(&r->sql, to->table);
	add_where(&r->sql, to, by);
	if (r->sql.failed) {
		zj_deref(r);
		return ENOMEM;
	}
	*rp = r;
	return 0;
}

/* Asks the database; a value that the column's type cannot be is simply not found. */
static int ask(struct wk_refs *r, struct known *k)
{
	const char *values[] = {k->label};
	int err = r->job->busy ? EBUSY : wk_job_begin(r->job);

	if (err)
		return err;
	PGresult *a = wk_db_run(r->job->pg, r->sql.p, 1, values);
	if (!wk_db_ok(a) && wk_db_again(r->job->pg, a))
		err = EAGAIN;
	else if (wk_db_ok(a) && PQntuples(a) == 1)
		snprintf(k->id, sizeof(k->id), "%s", PQgetvalue(a, 0, 0));
	else if (wk_db_ok(a) && PQntuples(a) > 1)
		strcpy(k->id, "?");
	PQclear(a);
	wk_job_rollback(r->job);
	return err;
}

const char *wk_refs_find(struct wk_refs *r, struct wk_cell label, const char *field, struct res_problem *p, bool *away)
{
	struct known *k;

	HASH_FIND(hh, r->known, label.p, label.n, k);
	if (!k) {
		if (HASH_COUNT(r->known) >= REMEMBERED)
			forget(r);
		k = calloc(1, sizeof(*k) + label.n + 1);
		if (!k) {
			*away = true;
			return NULL;
		}
		memcpy(k->label, label.p, label.n);
		if (ask(r, k)) {
			free(k);
			*away = true;
			return NULL;
		}
		HASH_ADD_KEYPTR(hh, r->known, k->label, label.n, k);
	}
	if (!*k->id)
		res_problem_add(p, field, "reference", NULL);
	else if (*k->id == '?')
		res_problem_add_text(p, field, "ambiguous", "有多个同名的对象，请填编号", "names several; give the id",
				     NULL);
	else
		return k->id;
	return NULL;
}
