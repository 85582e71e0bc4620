/* What the module's own processes keep: names that become addresses; hours and registrations. */
#ifndef TRUNK_KEEP_H
#define TRUNK_KEEP_H
#include "trunk_state.h"

#define TRUNK_KEEP_EVERY_MS 1000

struct trunk_keep;
/* `rpc`: Kamailio's JSON-RPC datagram socket, for uac's registrations; NULL: none. `owns`: is a trunk this edge's to
 * register? NULL: all are. Everything is borrowed. */
int trunk_keep_alloc(struct trunk_keep **kp, struct zk_store *store, struct trunk_state *state, const char *rpc,
		     bool (*owns)(const struct zk_uuid *trunk)) __attribute__((warn_unused_result));
/* Looks at every trunk: opens and closes, registers. Waits for Kamailio's RPC. */
void trunk_keep_turn(struct trunk_keep *k, int64_t now_us);
/* Resolves the names of hosts. Waits for DNS, so it has a process of its own. */
void trunk_names_turn(struct trunk_keep *k, int64_t now_us);

/* Asks every host that is due by OPTIONS; a timer of Kamailio's calls it. 0 or -1: no tm. */
int trunk_probe_init(struct zk_store *store, struct trunk_state *state);
void trunk_probe_timer(unsigned int ticks, void *param);

/* Another edge has said how the registration is that it keeps. */
void trunk_elsewhere(const struct zk_uuid *trunk, const char *state);

/* Told whenever a host's or trunk's state changed: state is up, down, registered, failed, paused; rtt_ms < 0: none. */
void trunk_changed(const struct zk_uuid *trunk, const struct zk_uuid *host, const char *state, int rtt_ms, int code);
int64_t trunk_now_us(void);
/* Of the module `did` (zk_did.h); without it a package of hours is never open and a name identifies nobody. */
bool trunk_works(const struct zk_uuid *tenant, const struct zk_uuid *package, int64_t at);
void trunk_named(const struct zk_uuid *host, const struct zk_uuid *trunk, const struct trunk_addr *addr, unsigned n);
#endif
