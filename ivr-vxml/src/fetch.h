/* Documents, grammars and audio by HTTP: libcurl on the loop, bounded in size and time, with a cache of files, and no
 * private address reached unless allowed (also not through a redirect or a name that resolves to one). */
#ifndef VX_FETCH_H
#define VX_FETCH_H
#include "zj_obj.h"
#include <stdbool.h>
#include <uv.h>

struct vx_fetcher;
struct vx_fetch; /* one transfer under way */

struct vx_fetcher_args {
	const char *cache_dir; /* NULL: nothing is kept, an audio file's address stands for it (console) */
	bool allow_private;
	unsigned max_ms;
	uint64_t max_disk; /* bytes of cache_dir */
};
int vx_fetcher_alloc(struct vx_fetcher **fp, uv_loop_t *loop, const struct vx_fetcher_args *args) ZJ_MUST_CHECK;
void vx_fetcher_close(struct vx_fetcher *f);

/* status: HTTP status; 0 when there was none: `why` says. `file` is where the body lies in the cache (to_file only). */
typedef void(vx_fetch_h)(long status, const char *body, size_t len, const char *file, const char *url, const char *why,
			 void *arg);
struct vx_fetch_args {
	const char *url, *post; /* post NULL: GET */
	unsigned timeout_ms;    /* 0: the fetcher's */
	size_t max_bytes;
	bool to_file; /* keep as a file (audio) */
};
/* `h` never runs before return, and exactly once unless cancelled. */
int vx_fetch_start(struct vx_fetch **fp, struct vx_fetcher *f, const struct vx_fetch_args *args, vx_fetch_h *h,
		   void *arg) ZJ_MUST_CHECK;
void vx_fetch_cancel(struct vx_fetch *t);
/* Where the body of an audio file lies that was fetched, and may be used without asking (borrowed until the next call);
 * NULL: fetch it. */
const char *vx_fetch_kept(struct vx_fetcher *f, const char *url);
/* Resolves `ref` against `base` (may be NULL); an object, NULL when it cannot be. */
char *vx_url_resolve(const char *base, const char *ref);
bool vx_address_is_private(const struct sockaddr *a);
struct zj_metric;
extern struct zj_metric *vx_fetches_metric;
#endif
