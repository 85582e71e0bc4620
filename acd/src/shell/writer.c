/* Facts from the spool into PostgreSQL, in batches, in order; `on conflict do nothing` makes a repeat harmless. A batch
 * that the server refuses is tried again fact by fact, and the one at fault goes to spool/dead. */
#include "shell/daemon.h"
#include "zj_obj.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH    200
#define RETRY_MS 500

/* Columns that a fact gives; a column that is not here takes its default. */
static const struct acd_fact_table {
	const char *name, *columns;
} tables[] = {
	{"call", "tenant_id, id, direction, kind, caller, callee, did, trunk_id, started_at, answered_at, ended_at, "
		 "hangup_by, hangup_cause, "
		 "hangup_reason, result, first_queue, last_agent, related_call, relation, route_id, binding_kind, "
		 "binding_id, vip, barred_by"},
	{"call_leg", "tenant_id, call_id, id, role, sip_call_id, agent_id, group_id, extension, trunk_id, contact, "
		     "offered_at, ringing_at, "
		     "early_media_at, answered_at, ended_at, sip_code, cause, attempts, progress, codec, relay, "
		     "loss_rx, jitter_ms_rx, "
		     "rtt_ms, mos_rx"},
	{"call_segment", "tenant_id, call_id, id, room, kind, legs, from_at, to_at, began_by, ended_by"},
	{"queue_visit", "tenant_id, call_id, id, queue_id, entered_at, left_at, priority, vip, position_in, "
			"waiting_in, agents_in, idle_in, "
			"left_how, agent_id, why"},
	{"offer", "tenant_id, call_id, id, visit_id, agent_id, leg_id, offered_at, ringing_at, ended_at, outcome"},
	{"ivr_visit", "tenant_id, call_id, id, flow_id, flow_version, entered_at, left_at, left_how, path, variables"},
	{"agent_state",
	 "tenant_id, id, agent_id, state, reason, from_at, to_at, call_id, queue_id, cause, ended_by, by_account"},
	{"recording",
	 "tenant_id, call_id, id, leg_id, segment_id, from_at, to_at, pauses, store, node, path, format, "
	 "channels, bytes, sha256, key_id, agent_id, queue_id, kind, direction, caller, callee, ended_how, "
	 "because"},
	{"ring", "tenant_id, call_id, id, group_id, extension_id, leg_id, offered_at, ringing_at, ended_at, outcome"},
	{"extension_change", "tenant_id, id, extension_id, call_id, field, value, at"},
	{"conference", "tenant_id, id, call_id, room_id, number, name, started_at, ended_at, members, peak, ended_how"},
	{"voicemail",
	 "tenant_id, id, call_id, box_id, queue_id, caller, caller_name, callee, did, language, left_at, ms, bytes, "
	 "sha256, node, path, state"},
	{"voicemail_act",
	 "tenant_id, id, call_id, box_id, voicemail_id, what, path, at"}, /* after the messages it is about */
	{"fax_attempt",
	 "tenant_id, id, call_id, fax_id, direction, device_id, number, station, started_at, ms, reason, because, "
	 "pages, bytes, sha256, bit_rate, ecm, width, y_dpm, bad_rows, node, path"},
	{"ban", "tenant_id, id, kind, what, because, edge, from_at, until_at, note"},
	{"toll_alarm",
	 "tenant_id, id, guard_id, subject, extension_id, account_id, measure, percent, used, most, edge, at"},
	{"event", "tenant_id, id, epoch, seq, at, type, data"},
};

struct acd_writer {
	struct acd_daemon *d;
	uv_timer_t retry;
	bool busy, closing;
	size_t single; /* so many facts are to be tried one by one */
	size_t n;      /* in flight */
	struct acd_fact batch[BATCH];
	const char *lines[BATCH]; /* borrowed from the spool until it is asked again */
};

static void next(struct acd_writer *w);

static void retry_h(uv_timer_t *t)
{
	next(t->data);
}

static void later(struct acd_writer *w)
{
	if (!w->closing)
		uv_timer_start(&w->retry, retry_h, RETRY_MS, 0);
}

static const char *sql_of(const struct acd_fact_table *t, char *sql, size_t size)
{
	snprintf(sql, size,
		 "insert into %s (%s) select %s from jsonb_populate_recordset(null::%s, $1::text::jsonb) on conflict "
		 "do nothing",
		 t->name, t->columns, t->columns, t->name);
	return sql;
}

/* Redis may forget what PostgreSQL has. (It never had the events.) */
static void forget(struct acd_writer *w, size_t n)
{
	const char *ids[BATCH], *tenant = NULL;
	size_t i, k = 0;

	for (i = 0; i < n && acd_mirror_is_up(w->d->mirror); i++) {
		const struct acd_fact *f = &w->batch[i];

		if (!f->table[0] || !strcmp(f->table, "event"))
			continue;
		if (k && strcmp(tenant, f->tenant)) {
			acd_mirror_written(w->d->mirror, tenant, ids, k);
			k = 0;
		}
		tenant = f->tenant;
		ids[k++] = f->id;
	}
	if (k)
		acd_mirror_written(w->d->mirror, tenant, ids, k);
}

static void done(struct acd_writer *w, size_t n)
{
	forget(w, n);
	if (zj_spool_done(w->d->spool, n))
		zj_error("writer", "spool cannot be advanced n=%zu", n);
	zj_metric_add(&acd_metrics[ACD_M_WRITTEN], (int64_t)n);
}

