/* What tenants have of what their quotas count. */
#include "manage.h"

static void told(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	api_reply_text(req, 200, PQgetvalue(results[0], 0, 0));
}

/* Each quota is a column max_<name> of the tenant; `used` has the same names. A maximum of null is none, and so is a
 * sum with one. */
#define TENANTS                                                                                                        \
	"with t as (select t.id, t.name, json_build_object('id', t.id, 'name', t.name, 'title', t.title, 'address', "  \
	"t.address, 'phone', t.admin_phone, 'email', t.admin_email) as tenant, zj.zj_usage(t.id) as used, "            \
	"jsonb_build_object('accounts', t.max_accounts, 'agents', t.max_agents, 'extensions', t.max_extensions, "      \
	"'queues', t.max_queues, 'rooms', t.max_rooms, 'storage_mb', t.max_storage_mb, 'campaigns', t.max_campaigns, " \
	"'calls', t.max_calls) as max from zj.tenant t where "
#define TOTAL                                                                                                          \
	"), u as (select t.id, t.name, t.tenant, t.max, (select jsonb_object_agg(k, coalesce(t.used -> k, 'null')) "   \
	"from "                                                                                                        \
	"jsonb_object_keys(t.max) k) as used from t) "                                                                 \
	"select json_build_object('total', json_build_object("                                                         \
	"'used', (select json_object_agg(k, s) from (select key as k, sum(value::numeric) as s from u, "               \
	"jsonb_each_text(u.used) group by key) x), "                                                                   \
	"'max', (select json_object_agg(k, s) from (select key as k, case when count(*) = count(value) then "          \
	"sum(value::numeric) end as s from u, jsonb_each_text(u.max) group by key) x)), "                              \
	"'items', coalesce((select json_agg(json_build_object('tenant', u.tenant, 'used', u.used, 'max', u.max) "      \
	"order by "                                                                                                    \
	"u.name, u.id) from u), '[]'))::text"

void api_usage_h(struct api_req *req)
{
	struct zj_pg_query q = {.sql = TENANTS "t.id = zj.zj_tenant()" TOTAL};
	if (req->who.role == RES_ROLE_CARRIER) {
		if (!api_may(req, "tenants.read"))
			return;
		q.sql = TENANTS "t.kind = 'tenant' and t.deleted_at is null order by t.name limit 2000" TOTAL;
	}
	api_db_run(req, &q, 1, told, NULL, NULL);
}
