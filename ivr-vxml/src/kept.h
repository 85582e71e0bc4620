/* Audio files that were fetched, by address: how long each may be used unasked (Cache-Control, or a minute), and what
 * to ask with afterwards (ETag, Last-Modified). */
#ifndef VX_KEPT_H
#define VX_KEPT_H
#include "zj_obj.h"
#include <stdbool.h>
#include <stdint.h>

struct vx_kept_list; /* NULL: an empty one */
struct vx_kept {
	char *url, *file, *etag, *modified; /* objects; the last two may be NULL */
	uint64_t until;                     /* ms of the loop's clock: fresh so long */
};

/* What an answer's header lines say of it. */
struct vx_validators {
	char *etag, *modified; /* objects or NULL */
	int64_t max_age_s;     /* < 0: it says nothing */
	bool no_store;
};
/* One header line; those that are of no concern change nothing. */
void vx_validators_take(struct vx_validators *v, const char *line, size_t n);
void vx_validators_clear(struct vx_validators *v);

/* NULL: not known, or its file is gone. Borrowed until the next call of vx_kept_put. */
const struct vx_kept *vx_kept_find(struct vx_kept_list **list, const char *url);
/* Remembers it (again); takes the texts of `v`. What may not be stored is fresh for no time at all. */
void vx_kept_put(struct vx_kept_list **list, const char *url, const char *file, struct vx_validators *v, uint64_t now);
void vx_kept_clear(struct vx_kept_list **list);
#endif
