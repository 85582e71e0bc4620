/* Inside the box: a duktape heap, one socket, and nothing else. */
#include "script.h"
#include <duktape.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct vx_script_heap {
	duk_context *duk;
	size_t used, max;
	int64_t deadline_ns; /* of our CPU clock; 0: none */
};

duk_bool_t vx_script_expired(void *udata);

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* duktape asks every 256 Ki instructions; it goes on failing while we say yes, so no `catch` holds it up. */
duk_bool_t vx_script_expired(void *udata)
{
	struct vx_script_heap *h = udata;

	return h->deadline_ns && cpu_ns() > h->deadline_ns;
}

static void *heap_alloc(void *udata, duk_size_t size)
{
	struct vx_script_heap *h = udata;
	void *p;

	if (!size || size > h->max - h->used)
		return NULL;
	p = malloc(size);
	if (p)
		h->used += malloc_usable_size(p);
	if (h->used > h->max)
		h->used = h->max;
	return p;
}

static void heap_free(void *udata, void *p)
{
	struct vx_script_heap *h = udata;
	size_t n = p ? malloc_usable_size(p) : 0;

	h->used -= n < h->used ? n : h->used;
	free(p);
}

static void *heap_realloc(void *udata, void *old, duk_size_t size)
{
	struct vx_script_heap *h = udata;
	size_t before = old ? malloc_usable_size(old) : 0;
	void *p;

	if (!size) {
		heap_free(udata, old);
		return NULL;
	}
	if (size > before && size - before > h->max - h->used)
		return NULL;
	p = realloc(old, size);
	if (!p)
		return NULL;
	h->used -= before < h->used ? before : h->used;
	h->used += malloc_usable_size(p);
	if (h->used > h->max)
		h->used = h->max;
	return p;
}

static void heap_fatal(void *udata ZJ_UNUSED, const char *msg ZJ_UNUSED)
{
	_exit(3);
}

/* Makes the heap that every child inherits; NULL when it cannot be made (the server then ends). */
struct vx_script_heap *vx_script_heap_prepare(void)
{
	static struct vx_script_heap heap;

	heap.max = VX_SCRIPT_HEAP_MAX;
	heap.duk = duk_create_heap(heap_alloc, heap_realloc, heap_free, &heap, heap_fatal);
	if (!heap.duk)
		return NULL;
	duk_push_global_stash(heap.duk);
	if (duk_peval_string(heap.duk, vx_script_prelude))
		return NULL;
	duk_put_prop_string(heap.duk, -2, "zj");
	duk_pop(heap.duk);
	duk_gc(heap.duk, 0);
	return &heap;
}

static void read_all(int fd, void *buf, size_t n)
{
	char *p = buf;

	while (n) {
		ssize_t k = read(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			_exit(0); /* the session is over */
		p += k;
		n -= (size_t)k;
	}
}

static void write_all(int fd, const void *buf, size_t n)
{
	const char *p = buf;

	while (n) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			_exit(0);
		p += k;
		n -= (size_t)k;
	}
}

static void answer(int fd, char status, const char *text, size_t len)
{
	uint32_t n = (uint32_t)len + 1;

	write_all(fd, &n, sizeof(n));
	write_all(fd, &status, 1);
	write_all(fd, text, len);
}

/* The kernel's own watchdog: a built-in that never asks vx_script_expired() ends with the process (SIGPROF). */
static void watchdog(unsigned ms)
{
	struct itimerval t = {.it_value = {.tv_usec = (suseconds_t)ms * 1000}};

	setitimer(ITIMER_PROF, &t, NULL);
}

static void evaluate(struct vx_script_heap *h, int fd, const char *request, size_t len)
{
	duk_context *duk = h->duk;
	const char *out;
	duk_size_t n = 0;
	int err;
	bool late;

	h->deadline_ns = cpu_ns() + (int64_t)VX_SCRIPT_MS_MAX * 1000000;
	watchdog(VX_SCRIPT_KILL_MS);
	duk_push_global_stash(duk);
	duk_get_prop_string(duk, -1, "zj");
	duk_push_lstring(duk, request, len);
	err = duk_pcall(duk, 1);
	late = vx_script_expired(h) != 0;
	out = err ? duk_safe_to_lstring(duk, -1, &n) : duk_get_lstring(duk, -1, &n);
	h->deadline_ns = 0;
	watchdog(0);
	if (err && late)
		answer(fd, 't', "the script used up its time", 27);
	else if (!out || n > VX_SCRIPT_OUT_MAX)
		answer(fd, 'e', "the value is too large", 22);
	else
		answer(fd, err ? 'e' : 'r', out, n > 500 && err ? 500 : n);
	duk_pop_2(duk);
}

char *vx_script_check(struct vx_script_heap *h, bool script, const char *code)
{
	json_t *request = json_pack("[[sss]]", "check", script ? "script" : "expr", code), *answer = NULL;
	char *text = request ? json_dumps(request, 0) : NULL, *out = NULL;
	const char *error;

	json_decref(request);
	if (!text)
		return NULL;
	duk_push_global_stash(h->duk);
	duk_get_prop_string(h->duk, -1, "zj");
	duk_push_string(h->duk, text);
	if (!duk_pcall(h->duk, 1))
		answer = json_loads(duk_get_string(h->duk, -1), 0, NULL);
	duk_pop_2(h->duk);
	free(text);
	error = json_string_value(json_array_get(answer, 0));
	if (error && *error)
		out = zj_strdup(error);
	json_decref(answer);
	return out;
}

void vx_script_child(struct vx_script_heap *heap, int fd)
{
	for (;;) {
		uint32_t n;
		char *request;

		read_all(fd, &n, sizeof(n));
		if (n > VX_SCRIPT_MSG_MAX)
			_exit(2);
		request = malloc(n ? n : 1);
		if (!request)
			_exit(2);
		read_all(fd, request, n);
		evaluate(heap, fd, request, n);
		free(request);
	}
}
