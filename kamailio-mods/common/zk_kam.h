/* What our modules share of Kamailio's interfaces: their own process, pseudo-variables, RPC helpers. */
#ifndef ZK_KAM_H
#define ZK_KAM_H
#include "zk_map.h"
#include <core/mod_fix.h>
#include <core/pvar.h>
#include <core/rpc.h>
#include <core/sr_module.h>

/* The module's one process, forked from child_init(PROC_MAIN): named `name`, it runs `run`, which never returns, and
 * dies with Kamailio's main process however that ends. register_procs(1) belongs into mod_init. 0 or -1. */
int zk_kam_fork(const char *name, void (*run)(void));

/* `load` runs in a thread beside the other modules' mod_init, which begins it; child_init(PROC_INIT), which comes
 * before the first fork, waits for its end. It may use shared memory, the log and a connection of its own, nothing
 * else. */
void zk_kam_load(void (*load)(void));
void zk_kam_loaded(void);

/* Draws the hash seed; once per module, in mod_init. */
void zk_kam_seed(void);

/* A zero-terminated copy of a script argument; false when it is missing or does not fit. */
bool zk_kam_arg(struct sip_msg *msg, char *param, char *out, size_t size);

/* A pseudo-variable class with named members: parse_name of all our classes. `names` ends with NULL; the member's index
 * becomes pvn.u.isname.name.n. */
int zk_kam_pv_name(pv_spec_t *sp, const str *in, const char *const *names);
int zk_kam_pv_text(struct sip_msg *msg, pv_param_t *param, pv_value_t *res, const char *text);        /* "" is null */
int zk_kam_pv_uuid(struct sip_msg *msg, pv_param_t *param, pv_value_t *res, const struct zk_uuid *u); /* zero is null */

/* Scans one optional or required text argument of an RPC into `out`; with a fault sent, false. */
bool zk_kam_rpc_text(rpc_t *rpc, void *ctx, bool required, const char *what, char *out, size_t size);
#endif