/* Is the fact at fault (class 22 data, 23 constraint, 42 unknown column …), or the moment? */
static bool is_fact_at_fault(const PGresult *res)
{
	const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;

	return state && (!strncmp(state, "22", 2) || !strncmp(state, "23", 2) || !strncmp(state, "42", 2));
}

/* Puts the batch's only fact aside for a person to look at. */
static void bury(struct acd_writer *w, const char *because)
{
	json_t *record = json_loads(w->lines[0], 0, NULL);
	int err;

	if (!record)
		record = json_string(w->lines[0]);
	zj_error("writer", "fact refused, kept in spool/dead table=%s id=%s because=%s", w->batch[0].table,
		 w->batch[0].id, zj_log_esc(because));
	err = zj_spool_dead(w->d->spool, record ? record : json_null(), because);
	json_decref(record);
	if (err) {
		later(w);
		return;
	}
	zj_metric_add(&acd_metrics[ACD_M_DEAD], 1);
	done(w, 1);
	next(w);
}

static void refused(struct acd_writer *w, const PGresult *res)
{
	const char *message = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;

	if (!is_fact_at_fault(res)) {
		zj_warn("writer", "PostgreSQL cannot now because=%s", zj_log_esc(message ? message : "unknown"));
		later(w);
	} else if (w->n > 1) {
		w->single = w->n;
		next(w);
	} else {
		bury(w, message ? message : "refused");
	}
}

static void written_h(int err, int failed, PGresult *const *results, int n, void *arg)
{
	struct acd_writer *w = arg;

	w->busy = false;
	if (w->closing)
		return;
	if (err == EPROTO) {
		refused(w, failed >= 0 && failed < n ? results[failed] : NULL);
	} else if (err) {
		later(w);
	} else {
		done(w, w->n);
		next(w);
	}
}

/* The rows of one table as a JSON array, put together without looking inside. NULL: none. */
static char *rows_of(const struct acd_writer *w, const char *table)
{
	size_t size = 3, len = 0, i;
	char *text;

	for (i = 0; i < w->n; i++)
		size += !strcmp(w->batch[i].table, table) ? w->batch[i].row_len + 1 : 0;
	text = size > 3 ? malloc(size) : NULL;
	for (i = 0; text && i < w->n; i++) {
		if (strcmp(w->batch[i].table, table))
			continue;
		text[len] = len ? ',' : '[';
		memcpy(text + len + 1, w->batch[i].row, w->batch[i].row_len);
		len += 1 + w->batch[i].row_len;
	}
	if (text)
		memcpy(text + len, "]", 2);
	return text;
}

/* One statement a table. ENOENT: there is nothing of ours in the batch. */
static int write_batch(struct acd_writer *w)
{
	struct zj_pg_query queries[ZJ_ARRAY_SIZE(tables)];
	char sql[ZJ_ARRAY_SIZE(tables)][1024], *values[ZJ_ARRAY_SIZE(tables)];
	int n = 0, err;

	for (size_t t = 0; t < ZJ_ARRAY_SIZE(tables); t++) {
		values[n] = rows_of(w, tables[t].name);
		if (values[n]) {
			queries[n] = (struct zj_pg_query){.sql = sql_of(&tables[t], sql[n], sizeof(sql[n])),
							  .n = 1,
							  .values = (const char *const *)&values[n]};
			n++;
		}
	}
	err = n ? zj_pg_run(w->d->pg, queries, n, written_h, w) : ENOENT;
	while (n--)
		free(values[n]);
	return err;
}

static bool is_ours(const struct acd_fact *f)
{
	for (size_t t = 0; t < ZJ_ARRAY_SIZE(tables); t++)
		if (!strcmp(tables[t].name, f->table))
			return true;
	return false;
}

static void next(struct acd_writer *w)
{
	size_t i;
	int err;

	if (w->busy || w->closing)
		return;
	if (zj_spool_peek_text(w->d->spool, w->single ? 1 : BATCH, w->lines, &w->n) || w->n == 0)
		return;
	if (w->single)
		w->single--;
	for (i = 0; i < w->n; i++)
		if (!acd_fact_read(&w->batch[i], w->lines[i]) || !is_ours(&w->batch[i])) {
			if (i == 0) {
				bury(w, "not a fact");
				return;
			}
			w->n = i; /* up to it; then it */
		}
	err = write_batch(w);
	if (err)
		later(w);
	else
		w->busy = true;
}

static void kick_h(uv_timer_t *t)
{
	next(t->data);
}

/* There may be something: within 20 ms, so that what is born together travels together. */
void acd_writer_kick(struct acd_writer *w)
{
	if (w && !w->busy && !w->closing && !uv_is_active((uv_handle_t *)&w->retry))
		uv_timer_start(&w->retry, kick_h, 20, 0);
}

int acd_writer_alloc(struct acd_writer **wp, struct acd_daemon *d)
{
	struct acd_writer *w = zj_alloc(sizeof(*w), NULL);

	if (!w)
		return ENOMEM;
	w->d = d;
	uv_timer_init(d->loop, &w->retry);
	w->retry.data = w;
	*wp = w;
	return 0;
}

static void closed_h(uv_handle_t *h)
{
	zj_deref(h->data);
}

void acd_writer_close(struct acd_writer *w)
{
	w->closing = true;
	uv_close((uv_handle_t *)&w->retry, closed_h);
}
