/* The inside of trunk_state, for the files that it is made of: what lives (trunk_life.c), the calls (trunk_call.c),
 * what acd says of them (trunk_living.c). Everything here is called under the lock. */
#ifndef TRUNK_LIFE_H
#define TRUNK_LIFE_H
#include "trunk_state.h"
#include <stdatomic.h>

/* A window has twentieths of a second; the oldest counts whole: never more than allowed within any second. */
#define TRUNK_SLOTS        21
#define TRUNK_BUCKETS      4096
#define TRUNK_LIFE_BUCKETS 16384
#define TRUNK_CALL_ID_SIZE 200

struct trunk_life { /* of a trunk, a host, a number, a group or a pool */
	struct trunk_life *next;
	struct zk_uuid id;
	bool passing; /* a number: forgotten with its last call, for there are millions */
	unsigned turn;
	int calls;
	int64_t slot; /* the newest of the window */
	uint16_t window[TRUNK_SLOTS];
	struct trunk_trunk_state trunk;
	struct trunk_host_state host;
};

struct trunk_attempt {
	struct zk_uuid trunk, host;
	char where[TRUNK_HOST_MAX];
	int port, code;
	int64_t from_us, to_us;
};

/* Whatever is only needed until the answer. */
struct trunk_dialling {
	struct trunk_query q;
	struct trunk_plan plan;
	unsigned at, n;
	bool full, dead; /* what was passed over */
	struct trunk_attempt attempts[TRUNK_ATTEMPTS];
};

struct trunk_call {
	struct trunk_call *next;
	uint64_t key;                 /* of call_id */
	struct zk_uuid trunk, number; /* held; zero: none */
	int64_t begun_us;
	struct trunk_dialling *d;
	bool named;
	struct trunk_charge charge;
	char call_id[TRUNK_CALL_ID_SIZE];
};

struct trunk_state {
	_Atomic unsigned lock;
	unsigned n_lives;
	size_t n_calls;
	struct trunk_tallies *tallies;
	struct trunk_call *calls[TRUNK_BUCKETS];
	struct trunk_life *lives[TRUNK_LIFE_BUCKETS];
};

void trunk_lock(struct trunk_state *s);
void trunk_unlock(struct trunk_state *s);

struct trunk_life *trunk_life_find(struct trunk_state *s, const struct zk_uuid *id);
struct trunk_life *trunk_life_get(struct trunk_state *s,
				  const struct zk_uuid *id); /* made if it is new; NULL: no room */
struct trunk_life *trunk_life_number(struct trunk_state *s, const struct zk_uuid *id);
void trunk_lives_free(struct trunk_state *s);
/* One more call, unless there are `max` or `cps` within the last second. */
bool trunk_life_take(struct trunk_life *l, int max, int cps, int64_t now_us);
/* What stands against an attempt there (trunk_against.c); emergency calls ask nothing. */
enum trunk_obstacle trunk_life_against(const struct trunk_life *trunk, const struct trunk_life *host,
				       const struct trunk_hop *hop, bool closed, int64_t now_us);
void trunk_life_give(struct trunk_state *s, struct zk_uuid *id); /* and forgets the id */

struct trunk_call **trunk_call_place(struct trunk_state *s, const char *call_id);       /* where it is, or would be */
struct trunk_call *trunk_call_make(const char *call_id, int64_t now_us, bool dialling); /* not yet among the calls */
void trunk_call_free(struct trunk_call *c);
/* A new call in its place. */
void trunk_call_put(struct trunk_state *s, struct trunk_call *c, int64_t now_us);
void trunk_call_drop(struct trunk_state *s, struct trunk_call **p, int64_t now_us);
#endif
