/* What lives in shared memory beside the configuration: calls and what they hold, counters and rates of trunks and
 * numbers, health of hosts, whose turn it is. One lock around everything; nothing is done under it but arithmetic.
 * Pure: the clock comes with each call.
 *
 * A call (by its SIP Call-ID) holds a channel of at most one trunk and of at most one number. It gives them back when
 * it ends, when it goes on to another trunk, or when acd does not name it among the living any more. */
#ifndef TRUNK_STATE_H
#define TRUNK_STATE_H
#include "trunk_tally.h"

#define TRUNK_ATTEMPTS  12
#define TRUNK_CALLS_MAX 20000
#define TRUNK_LIVES     200000 /* trunks, hosts, groups, pools; numbers while they have calls */
#define TRUNK_ADDRS     4
#define TRUNK_PAUSE_US  60000000LL /* a trunk that failed too often in a row rests so long */

#define TRUNK_FAULT 80

struct trunk_state;
int trunk_state_alloc(struct trunk_state **sp) __attribute__((warn_unused_result));
void trunk_state_free(struct trunk_state *s);

enum trunk_health { TRUNK_UNKNOWN, TRUNK_UP, TRUNK_DOWN };
const char *trunk_health_name(enum trunk_health h);
enum trunk_reg { TRUNK_REG_NONE, TRUNK_REG_TRYING, TRUNK_REG_OK, TRUNK_REG_FAILED };
const char *trunk_reg_name(enum trunk_reg r);

/* ---- counters ---- */
/* Counts the calls of a group or a pool. */
unsigned trunk_state_turn(struct trunk_state *s, const struct zk_uuid *id);
unsigned trunk_state_turn_next(struct trunk_state *s, const struct zk_uuid *id); /* what that would be */
int trunk_state_calls(struct trunk_state *s, const struct zk_uuid *id);

/* ---- hosts ---- */
struct trunk_host_state {
	enum trunk_health health;
	int rtt_us, misses;
	int64_t since_us, asked_us, missed_us;
	unsigned n; /* addresses, the first is the one in use */
	struct trunk_addr addr[TRUNK_ADDRS];
	unsigned used;
	char fault[TRUNK_FAULT]; /* why TLS to it failed last; "": it did not */
};
/* What is known of a host; false: nothing (zeroed). */
bool trunk_state_host(struct trunk_state *s, const struct zk_uuid *host, struct trunk_host_state *out);
void trunk_state_resolved(struct trunk_state *s, const struct zk_uuid *host, const struct trunk_addr *addr, unsigned n);
void trunk_state_asked(struct trunk_state *s, const struct zk_uuid *host, int64_t now_us);
/* An answer (rtt_us >= 0) or none (-1) to OPTIONS or a call. True: its health changed. Two misses in a row make it
 * down. */
bool trunk_state_heard(struct trunk_state *s, const struct zk_uuid *host, int rtt_us, int64_t now_us);
/* TLS to it failed, which makes it down at once, or ("") is there. True: that is new. */
bool trunk_state_fault(struct trunk_state *s, const struct zk_uuid *host, const char *fault, int64_t now_us);

/* ---- trunks ---- */
struct trunk_trunk_state {
	int calls, failures;
	int64_t paused_until_us;
	bool closed; /* outside of its schedule */
	enum trunk_reg reg;
	int reg_code;
	int64_t reg_since_us;
	unsigned long attempts, answered;
};
bool trunk_state_trunk(struct trunk_state *s, const struct zk_uuid *trunk, struct trunk_trunk_state *out);
void trunk_state_close(struct trunk_state *s, const struct zk_uuid *trunk, bool closed);
/* True: changed. */
bool trunk_state_registered(struct trunk_state *s, const struct zk_uuid *trunk, enum trunk_reg reg, int code,
			    int64_t now_us);

/* ---- calls ---- */
enum trunk_step {
	TRUNK_GO,        /* hop is filled, the channel is held */
	TRUNK_EXHAUSTED, /* nothing (more) to try */
	TRUNK_FULL,      /* nothing to try but trunks at their limits */
	TRUNK_DEAD,      /* nothing to try but hosts that do not answer */
	TRUNK_UNCALLED,  /* no such call */
};
/* A call begins (again: the former of the same Call-ID is given up). False: no room. `chosen` may be NULL. EAGAIN-like:
 * the number's lines are all in use → *full. */
