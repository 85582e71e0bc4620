/* A row on its way into the database: read from the request, checked, its secrets transformed, written. */
#ifndef API_WRITE_H
#define API_WRITE_H
#include "server/api.h"

struct api_write {
	struct api_req *req;         /* whose `user` this is: borrowed */
	const struct res_view *view; /* what the caller sees of the resource; the request holds it */
	struct res_values values;
	size_t next;           /* the next value whose check or transform is due */
	char id[ZJ_UUID_SIZE]; /* empty: a new row */
	char *etag, *key;      /* If-Match, Idempotency-Key: objects or NULL */
	char request_hash[65];
	char *token;    /* shown once: an object or NULL */
	char *stored;   /* a file this writing made, to be removed if it fails: below the store; an object or NULL */
	char *replaced; /* one it makes superfluous; likewise */
	int64_t started_us; /* when the writing began, zj_mono_us */
	char *answer;       /* the row, while the directory is waited for: an object */
	bool done;          /* the row was written */
};
/* Makes the state of this request's writing; NULL: answered. */
struct api_write *api_write_alloc(struct api_req *req, const char *id);
/* Goes on with what is due, then writes and answers. */
void api_write_go(struct api_write *w);

/* grant.c: may the caller write this row, and give what these values give? Else answers. */
bool api_write_allowed(struct api_write *w);
/* Keeps a password of an account or an extension the tenant's rules (true for every other value)? Else answers 422. */
bool api_password_allowed(struct api_write *w, const struct res_value *v);
#endif
