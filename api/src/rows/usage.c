/* What tenants have of what their quotas count. */
#include "rows/manage.h"

static void told(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	api_reply_text(req, 200, PQgetvalue(results[0], 0, 0));
}

/* Each quota is a column max_<name> of the tenant; `used` has the same names. A maximum of null is none, and so is a
 * sum with one. */
static const char tenants_sql[] =
	"with t as (select t.id, t.name, json_build_object('id', t.id, 'name', t.name, 'title', t.title, 'address', "
	"t.address, 'phone', t.admin_phone, 'email', t.admin_email) as tenant, zj.zj_usage(t.id) as used, "
	"jsonb_build_object('accounts', t.max_accounts, 'agents', t.max_agents, 'extensions', t.max_extensions, "
	"'queues', t.max_queues, 'rooms', t.max_rooms, 'storage_mb', t.max_storage_mb, 'campaigns', t.max_campaigns, "
	"'calls', t.max_calls) as max from zj.tenant t where ";

/* Of all of them together, and one by one. */
static const char total_sql[] =
	"), u as (select t.id, t.name, t.tenant, t.max, (select jsonb_object_agg(k, coalesce(t.used -> k, 'null')) "
	"from "
	"jsonb_object_keys(t.max) k) as used from t) "
	"select json_build_object('total', json_build_object("
	"'used', (select json_object_agg(k, s) from (select 'tenants' as k, (select count(*) from u)::numeric as s "
	"union all "
	"select key, sum(value::numeric) from u, jsonb_each_text(u.used) group by key) x), "
	"'max', (select json_object_agg(k, s) from (select key as k, case when count(*) = count(value) then "
	"sum(value::numeric) end as s from u, jsonb_each_text(u.max) group by key) x)), "
	"'items', coalesce((select json_agg(json_build_object('tenant', u.tenant, 'used', u.used, 'max', u.max) order "
	"by "
	"u.name, u.id) from u), '[]'))::text";

void api_usage_h(struct api_req *req)
{
	struct res_buf b = {0};
	bool carrier = req->who.role == RES_ROLE_CARRIER;
	if (carrier && !api_may(req, "tenants.read"))
		return;
	res_buf_printf(&b, "%s%s%s", tenants_sql,
		       carrier ? "t.kind = 'tenant' and t.deleted_at is null order by t.name limit 2000"
			       : "t.id = zj.zj_tenant()",
		       total_sql);
	struct zj_pg_query q = {.sql = b.p};
	if (b.failed)
		api_fail(req, RES_P_INTERNAL, "out of memory");
	else
		api_db_run(req, &q, 1, told, NULL, NULL);
	res_buf_free(&b);
}