bool trunk_call_begin(struct trunk_state *s, const char *call_id, const struct trunk_query *q,
		      const struct trunk_plan *plan, const struct trunk_chosen *chosen, int64_t now_us, bool *full);
/* An inbound call of a trunk takes a channel; false: full (or no room). */
bool trunk_call_in(struct trunk_state *s, const char *call_id, const struct zk_uuid *trunk, int max_calls,
		   int64_t now_us);
/* The next candidate that is alive and has room. */
enum trunk_step trunk_call_next(struct trunk_state *s, struct zk_store *store, const char *call_id, int64_t now_us,
				struct trunk_hop *hop);
/* What stands against an attempt now, for people who ask; `closed`: its hours at the time that they ask about. */
enum trunk_obstacle {
	TRUNK_FREE,
	TRUNK_CLOSED,
	TRUNK_PAUSED,
	TRUNK_UNREACHABLE,
	TRUNK_UNREGISTERED,
	TRUNK_CHANNELS, /* all in use */
	TRUNK_OBSTACLES
};
const char *trunk_obstacle_name(enum trunk_obstacle o);
enum trunk_obstacle trunk_state_against(struct trunk_state *s, const struct trunk_hop *hop, bool closed,
					int64_t now_us);
/* The present attempt got this answer. `failed`: it counts against the trunk. True: the trunk rests from now on. */
bool trunk_call_answer(struct trunk_state *s, const char *call_id, int code, bool failed, int disable_after,
		       int64_t now_us);
void trunk_call_end(struct trunk_state *s, const char *call_id, int64_t now_us);
/* The same by 64 bits of a Call-ID (under this start's seed, never 0), for who has no room for the text. */
uint64_t trunk_call_key(const char *call_id);
void trunk_call_end_key(struct trunk_state *s, uint64_t key, int64_t now_us);

/* ---- toll guard ---- */
/* A call that has begun is counted; false: a limit refuses it (and it is to be ended). */
bool trunk_call_guard(struct trunk_state *s, const char *call_id, const struct trunk_guarded *g, int64_t now_us,
		      struct zk_uuid *guard, enum trunk_measure *measure, struct trunk_alarms *alarms);
/* One that acd named and nobody here knew. */
void trunk_call_adopt(struct trunk_state *s, const char *call_id, const struct trunk_guarded *g, int64_t answered_us,
		      int64_t now_us);
int trunk_call_longest(struct trunk_state *s, const char *call_id); /* seconds; 0: no limit */
/* Some of the calls that go on (`*from` counts on until it is 0 again): what they cost by now. */
void trunk_state_accrue(struct trunk_state *s, unsigned *from, int64_t now_us, struct trunk_alarms *alarms);
struct trunk_used trunk_state_used(struct trunk_state *s, const struct zk_uuid *subject, int64_t now_us);
/* Runs `h` with the tallies, under the lock. */
void trunk_state_tallies(struct trunk_state *s, void (*h)(struct trunk_tallies *t, void *arg), void *arg);
/* The attempts so far: `trunk;host:port;code;ms,…` (code 0: under way). False: no such call. */
bool trunk_call_text(struct trunk_state *s, const char *call_id, char *out, size_t size, int64_t now_us);
/* The attempt that is under way, or was the last. False: none. */
bool trunk_call_now(struct trunk_state *s, const char *call_id, struct trunk_candidate *c, struct trunk_query *q);

/* What acd says lives: begin, name each, end: calls that were there before `begin` and are not named are over; those
 * named and not known (Kamailio was restarted) hold their channels again. */
void trunk_living_begin(struct trunk_state *s);
/* True: it was not known. */
bool trunk_living(struct trunk_state *s, const char *call_id, const struct zk_uuid *trunk, const struct zk_uuid *number,
		  int64_t now_us);
unsigned trunk_living_end(struct trunk_state *s, int64_t now_us); /* how many were given up */
size_t trunk_state_count(struct trunk_state *s);
#endif
