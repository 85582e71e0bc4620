/* What the daemon asks of the table of jobs. */
#ifndef WK_DAEMON_SQL_H
#define WK_DAEMON_SQL_H

/* $1 how many, $2 of one tenant, $3 seconds without heartbeat after which a job is nobody's. A tenant's next job comes
 * the later the more of its jobs run already, so that fifty of one tenant hold up nobody else's. What was let go of
 * waits a second more after every attempt. Answers (tenant_id, id, attempts). */
static const char wk_claim_sql[] =
	"with busy as (select tenant_id, count(*) as n from zj.job where state in ('running', 'cancelling')"
	"  and heartbeat_at >= now() - make_interval(secs => $3::int) group by tenant_id),"
	" due as (select j.tenant_id, j.id, coalesce(j.run_at, j.created_at) as at, coalesce(b.n, 0)"
	"    + row_number() over (partition by j.tenant_id order by coalesce(j.run_at, j.created_at), j.id) as turn"
	"  from zj.job j left join busy b using (tenant_id)"
	"  where j.state = 'waiting' and (j.run_at is null or j.run_at <= now())"
	"      and (j.heartbeat_at is null or j.heartbeat_at < now() - make_interval(secs => least(j.attempts, 60)))"
	"    or j.state in ('running', 'cancelling')"
	"      and j.heartbeat_at < now() - make_interval(secs => $3::int)),"
	" pick as (select j.tenant_id, j.id from zj.job j join due d using (tenant_id, id) where d.turn <= $2::int"
	"  order by d.turn, d.at limit $1::int for update of j skip locked)"
	" update zj.job j set state = case when j.state = 'cancelling' or j.cancel then 'cancelling' else 'running' "
	"end,"
	"  attempts = j.attempts + 1, heartbeat_at = now(), started_at = coalesce(j.started_at, now()), error = null"
	" from pick p where j.tenant_id = p.tenant_id and j.id = p.id and j.attempts < 1000"
	" returning j.tenant_id, j.id, j.attempts, j.kind, coalesce(j.resource, '-')";

/* $1 ids: they live. Answers (id) of those that were told to stop. */
static const char wk_beat_sql[] =
	"update zj.job set heartbeat_at = now() where id = any ($1::uuid[]) and state in ('running', 'cancelling')"
	" returning id, cancel or state = 'cancelling'";

/* A child ended without ending its job. $1 tenant, $2 id, $3 attempt, $4 attempts that there may be, $5 why, $6 was it
 * let go of properly. */
static const char wk_release_sql[] =
	"update zj.job set state = case when cancel or state = 'cancelling' then 'cancelled'"
	"   when not $6::boolean and attempts >= $4::int then 'failed' else 'waiting' end,"
	"  heartbeat_at = case when $6::boolean then null else now() end,"
	"  finished_at = case when cancel or state = 'cancelling' or not $6::boolean and attempts >= $4::int then "
	"now() end,"
	"  error = case when not $6::boolean and attempts >= $4::int and not cancel then $5 end"
	" where tenant_id = $1::uuid and id = $2::uuid and attempts = $3::int and state in ('running', 'cancelling')"
	" returning state";
#endif
