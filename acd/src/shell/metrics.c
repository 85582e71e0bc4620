#include "shell/daemon.h"

#define C(id, name, help) [ACD_M_##id] = {name, help, ZJ_COUNTER, 0}
#define G(id, name, help) [ACD_M_##id] = {name, help, ZJ_GAUGE, 0}
struct zj_metric acd_metrics[ACD_M_COUNT + 1] = {
	G(CALLS, "calls", "living calls"),
	G(WAITING, "waiting", "callers in queues"),
	G(SIGNED_IN, "agents", "agents signed in"),
	C(DECISIONS, "decisions_total", "assignments of a caller to an agent"),
	C(OFFERS, "offers_total", "calls to agents' phones by queues"),
	C(ANSWERED, "offers_answered_total", "offers that were answered"),
	C(REFUSED, "refused_total", "calls refused on arrival"),
	C(IMPOSSIBLE, "impossible_total", "events that a state machine forbids: look into the log"),
	G(SPOOL, "spool_waiting", "facts not yet in PostgreSQL"),
	C(SPOOL_FAILURES, "spool_failures_total", "facts that could not be kept: the disk is full or broken"),
	C(WRITTEN, "facts_written_total", "facts written to PostgreSQL"),
	C(DEAD, "facts_dead_total", "facts that PostgreSQL refused, in spool/dead: somebody must look"),
	G(REDIS_UP, "redis_up", "1: Redis answers"),
	G(PG_UP, "pg_up", "1: PostgreSQL answers"),
	G(MEDIA_UP, "media_up", "1: mediad obeys us"),
	G(EDGE_UP, "edge_up", "1: registrations are known"),
	G(UNACKED, "media_unacked", "events of mediad that are not yet kept"),
	C(STEP_US, "steps_us_total",
	  "microseconds spent on events of mediad: their decisions and the commands that follow"),
	C(STEPS, "steps_total", "events of mediad"),
	G(STEP_MAX_US, "step_max_us", "the longest of them"),
	C(OFFER_US, "offer_latency_us_total",
	  "microseconds from what freed the agent or brought the caller to the command that rings the phone"),
	[ACD_M_COUNT] = {NULL, NULL, ZJ_GAUGE, 0},
};
