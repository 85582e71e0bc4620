/* The engine's effects in the real world. */
#include "shell/daemon.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The wall clock as it was at the start, plus monotonic time: it never steps back. A wall clock that was set is
 * followed slowly, at most 1 ms a call. */
static int64_t now(void *arg)
{
	struct acd_daemon *d = arg;
	int64_t mono = zj_mono_us(), wall = zj_now_us(), t;

	d->entered_at = mono;

	if (!d->clock_offset)
		d->clock_offset = wall - mono;
	t = mono + d->clock_offset;
	if (wall - t > 100 * ACD_MS)
		d->clock_offset += ACD_MS;
	else if (t - wall > 100 * ACD_MS)
		d->clock_offset -= ACD_MS;
	t = mono + d->clock_offset;
	if (t < d->last_now)
		t = d->last_now;
	return d->last_now = t;
}

static void uuid(char out[ZJ_UUID_SIZE], void *arg)
{
	(void)arg;
	zj_uuid7(out);
}

static void media(const char *method, json_t *params, void *arg)
{
	struct acd_daemon *d = arg;

	acd_media_link_send(d->media, method, params);
	if (!strcmp(method, "leg.originate"))
		zj_metric_add(&acd_metrics[ACD_M_OFFER_US], zj_mono_us() - d->entered_at);
}

static void fact(const char *tenant, const char *table, json_t *row, void *arg)
{
	acd_mirror_fact(((struct acd_daemon *)arg)->mirror, tenant, table, row);
}

/* Before we own anything, configuration already fills the model: none of that may overwrite what the last owner left in
 * Redis. The start writes everything once it is read back. */
static void state(const char *tenant, enum acd_kind kind, const char *id, json_t *value, void *arg)
{
	struct acd_daemon *d = arg;

	if (d->acd->epoch)
		acd_mirror_state(d->mirror, tenant, kind, id, value);
	else
		json_decref(value);
}

static void event(struct acd_tenant *t, json_t *e, void *arg)
{
	struct acd_daemon *d = arg;
	char *data, *text = NULL; /* rendered once for all that want it */

	if (!d->acd->epoch)
		return;
	data = json_dumps(json_object_get(e, "data"), JSON_COMPACT);
	if (data && asprintf(&text, "{\"tenant\":\"%s\",\"cursor\":\"%s\",\"at\":\"%s\",\"type\":\"%s\",\"data\":%s}",
			     t->id, acd_str(e, "cursor"), acd_str(e, "at"), acd_str(e, "type"), data) > 0) {
		acd_mirror_event(d->mirror, t->id, e, text, data);
		if (d->api)
			acd_api_event(d->api, t->id, text);
		free(text);
	}
	free(data);
}

static void commit(const char *tenant, void *arg)
{
	acd_mirror_commit(((struct acd_daemon *)arg)->mirror, tenant);
}

static void phone(const struct acd_extension *e, const struct acd_phone_state *s, void *arg)
{
	acd_edge_publish(((struct acd_daemon *)arg)->edge, e, s);
}

const struct acd_effects acd_effects = {.now = now,
					.uuid = uuid,
					.media = media,
					.fact = fact,
					.state = state,
					.event = event,
					.commit = commit,
					.phone = phone};

static void wake_h(uv_timer_t *timer)
{
	struct acd_daemon *d = timer->data;

	acd_run_timers(d->acd);
	acd_wake(d);
}

void acd_wake(struct acd_daemon *d)
{
	int64_t next = acd_next_timer(d->acd), wait = next - now(d);

	if (next < 0)
		uv_timer_stop(&d->wake);
	else
		uv_timer_start(&d->wake, wake_h, wait <= 0 ? 0 : (uint64_t)((wait + ACD_MS - 1) / ACD_MS), 0);
}

/* Ends the loop; the first code stays. */
void acd_stop(struct acd_daemon *d, int code, const char *why)
{
	if (d->exit_code < 0) {
		zj_info("main", "stopping code=%d why=%s", code, why);
		d->exit_code = code;
	}
	uv_stop(d->loop);
}
