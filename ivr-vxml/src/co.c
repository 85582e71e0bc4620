/* Coroutines on ucontext, with stacks kept for the next session. */
#include "co.h"
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define FIBER_START(save, bottom, size)  __sanitizer_start_switch_fiber(save, bottom, size)
#define FIBER_FINISH(save, bottom, size) __sanitizer_finish_switch_fiber(save, bottom, size)
#else
#define FIBER_START(save, bottom, size)  ((void)0)
#define FIBER_FINISH(save, bottom, size) ((void)0)
#endif

#define SPARE_MAX 64

struct vx_co {
	ucontext_t here, caller;
	void *stack;
	vx_co_h *h;
	void *arg;
	bool running, done;
	void *fiber; /* the sanitizer's idea of our stack, and of the caller's */
	const void *caller_stack;
	size_t caller_size;
};

static struct {
	void *stack[SPARE_MAX];
	size_t n;
} spare;

static void *stack_get(void)
{
	void *p;

	if (spare.n)
		return spare.stack[--spare.n];
	p = mmap(NULL, VX_CO_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1,
		 0);
	if (p == MAP_FAILED)
		return NULL;
	if (mprotect(p, (size_t)sysconf(_SC_PAGESIZE), PROT_NONE)) {
		munmap(p, VX_CO_STACK);
		return NULL;
	}
	return p;
}

static void stack_put(void *p)
{
	if (!p)
		return;
	if (spare.n < SPARE_MAX)
		spare.stack[spare.n++] = p;
	else
		munmap(p, VX_CO_STACK);
}

static void destructor(void *obj)
{
	struct vx_co *co = obj;

	stack_put(co->stack);
}

/* makecontext passes ints only: the pointer comes in two halves. */
static void entry(unsigned hi, unsigned lo)
{
	struct vx_co *co = (void *)(((uintptr_t)hi << 32) | lo);

	FIBER_FINISH(NULL, &co->caller_stack, &co->caller_size);
	co->h(co->arg);
	co->done = true;
	FIBER_START(NULL, co->caller_stack, co->caller_size);
	swapcontext(&co->here, &co->caller);
}

int vx_co_alloc(struct vx_co **cop, vx_co_h *h, void *arg)
{
	struct vx_co *co = zj_alloc(sizeof(*co), destructor);

	if (!co)
		return ENOMEM;
	co->h = h;
	co->arg = arg;
	co->stack = stack_get();
	if (!co->stack || getcontext(&co->here)) {
		zj_deref(co);
		return ENOMEM;
	}
	co->here.uc_stack.ss_sp = co->stack;
	co->here.uc_stack.ss_size = VX_CO_STACK;
	co->here.uc_link = NULL;
	makecontext(&co->here, (void (*)(void))entry, 2, (unsigned)((uintptr_t)co >> 32), (unsigned)(uintptr_t)co);
	*cop = co;
	return 0;
}

void vx_co_resume(struct vx_co *co)
{
	void *fake ZJ_UNUSED = NULL;

	if (!co || co->running || co->done)
		return;
	zj_ref(co);
	co->running = true;
	FIBER_START(&fake, co->stack, VX_CO_STACK);
	swapcontext(&co->caller, &co->here);
	FIBER_FINISH(fake, NULL, NULL);
	co->running = false;
	zj_deref(co);
}

void vx_co_yield(struct vx_co *co)
{
	FIBER_START(&co->fiber, co->caller_stack, co->caller_size);
	swapcontext(&co->here, &co->caller);
	FIBER_FINISH(co->fiber, &co->caller_stack, &co->caller_size);
}

bool vx_co_is_running(const struct vx_co *co)
{
	return co->running;
}

bool vx_co_is_done(const struct vx_co *co)
{
	return co->done;
}
