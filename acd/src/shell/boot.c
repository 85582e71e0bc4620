/* The start, step by step: configuration, lease, the state in Redis, then the doors and mediad. Each step is given
 * start_wait_ms; a store that is away is done without. */
#include "people/agent.h"
#include "shell/daemon.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum { BOOT_CONFIG, BOOT_LEASE, BOOT_STATE, BOOT_DONE } step;
static uv_timer_t patience;
static bool config_ready, epoch_known, restored;

static void next(struct acd_daemon *d);

static void health(struct acd_daemon *d)
{
	zj_health_set(d->health, d->serving,
		      d->serving            ? ""
		      : step == BOOT_CONFIG ? "waiting for configuration"
					    : "standing by");
}

static void open_doors(struct acd_daemon *d)
{
	struct acd_tenant *t, *nt;
	struct acd_agent *a, *na;
	int err;

	acd_enter(d->acd);
	HASH_ITER (hh, d->acd->tenants, t, nt)
		HASH_ITER (hh, t->agents, a, na)
			acd_agent_restore_timers(a);
	acd_leave(d->acd);
	err = acd_edge_alloc(&d->edge, d);
	if (!err)
		err = acd_api_alloc(&d->api, d);
	if (!err)
		err = acd_media_link_open(d->media);
	if (err) {
		zj_error("boot", "cannot open the doors edge=%s listen=%s err=%s", d->conf.edge, d->conf.listen,
			 strerror(err));
		acd_stop(d, 1, "no sockets");
		return;
	}
	step = BOOT_DONE;
	d->serving = true;
	acd_mirror_write_all(d->mirror);
	acd_writer_kick(d->writer);
	acd_wake(d);
	health(d);
	zj_info("boot", "serving epoch=%lld", (long long)d->acd->epoch);
}

static void owned_h(struct acd_daemon *d)
{
	if (d->serving) { /* a new epoch, or Redis came back */
		acd_mirror_write_all(d->mirror);
		acd_media_link_epoch(d->media);
		return;
	}
	if (step != BOOT_LEASE)
		return;
	if (!acd_mirror_is_up(d->mirror)) {
		open_doors(d);
		return;
	}
	step = BOOT_STATE;
	acd_restore(d, open_doors);
}

static void take_lease(struct acd_daemon *d)
{
	if (restored)
		return;
	restored = true;
	step = BOOT_LEASE;
	health(d);
	acd_lease_take(d->lease, 0);
}

/* Goes on when configuration is known and PostgreSQL has said its epoch; patience ends waiting for what is away. */
static void next(struct acd_daemon *d)
{
	bool patient = uv_is_active((uv_handle_t *)&patience);

	if (step != BOOT_CONFIG)
		return;
	if (!config_ready && (patient || !acd_follower_has_copy(d->follower)))
		return;
	if (patient && (!epoch_known || !acd_mirror_is_up(d->mirror)))
		return;
	take_lease(d);
}

static void patience_h(uv_timer_t *t)
{
	next(t->data);
}

static void config_h(struct acd_daemon *d)
{
	config_ready = true;
	next(d);
}

static void epoch_h(int err, int failed, PGresult *const *results, int n, void *arg)
{
	struct acd_daemon *d = arg;

	(void)failed;
	if (!err && n == 1 && PQntuples(results[0]) == 1 && !PQgetisnull(results[0], 0, 0))
		acd_lease_above(d->lease, atoll(PQgetvalue(results[0], 0, 0)));
	epoch_known = true;
	next(d);
}

/* Twice a day: partitions for the months to come, and an end to changes that everybody has seen. */
static void kept_house_h(int err, int failed, PGresult *const *results, int n, void *arg)
{
	struct acd_daemon *d = arg;

	if (err == EPROTO && failed >= 0 && failed < n)
		zj_error("boot", "maintenance failed because=%s", zj_log_esc(PQresultErrorMessage(results[failed])));
	d->keep_house_at = zj_mono_us() + (err ? 60 : 12 * 3600) * ACD_S;
}

static void keep_house(struct acd_daemon *d)
{
	static const struct zj_pg_query queries[] = {{.sql = "call zj_partitions()"},
						     {.sql = "select zj_change_trim()"}};

	if (zj_mono_us() < d->keep_house_at || !zj_pg_is_up(d->pg))
		return;
	d->keep_house_at = zj_mono_us() + 60 * ACD_S;
	if (zj_pg_run(d->pg, queries, 2, kept_house_h, d))
		zj_debug("boot", "maintenance waits for PostgreSQL");
}

static void tick_h(uv_timer_t *t)
{
	struct acd_daemon *d = t->data;

	next(d);
	zj_metric_set(&acd_metrics[ACD_M_CALLS], (int64_t)HASH_COUNT(d->acd->calls));
	zj_metric_set(&acd_metrics[ACD_M_WAITING], d->acd->n_waiting);
	zj_metric_set(&acd_metrics[ACD_M_SIGNED_IN], d->acd->n_signed_in);
	zj_metric_set(&acd_metrics[ACD_M_DECISIONS], d->acd->stats.decisions);
	zj_metric_set(&acd_metrics[ACD_M_OFFERS], d->acd->stats.offers);
	zj_metric_set(&acd_metrics[ACD_M_ANSWERED], d->acd->stats.answered);
	zj_metric_set(&acd_metrics[ACD_M_REFUSED], d->acd->stats.refused);
	zj_metric_set(&acd_metrics[ACD_M_IMPOSSIBLE], d->acd->stats.impossible);
	zj_metric_set(&acd_metrics[ACD_M_SPOOL], (int64_t)zj_spool_waiting(d->spool));
	zj_metric_set(&acd_metrics[ACD_M_SPOOL_FAILURES], zj_spool_failures(d->spool));
	zj_metric_set(&acd_metrics[ACD_M_PG_UP], zj_pg_is_up(d->pg));
	if (d->serving) {
		acd_writer_kick(d->writer);
		keep_house(d);
		acd_trunks_living(d);
	}
	if (step < BOOT_DONE)
		uv_timer_set_repeat(t, 20);
	else
		uv_timer_set_repeat(t, 250);
}

void acd_boot(struct acd_daemon *d)
{
	static const struct zj_pg_query epoch = {.sql = "select max(epoch) from acd_epoch"};
	int err = acd_music_make(d->conf.music);

	if (err)
		zj_warn("boot", "no music made path=%s err=%s", d->conf.music, strerror(err));
	uv_timer_init(d->loop, &patience);
	patience.data = d;
	uv_timer_start(&patience, patience_h, (uint64_t)d->conf.start_wait_ms, 0);
	uv_timer_init(d->loop, &d->tick);
	d->tick.data = d;
	uv_timer_start(&d->tick, tick_h, 20, 20);
	health(d);
	err = acd_lease_alloc(&d->lease, d, owned_h);
	if (!err)
		err = acd_follower_alloc(&d->follower, d, config_h);
	if (err || zj_pg_run(d->pg, &epoch, 1, epoch_h, d))
		epoch_known = true;
	if (err)
		acd_stop(d, 1, strerror(err));
}
