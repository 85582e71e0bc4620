#include "login/enter.h"
#include "login/ledger.h"
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define ENTRIES_MAX 10000
#define AGAIN_US    (3600 * 1000000LL) /* after an hour's pause it is another visit */

/* Who (the hash of its token) is where, in order of the last request. */
struct entry {
	char key[65 + ZJ_UUID_SIZE];
	int64_t seen_us;
	UT_hash_handle hh;
};
struct api_entries {
	struct entry *by_key;
};

int api_entries_alloc(struct api_entries **ep)
{
	*ep = zj_alloc(sizeof(**ep), NULL);
	return *ep ? 0 : ENOMEM;
}

static void forget(struct api_entries *all, struct entry *e)
{
	HASH_DEL(all->by_key, e);
	free(e);
}

void api_entries_close(struct api_entries *all)
{
	struct entry *e, *next;
	if (!all)
		return;
	HASH_ITER (hh, all->by_key, e, next)
		forget(all, e);
	zj_deref(all);
}

/* True: this is no news. */
static bool seen(struct api_entries *all, const char *key)
{
	struct entry *e;
	int64_t now = zj_mono_us();
	HASH_FIND_STR(all->by_key, key, e);
	if (!e)
		return false;
	bool fresh = now - e->seen_us < AGAIN_US;
	e->seen_us = now;
	HASH_DEL(all->by_key, e);
	HASH_ADD_STR(all->by_key, key, e);
	return fresh;
}

bool api_enter_note(struct api_req *req)
{
	struct api_entries *all = req->api->entries;
	char key[65 + ZJ_UUID_SIZE];
	struct entry *e;
	if (strcmp(req->who.tenant, req->who.home) == 0)
		return true;
	snprintf(key, sizeof(key), "%s:%s", req->who.hash, req->who.tenant);
	if (seen(all, key))
		return true;
	const struct api_account *a = api_account_find(req->api->directory, req->who.account);
	if (!api_event(req, "enter", a ? json_string_value(json_object_get(a->row, "username")) : NULL, NULL))
		return false;
	HASH_FIND_STR(all->by_key, key, e);
	if (e)
		return true;
	if (HASH_COUNT(all->by_key) >= ENTRIES_MAX)
		forget(all, all->by_key);
	e = calloc(1, sizeof(*e));
	if (!e)
		return true; /* it is recorded again next time */
	strcpy(e->key, key);
	e->seen_us = zj_mono_us();
	HASH_ADD_STR(all->by_key, key, e);
	return true;
}
