#include "login/passwords.h"
#include "login/password.h"
#include <errno.h>
#include <stdlib.h>

#define AT_ONCE 2

struct passwords {
	struct api_req *req; /* a reference */
	json_t *items;       /* a reference */
	const char *from;
	api_passwords_h *next_h;
	void *arg;
	size_t next, running;
	bool failed; /* answered already */
};
struct ticket {
	struct passwords *all;
	json_t *item;
};

static void pump(struct passwords *all);

static void hashed(int err, bool matches ZJ_UNUSED, const char *hash, void *arg)
{
	struct ticket *t = arg;
	struct passwords *all = t->all;
	all->running--;
	if (!err)
		json_object_set_new(t->item, "hash", json_string(hash));
	else if (!all->failed)
		api_fail(all->req, RES_P_AWAY, "the passwords cannot be kept now");
	all->failed = all->failed || err;
	free(t);
	pump(all);
}

static int hash_one(struct passwords *all, json_t *item)
{
	struct ticket *t = malloc(sizeof(*t));
	const char *password = json_string_value(json_object_get(item, all->from));
	if (!t)
		return ENOMEM;
	*t = (struct ticket){all, item};
	int err = api_password_hash(all->req->api->loop, password ? password : "", hashed, t);
	if (err)
		free(t);
	return err;
}

/* Begins what may run beside what runs; ends `all` when nothing does any more. */
static void pump(struct passwords *all)
{
	size_t n = json_array_size(all->items);
	while (!all->failed && all->running < AT_ONCE && all->next < n) {
		if (hash_one(all, json_array_get(all->items, all->next++)) == 0) {
			all->running++;
			continue;
		}
		all->failed = true;
		api_fail(all->req, RES_P_AWAY, "too much is being worked on; try again");
	}
	if (all->running > 0)
		return;
	if (!all->failed)
		all->next_h(all->req, all->arg);
	json_decref(all->items);
	zj_deref(all->req);
	free(all);
}

void api_passwords_hash(struct api_req *req, json_t *items, const char *from, api_passwords_h *next, void *arg)
{
	struct passwords *all = calloc(1, sizeof(*all));
	if (!all)
		return api_fail(req, RES_P_INTERNAL, "out of memory");
	*all = (struct passwords){
		.req = zj_ref(req), .items = json_incref(items), .from = from, .next_h = next, .arg = arg};
	pump(all);
}
