/* The supervisor: a table of processes (etc/processes.json), each started when those it comes after are ready,
 * restarted when it dies, ended in the opposite order. One libuv loop, no threads.
 *
 * Lifetime: `up` owns its children for its whole life; a child owns its probe. */
#ifndef ZONGJI_UP_H
#define ZONGJI_UP_H
#include "zj_metrics.h"
#include "zj_rpc.h"
#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

#define UP_CHILDREN_MAX 64
#define UP_ARGS_MAX     64

/* A child's life. DONE: a `once` child that succeeded. STOPPED: by command. */
enum up_state { UP_WAITING, UP_STARTING, UP_READY, UP_BACKOFF, UP_STOPPING, UP_STOPPED, UP_DONE, UP_STATES };
const char *up_state_name(enum up_state state);

enum up_probe_kind { UP_PROBE_NONE, UP_PROBE_UNIX, UP_PROBE_TCP, UP_PROBE_HEALTH };

struct up_spec {
	const char *name, *user; /* borrowed from the table's JSON; user NULL: our own */
	const char *argv[UP_ARGS_MAX + 1];
	size_t after[UP_CHILDREN_MAX], after_n; /* indexes of children that must be ready first */
	enum up_probe_kind probe;
	const char *probe_path; /* UNIX */
	int probe_port;         /* TCP, HEALTH: on 127.0.0.1 */
	bool once;              /* runs to its end; exit 0 counts as ready */
	int stop_signal;
};

struct up_child {
	struct up *up;
	struct up_spec spec;
	enum up_state state;
	bool wanted;      /* by command: `stop` and `start` */
	pid_t pid;        /* 0: none; leader of its own process group */
	int64_t since_us; /* of the state, wall clock */
	unsigned restarts, backoff_ms;
	uv_timer_t timer;       /* start again, probe again, or kill when stopping takes too long */
	struct up_probe *probe; /* one at a time */
};

struct up {
	uv_loop_t loop;
	json_t *table;
	const char *run;
	struct up_child children[UP_CHILDREN_MAX];
	size_t n;
	bool closing, announced;
	int exit_code;
	uv_signal_t sigchld, sigint, sigterm;
	uv_timer_t deadline;
	struct zj_rpc_server *server;
	struct zj_health *health;
};

/* table.c: reads etc/processes.json into up->children; says what is wrong and where. */
int up_table_load(struct up *up, const char *path, char *why, size_t size) ZJ_MUST_CHECK;

/* child.c */
void up_child_init(struct up_child *c);
void up_child_exited(struct up_child *c, int status); /* its leader was reaped */
void up_child_stop(struct up_child *c);
void up_child_start(struct up_child *c);
bool up_child_is_gone(const struct up_child *c);
void up_child_kill_group(struct up_child *c);

/* probe.c: asks once whether the child answers; `h` hears it on the loop, never before return. */
typedef void(up_probe_h)(bool ready, struct up_child *c);
int up_probe_start(struct up_child *c, up_probe_h *h);
void up_probe_cancel(struct up_child *c);

/* up.c: something changed: start what may start, announce, or go on closing. */
void up_advance(struct up *up);

/* ready.c: ready.json of the run directory. */
void up_ready_write(struct up *up);
void up_ready_remove(const struct up *up);

/* control.c: the control socket sock/up.sock. */
extern const struct zj_rpc_method up_methods[];
#endif
