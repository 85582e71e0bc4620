/* Scripts in their box: one child process per session, forked from a small server process that keeps a prepared duktape
 * heap (copy on write). A child has no privileges, files or network (seccomp: it reads and writes one socket), a capped
 * heap, 50 ms of CPU an evaluation (then the evaluation fails), and is killed by its own kernel timer at 250 ms. */
#ifndef VX_SCRIPT_H
#define VX_SCRIPT_H
#include "zj_obj.h"
#include <jansson.h>
#include <stdbool.h>
#include <uv.h>

#define VX_SCRIPT_MS_MAX   50   /* CPU an evaluation */
#define VX_SCRIPT_KILL_MS  250  /* CPU after which the kernel ends the child */
#define VX_SCRIPT_WALL_MS  5000 /* silence after which the parent gives the child up */
#define VX_SCRIPT_HEAP_MAX (8 * 1024 * 1024)
#define VX_SCRIPT_MSG_MAX  (1024 * 1024) /* bytes of a request */
#define VX_SCRIPT_OUT_MAX  (256 * 1024)  /* bytes of an answer */
#define VX_SCRIPT_DEPTH    32            /* of values that leave the box */

struct vx_script_pool;
struct vx_script; /* one box; belongs to the session that took it */

/* `program`: what is run as `program script-server` (normally /proc/self/exe). `ready` boxes wait forked. */
int vx_script_pool_alloc(struct vx_script_pool **pp, uv_loop_t *loop, const char *program, unsigned ready,
			 unsigned max) ZJ_MUST_CHECK;
void vx_script_pool_close(struct vx_script_pool *p);
unsigned vx_script_pool_living(const struct vx_script_pool *p);

int vx_script_take(struct vx_script **sp, struct vx_script_pool *p) ZJ_MUST_CHECK; /* EAGAIN: too many, or no server */
void vx_script_close(struct vx_script *s); /* its waiting handler is forgotten */

/* The answer to a batch of operations (script_prelude.c): err 0 and one result an operation (borrowed); EINVAL, the
 * script's own error in `message`; ETIMEDOUT, it used up its CPU; EPIPE, the child is dead and so are the variables. */
typedef void(vx_script_h)(int err, json_t *results, const char *message, void *arg);
/* One batch at a time. `ops` is an array of arrays ["op", args …], stolen. `h` never runs before return. */
int vx_script_run(struct vx_script *s, json_t *ops, vx_script_h *h, void *arg) ZJ_MUST_CHECK;

/* The server's main(): `fd` is its socket. And the child's life after the fork. */
int vx_script_server(int fd);
struct vx_script_heap;
struct vx_script_heap *vx_script_heap_prepare(void);
void vx_script_child(struct vx_script_heap *heap, int fd) __attribute__((noreturn));
/* Whether `code` compiles; nothing of it runs. An object with the error's text, NULL: it does. For lint, in its own
 * process. */
char *vx_script_check(struct vx_script_heap *heap, bool script, const char *code);
extern const char vx_script_prelude[];

struct zj_metric;
extern struct zj_metric *vx_script_errors_metric, *vx_script_kills_metric; /* NULL: not counted */
#endif
