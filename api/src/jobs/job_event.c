/* Tells the event sockets of a job's account, and of those who see everybody's jobs, what became of it. */
#include "jobs/job_event.h"
#include "live/live.h"
#include "perm.h"
#include "zj_log.h"
#include <stdlib.h>
#include <string.h>

struct api_job_events {
	struct api *api;
	struct zj_follow *follow;
	bool ready; /* the first look tells of jobs that nobody waits for */
};

static const struct zj_follow_table table = {
	"job", "tenant_id, id, kind, resource, state, total, done, created_rows, updated_rows, skipped, failed, error, "
	       "file_name, file_bytes, run_at, started_at, finished_at, account_id, created_at"};

static bool concerns(const struct api_viewer *v, void *arg)
{
	const char *account = arg;
	return (account && strcmp(v->who.account, account) == 0) || res_perm_has(v->who.perms, "jobs.all");
}

static void on_row(const char *name ZJ_UNUSED, const char *tenant, const char *id ZJ_UNUSED, json_t *row, void *arg)
{
	struct api_job_events *e = arg;
	char at[ZJ_RFC3339_SIZE];
	if (!e->ready || !row)
		return;
	const char *account = json_string_value(json_object_get(row, "account_id"));
	zj_rfc3339(at, zj_now_us());
	json_t *o = json_pack("{s:s, s:s, s:O}", "type", "job.changed", "at", at, "data", row);
	char *text = json_dumps(o, JSON_COMPACT);
	if (text)
		api_live_tell(e->api->live, tenant, concerns, (void *)account, text);
	free(text);
	json_decref(o);
}

static void on_ready(void *arg)
{
	((struct api_job_events *)arg)->ready = true;
}

int api_job_events_alloc(struct api_job_events **ep, struct api *api)
{
	struct api_job_events *e = zj_alloc(sizeof(*e), NULL);
	if (!e)
		return ENOMEM;
	e->api = api;
	int err = zj_follow_alloc(&e->follow, api->loop, api->conf.database, &table, 1, on_row, on_ready, e);
	if (err)
		zj_deref(e);
	else
		*ep = e;
	return err;
}
