#include "login/ledger.h"
#include "server/api.h"
#include "zj_log.h"
#include "zj_spool.h"
#include <stdlib.h>
#include <string.h>

#define BATCH   100
#define LOOK_MS 1000

struct api_ledger {
	struct zj_spool *spool;
	struct zj_pg *pg;
	uv_timer_t timer;
	bool writing;
	size_t batch, out; /* how many at a time; how many are on their way */
};

static void write_some(struct api_ledger *l);

/* One record that PostgreSQL refuses must not hold up the others: the batch is tried one by one, that one is put away.
 */
static void refused(struct api_ledger *l, const PGresult *r)
{
	json_t *record;
	size_t n;
	if (l->out > 1) {
		l->batch = 1;
		return;
	}
	zj_error("ledger", "an event was refused, and is in dead/ message=%s", zj_log_esc(PQresultErrorMessage(r)));
	if (zj_spool_peek(l->spool, 1, &record, &n) == 0 && n == 1 &&
	    zj_spool_dead(l->spool, record, PQresultErrorMessage(r)) == 0 && zj_spool_done(l->spool, 1))
		zj_error("ledger", "the spool does not move on");
}

static void written(int err, int failed, PGresult *const *results, int n ZJ_UNUSED, void *arg)
{
	struct api_ledger *l = arg;
	l->writing = false;
	if (err == EPROTO) {
		refused(l, results[failed]);
	} else if (!err) {
		if (zj_spool_done(l->spool, l->out))
			zj_error("ledger", "the spool does not move on");
		l->batch = BATCH;
	}
	if (!err || err == EPROTO)
		write_some(l);
}

static void write_some(struct api_ledger *l)
{
	const char *lines[BATCH];
	size_t n;
	struct res_buf b = {0};
	if (l->writing || !zj_pg_is_up(l->pg) || zj_spool_waiting(l->spool) == 0 ||
	    zj_spool_peek_text(l->spool, l->batch, lines, &n) || n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		res_buf_printf(&b, "%c%s", i ? ',' : '[', lines[i]);
	res_buf_printf(&b, "]");
	const char *values[] = {b.p};
	struct zj_pg_query q = {.sql = "select zj.zj_audit_take($1::jsonb)", .n = 1, .values = values};
	l->out = n;
	if (!b.failed && zj_pg_run(l->pg, &q, 1, written, l) == 0)
		l->writing = true;
	res_buf_free(&b);
}

static void on_look(uv_timer_t *t)
{
	write_some(t->data);
}

int api_ledger_alloc(struct api_ledger **lp, uv_loop_t *loop, struct zj_pg *pg, const char *dir)
{
	struct api_ledger *l = calloc(1, sizeof(*l));
	int err = l ? zj_spool_open(&l->spool, loop, dir) : ENOMEM;
	if (err) {
		free(l);
		return err;
	}
	l->pg = pg;
	l->batch = BATCH;
	l->timer.data = l;
	uv_timer_init(loop, &l->timer);
	uv_timer_start(&l->timer, on_look, LOOK_MS, LOOK_MS);
	*lp = l;
	return 0;
}

static void closed(uv_handle_t *h)
{
	free(h->data);
}

void api_ledger_close(struct api_ledger *l)
{
	if (!l)
		return;
	zj_spool_close(l->spool);
	uv_close((uv_handle_t *)&l->timer, closed);
}

/* Bytes that are no UTF-8 would make the record unreadable. */
static void set(json_t *o, const char *key, const char *value)
{
	json_t *s = value && *value ? json_string(value) : NULL;
	if (value && *value)
		json_object_set_new(o, key, s ? s : json_string("?"));
}

int api_ledger_put(struct api_ledger *l, const struct api_ledger_event *e)
{
	char id[ZJ_UUID_SIZE], at[ZJ_RFC3339_SIZE];
	json_t *o = json_object();
	zj_uuid7(id);
	zj_rfc3339(at, zj_now_us());
	set(o, "id", id);
	set(o, "at", at);
	set(o, "event", e->event);
	set(o, "tenant", e->tenant);
	set(o, "account", e->account);
	set(o, "actor", e->actor);
	set(o, "label", e->label);
	set(o, "source", e->source);
	set(o, "request", e->request);
	if (e->changes)
		json_object_set_new(o, "changes", e->changes);
	int err = o ? zj_spool_append(l->spool, o) : ENOMEM;
	if (err)
		zj_error("ledger", "an event cannot be kept event=%s account=%s error=%s", e->event,
			 e->account ? e->account : "-", strerror(err));
	json_decref(o);
	write_some(l);
	return err;
}

bool api_event(struct api_req *req, const char *event, const char *label, json_t *changes)
{
	struct api_ledger_event e = {.event = event,
				     .tenant = req->who.tenant,
				     .account = req->who.account,
				     .actor = req->who.actor,
				     .label = label,
				     .source = api_req_source(req),
				     .request = req->id,
				     .changes = changes};
	if (api_ledger_put(req->api->ledger, &e) == 0)
		return true;
	api_fail(req, RES_P_AWAY, "the audit log cannot be written");
	return false;
}
