/* What export and import of a tenant have in common. */
#include "tenant.h"
#include "db.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Kept in processes' memory and yet no configuration of the tenant, or a secret by nature. */
static const char *const left_out[] = {"jobs",  "tokens",     "tenants", "uploads", "grantable-permissions",
				       "views", "preferences"};

/* Live tables are what configures calls (docs/architecture.md); facts and customers' data are exported as lists. The
 * settings come first, then whatever nothing refers to. */
static const char order_sql[] =
	"with recursive t as (select c.oid, c.relname from pg_class c where c.relnamespace = 'zj'::regnamespace and "
	"c.relkind = 'r'"
	"  and exists (select from pg_trigger g where g.tgrelid = c.oid and g.tgname = 'live_i')),"
	" refs as (select distinct k.conrelid as child, k.confrelid as parent from pg_constraint k where k.contype = "
	"'f'"
	"  and k.conrelid <> k.confrelid and k.conrelid in (select oid from t) and k.confrelid in (select oid from t)),"
	" depth as (select oid, relname, 0 as d from t union"
	"  select t.oid, t.relname, depth.d + 1 from depth join refs on refs.parent = depth.oid join t on t.oid = "
	"refs.child"
	"  where depth.d < 12)"
	" select relname from depth group by relname order by max(d), relname";

static bool belongs(const struct res_def *d)
{
	if (!d || !d->tenant_key)
		return false;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(left_out); i++)
		if (strcmp(d->name, left_out[i]) == 0)
			return false;
	return d->insert[RES_ROLE_TENANT] || d->update[RES_ROLE_TENANT];
}

int wk_tenant_resources(struct wk_job *job, const struct res_def ***list)
{
	PGresult *r = wk_db_run(job->pg, order_sql, 0, NULL);
	const struct res_def **out = wk_db_ok(r) ? calloc((size_t)PQntuples(r) + 1, sizeof(*out)) : NULL;
	size_t n = 0;

	for (int i = 0; out && i < PQntuples(r); i++) {
		const struct res_def *d = res_schema_by_table(job->schema, PQgetvalue(r, i, 0));
		if (belongs(d))
			out[n++] = d;
	}
	if (!out)
		wk_db_log(r, "resources");
	PQclear(r);
	*list = out;
	return out ? 0 : EAGAIN;
}

bool wk_tenant_column(const struct res_def *d, const struct res_field *f)
{
	static const char *const noise[] = {"tenant_id", "created_at", "updated_at", "last_login_at", "totp_enabled"};
	bool file = strcmp(d->name, "prompts") == 0 && strcmp(f->name, "path") == 0;

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(noise); i++)
		if (strcmp(noise[i], f->name) == 0)
			return false;
	if ((f->hidden || f->writeonly || f->transform) && !file)
		return false;
	return f->insert[RES_ROLE_TENANT] || f->update[RES_ROLE_TENANT] || strcmp(f->name, "id") == 0;
}

int wk_tenant_begin(struct wk_job *job, const char *tenant, const char *options)
{
	const char *values[] = {tenant, job->account, job->actor, job->source, job->id};
	int err = wk_db_do(job->pg, options);

	if (err)
		return EAGAIN;
	PGresult *r = wk_db_run(job->pg,
				"select set_config('zj.tenant', $1, true), set_config('zj.account', $2, true), "
				"set_config('zj.actor', $3, true),"
				" set_config('zj.source', $4, true), set_config('zj.request', $5, true), "
				"set_config('zj.via', 'job', true)",
				5, values);
	err = wk_db_ok(r) ? wk_db_do(job->pg, "set local role zj_tenant") : EAGAIN;
	PQclear(r);
	return err ? EAGAIN : 0;
}
