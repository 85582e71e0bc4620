/* Messages: their sound, and calling back who left one. */
#include "files/sound.h"
#include "live/control.h"
#include "zj_log.h"
#include <string.h>

static const char sound_sql[] =
	"select v.path, v.name, case when $2::boolean then zj.zj_sound_taken('voicemails', v.id) end"
	" from zj.voicemail v where v.tenant_id = zj.zj_tenant() and v.id = $1::uuid";
enum { PATH, NAME };

static const char caller_sql[] =
	"select v.caller from zj.voicemail v where v.tenant_id = zj.zj_tenant() and v.id = $1::uuid";

/* False: answered. */
static bool names_one(struct api_req *req)
{
	if (req->who.role != RES_ROLE_TENANT)
		api_fail(req, RES_P_PERMISSION, "voicemail belongs to a tenant: enter one with X-Zj-Tenant");
	else if (!zj_uuid_is_valid(req->arg[0]))
		api_fail(req, RES_P_NOT_FOUND, "an id is a UUID");
	else
		return true;
	return false;
}

static void sound_came(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	const PGresult *r = results[0];
	char *download = res_query_get(req->query, "download");

	if (PQntuples(r) == 0)
		api_fail(req, RES_P_NOT_FOUND, "there is no such message");
	else
		api_sound_send(req, req->api->conf.store, PQgetvalue(r, 0, PATH), "", "",
			       download ? PQgetvalue(r, 0, NAME) : NULL);
	zj_deref(download);
}

void api_voicemail_audio_h(struct api_req *req)
{
	if (!names_one(req))
		return;
	zj_info("audit", "listen voicemail=%s account=%s", zj_log_esc(req->arg[0]), req->who.account);
	const char *values[] = {req->arg[0], api_sound_is_taken(req) ? "true" : "false"};
	struct zj_pg_query q = {.sql = sound_sql, .n = 2, .values = values};
	api_db_run(req, &q, 1, sound_came, NULL, NULL);
}

static void caller_came(struct api_req *req, PGresult *const *results, int n ZJ_UNUSED, void *arg ZJ_UNUSED)
{
	const PGresult *r = results[0];

	if (PQntuples(r) == 0)
		api_fail(req, RES_P_NOT_FOUND, "there is no such message");
	else if (!*PQgetvalue(r, 0, 0))
		api_fail(req, RES_P_REFUSED, "who left this message showed no number");
	else
		api_call_place(req, "me", json_pack("{s:s}", "to", PQgetvalue(r, 0, 0)));
}

/* The number is not told to whoever sees it masked: it is dialled here. */
void api_voicemail_callback_h(struct api_req *req)
{
	if (!names_one(req))
		return;
	const char *values[] = {req->arg[0]};
	struct zj_pg_query q = {.sql = caller_sql, .n = 1, .values = values};
	api_db_run(req, &q, 1, caller_came, NULL, NULL);
}
