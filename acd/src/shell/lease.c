/* Ownership: who owns the 1,024 slots is a hash in Redis, slot → "epoch node"; a node lives as long as its heartbeat
 * key. Taking is one atomic script. While Redis is away the owner goes on, and nobody can take over. */
#include "shell/daemon.h"
#include "zj_obj.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char take_script[] =
	"local max = tonumber(ARGV[2])\n"
	"local all = redis.call('HGETALL', KEYS[1])\n"
	"for i = 1, #all, 2 do\n"
	"  local e, n = string.match(all[i + 1], '^(%d+) (.+)$')\n"
	"  if n ~= ARGV[1] and redis.call('EXISTS', 'zj:{lease}:node:' .. n) == 1 then return {'held', n} end\n"
	"  if tonumber(e) > max then max = tonumber(e) end\n"
	"end\n"
	"local mine = (max + 1) .. ' ' .. ARGV[1]\n"
	"for s = 0, 1023 do redis.call('HSET', KEYS[1], s, mine) end\n"
	"redis.call('SET', 'zj:{lease}:node:' .. ARGV[1], '1', 'PX', ARGV[3])\n"
	"return {'taken', tostring(max + 1)}\n";

static const char beat_script[] = "if redis.call('HGET', KEYS[1], '0') ~= ARGV[2] .. ' ' .. ARGV[1] then return 0 end\n"
				  "redis.call('SET', 'zj:{lease}:node:' .. ARGV[1], '1', 'PX', ARGV[3])\n"
				  "return 1\n";

struct acd_lease {
	struct acd_daemon *d;
	void (*owned_h)(struct acd_daemon *d);
	uv_timer_t beat;
	bool taking;
	int64_t above;
};

static void take(struct acd_lease *l);

static void kept_h(int err, int failed, PGresult *const *results, int n, void *arg)
{
	(void)failed;
	(void)results;
	(void)n;
	(void)arg;
	if (err)
		zj_debug("lease", "epoch not noted in PostgreSQL");
}

static void keep_epoch(struct acd_daemon *d, int64_t epoch)
{
	char text[24];
	const char *values[] = {text, d->conf.node};
	struct zj_pg_query q = {.sql = "insert into acd_epoch (node, epoch) values ($2, $1::bigint) on conflict (node) "
				       "do update set epoch = "
				       "greatest(acd_epoch.epoch, excluded.epoch), at = now()",
				.n = 2,
				.values = values};

	snprintf(text, sizeof(text), "%lld", (long long)epoch);
	if (zj_pg_run(d->pg, &q, 1, kept_h, NULL))
		zj_debug("lease", "epoch not noted in PostgreSQL");
}

static void taken_h(int err, redisReply *reply, void *arg)
{
	struct acd_lease *l = arg;
	struct acd_daemon *d = l->d;

	l->taking = false;
	if (err || reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
		zj_warn("lease", "not taken because=%s",
			err ? "Redis is away" : zj_log_esc(reply->str ? reply->str : "odd answer"));
		if (!d->serving) {
			d->acd->epoch = l->above + 1;
			l->owned_h(d); /* nobody else can take it either */
		}
		return;
	}
	if (!strcmp(reply->element[0]->str, "held")) {
		if (d->serving) {
			acd_stop(d, 75, "another acd owns the slots");
			return;
		}
		zj_info("lease", "standing by, owner=%s", zj_log_esc(reply->element[1]->str));
		return; /* the next beat tries again */
	}
	d->acd->epoch = atoll(reply->element[1]->str);
	zj_info("lease", "taken epoch=%lld", (long long)d->acd->epoch);
	keep_epoch(d, d->acd->epoch);
	l->owned_h(d);
}

static void take(struct acd_lease *l)
{
	if (l->taking)
		return;
	l->taking = !zj_redis_cmd(acd_mirror_redis(l->d->mirror), taken_h, l, "EVAL %s 1 zj:{lease}:slots %s %lld %d",
				  take_script, l->d->conf.node, (long long)l->above, (long long)l->d->conf.lease_ms);
	if (!l->taking && !l->d->serving) {
		l->d->acd->epoch = l->above + 1;
		zj_warn("lease", "Redis is away, going on alone epoch=%lld", (long long)l->d->acd->epoch);
		l->owned_h(l->d);
	}
}

void acd_lease_take(struct acd_lease *l, int64_t above)
{
	if (above > l->above)
		l->above = above;
	if (l->d->acd->epoch > l->above)
		l->above = l->d->acd->epoch;
	take(l);
}

static void beaten_h(int err, redisReply *reply, void *arg)
{
	struct acd_lease *l = arg;

	if (!err && reply->type == REDIS_REPLY_INTEGER && reply->integer == 0 && l->d->serving && !l->taking)
		acd_lease_take(l, 0); /* somebody took it, or Redis lost it: the script tells which */
}

static void beat_h(uv_timer_t *t)
{
	struct acd_lease *l = t->data;

	if (!l->d->acd->epoch) {
		if (zj_redis_is_up(acd_mirror_redis(l->d->mirror)) && l->above >= 0)
			take(l);
		return;
	}
	zj_redis_cmd(acd_mirror_redis(l->d->mirror), beaten_h, l, "EVAL %s 1 zj:{lease}:slots %s %lld %lld",
		     beat_script, l->d->conf.node, (long long)l->d->acd->epoch, (long long)l->d->conf.lease_ms);
}

int acd_lease_alloc(struct acd_lease **lp, struct acd_daemon *d, void (*owned_h)(struct acd_daemon *d))
{
	struct acd_lease *l = zj_alloc(sizeof(*l), NULL);

	if (!l)
		return ENOMEM;
	l->d = d;
	l->owned_h = owned_h;
	l->above = -1;
	uv_timer_init(d->loop, &l->beat);
	l->beat.data = l;
	uv_timer_start(&l->beat, beat_h, (uint64_t)d->conf.lease_ms / 3, (uint64_t)d->conf.lease_ms / 3);
	*lp = l;
	return 0;
}

static void closed_h(uv_handle_t *h)
{
	zj_deref(h->data);
}

void acd_lease_close(struct acd_lease *l)
{
	uv_close((uv_handle_t *)&l->beat, closed_h);
}

void acd_lease_above(struct acd_lease *l, int64_t epoch)
{
	if (epoch > l->above)
		l->above = epoch;
}
