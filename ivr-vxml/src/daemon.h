/* The daemon: controller `ivr` of mediad (docs/control-protocol.md). One loop; a call is one leg and one session. */
#ifndef VX_DAEMON_H
#define VX_DAEMON_H
#include "doc.h"
#include "zj_conf.h"
#include "zj_log.h"
#include "zj_metrics.h"
#include "zj_pg.h"
#include "zj_rpc.h"
#include <uthash.h>
#include <uv.h>

struct vx_conf {
	char *log, *log_level, *mediad, *postgres, *store, *cache, *token;
	int64_t health_port, sessions_max, session_max_s, fetch_max_ms, sound_cache_mb, boxes_ready;
	bool allow_private;
};
extern const struct zj_conf_row vx_conf_rows[];

enum vx_metric {
	VX_M_SESSIONS,
	VX_M_STARTED,
	VX_M_FAILED,
	VX_M_TURNS,
	VX_M_SCRIPT_ERRORS,
	VX_M_SCRIPT_KILLS,
	VX_M_FETCHES,
	VX_M_BOXES,
	VX_M_FLOWS,
	VX_M_MEDIAD,
	VX_METRICS
};
extern struct zj_metric vx_metrics[VX_METRICS + 1];

/* flows.c: flow, prompt, queue, tenant, followed in PostgreSQL and kept as files, so that sessions start without it. */
struct vx_flows;
int vx_flows_alloc(struct vx_flows **fp, uv_loop_t *loop, const char *conninfo, const char *dir) ZJ_MUST_CHECK;
void vx_flows_close(struct vx_flows *f);
bool vx_flows_are_ready(const struct vx_flows *f); /* something is known, from the files or the database */
/* The parsed document (a reference) and its version; ENOENT: no such flow or not enabled; EINVAL: it has faults. */
int vx_flows_document(struct vx_flows *f, const char *tenant, const char *id, struct vx_doc **doc, int *version,
		      struct vx_faults *faults);
struct vx_doc *vx_flows_by_name(struct vx_flows *f, const char *tenant, const char *name);
const char *vx_flows_lang(struct vx_flows *f, const char *tenant);
bool vx_flows_has_queue(struct vx_flows *f, const char *tenant, const char *number);
const char *vx_flows_prompt(struct vx_flows *f, const char *tenant, const char *name,
			    const char *lang); /* path below the store; NULL: none */

struct vx_daemon {
	uv_loop_t *loop;
	struct vx_conf conf;
	struct vx_flows *flows;
	struct vx_script_pool *scripts;
	struct vx_fetcher *fetcher;
	struct zj_health *health;
	struct zj_rpc_conn *mediad;
	struct vx_call *calls; /* by leg */
	int64_t seen;          /* last event of this instance of mediad */
	char instance[64];
	bool greeted, stopping;
	uv_timer_t tick;
	uv_signal_t term, intr;
};

/* call.c: one leg that was handed to us. Owned by the daemon's table until the leg is given back. */
struct vx_call;
void vx_call_handed(struct vx_daemon *d, json_t *params);
void vx_call_event(struct vx_daemon *d, const char *method, json_t *params);
void vx_calls_drop(struct vx_daemon *d, const char *why); /* mediad is gone: so are the legs */
void vx_calls_close(struct vx_daemon *d);                 /* at the end of the process */

int vx_daemon_main(int argc, char **argv);
#endif
