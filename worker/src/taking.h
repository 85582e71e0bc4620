/* An archive that is being taken in: what was read of it, and what its ids become. */
#ifndef WK_TAKING_H
#define WK_TAKING_H
#include "rejects.h"
#include "tenant.h"
#include <uthash.h>
#include <zip.h>

struct wk_moved { /* an id of the archive and what it becomes */
	UT_hash_handle hh;
	char old[ZJ_UUID_SIZE], id[ZJ_UUID_SIZE];
};
struct wk_taken {
	const struct res_def *d;
	json_t *o;
	char *why; /* the last refusal; malloc'd */
	bool done;
};
struct wk_taking {
	struct wk_job *job;
	zip_t *zip;
	json_t *manifest;
	char tenant[ZJ_UUID_SIZE];
	bool same; /* the tenant it came from: ids stay */
	struct wk_moved *moved;
	struct wk_taken *rows;
	size_t n, cap, text;
	struct wk_rejects *rejects;
};

/* taking.c. 0, EINVAL (said in the job), EAGAIN, ENOMEM. */
int wk_taking_damaged(struct wk_taking *t);
int wk_taking_manifest(struct wk_taking *t) ZJ_MUST_CHECK;
int wk_taking_resource(struct wk_taking *t, const struct res_def *d) ZJ_MUST_CHECK;
/* A whole entry as text; malloc'd. ENOENT: there is none. */
int wk_taking_entry(struct wk_taking *t, const char *name, char **text, size_t *n) ZJ_MUST_CHECK;
int wk_taking_remember(struct wk_taking *t, const char *old, const char *id) ZJ_MUST_CHECK;
const char *wk_taking_id(struct wk_taking *t, const char *old); /* NULL: not of this archive */
/* A value with its ids changed; `f` (NULL: inside of another) says what it is. A new reference. */
json_t *wk_taking_value(struct wk_taking *t, const struct res_field *f, const json_t *v);
#endif
