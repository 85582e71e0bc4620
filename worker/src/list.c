#include "list.h"
#include "db.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const dropped[] = {"limit", "cursor", "count", "fields", "expand", "skip", "deleted", NULL};

/* The query without the parameters that are ours to say. */
static void strip(struct res_buf *out, const char *query)
{
	while (query && *query) {
		size_t n = strcspn(query, "&"), name = strcspn(query, "&=");
		bool keep = n > 0;
		for (size_t i = 0; dropped[i]; i++)
			keep = keep && (strlen(dropped[i]) != name || strncmp(dropped[i], query, name) != 0);
		if (keep) {
			res_buf_add(out, out->n ? "&" : "");
			res_buf_addn(out, query, n);
		}
		query += n + (query[n] == '&');
	}
}

int wk_list_open(struct wk_list *l, struct wk_job *job, const char *query, const char *more)
{
	struct res_buf text = {0};
	struct res_problem p = {0};
	int err = 0;

	*l = (struct wk_list){.job = job, .chunk = 500, .most = 4000};
	if (query && *query == '?')
		query++;
	strip(&text, query);
	if (more && *more)
		res_buf_printf(&text, "%s%s", text.n ? "&" : "", more);
	if (text.failed)
		err = EAGAIN;
	else if (!res_query_read(&l->q, job->view, text.n ? text.p : "", NULL, &p))
		err = wk_job_fail_problem(job, &p);
	res_problem_clear(&p);
	res_buf_free(&text);
	return err;
}

static int give(struct wk_list *l, const PGresult *r, wk_list_h *h, void *arg, int *n)
{
	int err = 0;

	*n = PQntuples(r) < l->chunk ? PQntuples(r) : l->chunk; /* one more is asked for than is wanted */
	for (int i = 0; i < *n && !err; i++) {
		json_t *row = wk_db_json(r, i, 0);
		err = row ? h(row, arg) : EAGAIN;
		json_decref(row);
	}
	if (!err && *n) {
		json_decref(l->keys);
		l->keys = wk_db_json(r, *n - 1, 1);
	}
	return err;
}

int wk_list_next(struct wk_list *l, wk_list_h *h, void *arg, int *n)
{
	struct res_sql sql = {0};
	int err = wk_job_begin(l->job);

	*n = 0;
	if (!err) /* the order by index, however fresh the statistics: a sort would be of all rows, for every chunk */
		err = wk_db_do(l->job->pg, "set local enable_sort = off; set local enable_bitmapscan = off");
	if (err)
		return EAGAIN;
	l->q.limit = l->chunk;
	json_decref(l->q.after);
	l->q.after = json_incref(l->keys);
	res_sql_list(&sql, l->job->view, &l->q);
	PGresult *r = wk_db_sql(l->job->pg, &sql);
	err = wk_db_ok(r) ? 0 : wk_job_fail_pg(l->job, r);
	wk_job_rollback(l->job); /* nothing was written */
	if (!err)
		err = give(l, r, h, arg, n);
	PQclear(r);
	res_sql_free(&sql);
	if (l->chunk < l->most)
		l->chunk *= 2;
	return err;
}

int wk_list_count(struct wk_list *l, int64_t *n)
{
	struct res_sql sql = {0};
	int err = wk_job_begin(l->job);

	if (err)
		return EAGAIN;
	res_sql_count(&sql, l->job->view, &l->q);
	PGresult *r = wk_db_sql(l->job->pg, &sql);
	err = wk_db_ok(r) ? 0 : wk_job_fail_pg(l->job, r);
	if (!err)
		*n = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
	wk_job_rollback(l->job);
	PQclear(r);
	res_sql_free(&sql);
	return err;
}

void wk_list_close(struct wk_list *l)
{
	res_query_free(&l->q);
	json_decref(l->keys);
	l->keys = NULL;
}
