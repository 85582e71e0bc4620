/* Coroutines: a session's interpreter is written straight down, as Appendix C of VoiceXML 2.0 is, and yields where it
 * waits for a script, a document, a prompt or a key (docs/decisions). One thread; a coroutine is resumed by the loop's
 * callbacks only, never by another coroutine. */
#ifndef VX_CO_H
#define VX_CO_H
#include "zj_obj.h"
#include <stdbool.h>

#define VX_CO_STACK (256 * 1024) /* reserved; only what is touched becomes resident. A guard page lies below it */

struct vx_co;
typedef void(vx_co_h)(void *arg);

/* `h` runs at the first resume. The coroutine must have returned from `h` before the last reference goes. */
int vx_co_alloc(struct vx_co **cop, vx_co_h *h, void *arg) ZJ_MUST_CHECK;
/* Runs it until it yields or ends. Does nothing when it runs already or has ended. */
void vx_co_resume(struct vx_co *co);
void vx_co_yield(struct vx_co *co); /* only within the coroutine */
bool vx_co_is_running(const struct vx_co *co);
bool vx_co_is_done(const struct vx_co *co);
#endif
