/* A view depends on the resource, the database role, which masks the caller may lift, the tenant's custom fields and
 * the role's fields. The last two are arrays that never change (directory_group.c), so their addresses stand for them:
 * what is written to them is a new array, found by nobody's key but the next caller's. */
#include "rights/views.h"
#include "perm.h"
#include "server/api.h"
#include "zj_hash.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VIEWS_MAX 4096

struct key {
	const struct res_def *def;
	const json_t *customs, *role_fields;
	uint32_t role, shows; /* shows: a bit a mask */
};

struct kept {
	struct key key;
	struct res_view *view;
	json_t *customs, *role_fields; /* references: the addresses stay theirs */
	UT_hash_handle hh;
};

struct api_views {
	struct kept *kept;
	struct res_schema *schema; /* whose definitions the keys point to */
};

static void forget(struct api_views *v)
{
	struct kept *k, *next;
	HASH_ITER (hh, v->kept, k, next) {
		HASH_DEL(v->kept, k);
		zj_deref(k->view);
		json_decref(k->customs);
		json_decref(k->role_fields);
		free(k);
	}
	v->schema = zj_deref(v->schema);
}

int api_views_alloc(struct api_views **vp)
{
	*vp = calloc(1, sizeof(**vp));
	return *vp ? 0 : ENOMEM;
}

void api_views_close(struct api_views *v)
{
	if (v)
		forget(v);
	free(v);
}

static uint32_t shows(const json_t *perms)
{
	static char names[RES_MASK_COUNT][24];
	uint32_t bits = 0;
	for (int m = 1; m < RES_MASK_COUNT; m++) {
		if (!names[m][0])
			snprintf(names[m], sizeof(names[m]), "show.%s", res_mask_names[m]);
		if (res_perm_has(perms, names[m]))
			bits |= 1U << m;
	}
	return bits;
}

const json_t *api_view_role_fields(const struct api_req *req)
{
	const struct api_account *a = api_account_find(req->api->directory, req->who.account);
	return a && a->role[0] ? api_role_fields(req->api->directory, a->role) : NULL;
}

static struct key key_of(struct api_req *req, const struct res_def *def)
{
	struct key k;
	memset(&k, 0, sizeof(k)); /* its bytes are compared */
	k.def = def;
	k.customs = def->custom ? api_custom_fields(req->api->directory, req->who.tenant, def->name) : NULL;
	k.role_fields = api_view_role_fields(req);
	k.role = req->who.role;
	k.shows = shows(req->who.perms);
	return k;
}

static struct kept *make(struct api_views *v, struct api_req *req, const struct key *key)
{
	struct res_view_args args = {.schema = req->schema,
				     .def = key->def,
				     .role = req->who.role,
				     .perms = req->who.perms,
				     .role_fields = key->role_fields,
				     .customs = key->customs};
	struct kept *k = calloc(1, sizeof(*k));
	if (!k || res_view_alloc(&k->view, &args)) {
		free(k);
		return NULL;
	}
	k->key = *key;
	k->customs = json_incref((json_t *)key->customs);
	k->role_fields = json_incref((json_t *)key->role_fields);
	HASH_ADD(hh, v->kept, key, sizeof(k->key), k);
	return k;
}

const struct res_view *api_view_look(struct api_req *req, const struct res_def *def)
{
	struct api_views *v = req->api->views;
	struct key key = key_of(req, def);
	struct kept *k;
	if (v->schema != req->schema || HASH_COUNT(v->kept) >= VIEWS_MAX) {
		forget(v);
		v->schema = zj_ref(req->schema);
	}
	HASH_FIND(hh, v->kept, &key, sizeof(key), k);
	if (!k)
		k = make(v, req, &key);
	return k ? k->view : NULL;
}

const struct res_view *api_view_of(struct api_req *req, const struct res_def *def)
{
	for (int i = 0; i < req->n_views; i++)
		if (req->views[i]->def == def)
			return req->views[i];
	const struct res_view *v = req->n_views < API_VIEWS ? api_view_look(req, def) : NULL;
	if (!v) {
		api_fail(req, RES_P_INTERNAL, "out of memory");
		return NULL;
	}
	req->views[req->n_views++] = zj_ref((void *)v);
	return v;
}

const struct res_view *api_view(struct api_req *req)
{
	return api_view_of(req, req->res);
}
