/* Which extensions have a phone that can ring, as the edge tells. */
#include "agent.h"
#include "events.h"
#include "zj_obj.h"
#include <string.h>

struct acd_reg *acd_reg_find(const struct acd_tenant *t, const char *number)
{
	struct acd_reg *r;

	HASH_FIND_STR(t->registered, number, r);
	return r;
}

static void destructor(void *obj)
{
	json_decref(((struct acd_reg *)obj)->contacts);
}

static void drop(struct acd_tenant *t, struct acd_reg *r)
{
	HASH_DEL(t->registered, r);
	zj_deref(r);
}

static void reindex(struct acd_tenant *t, const char *number)
{
	struct acd_extension *e = NULL;

	HASH_FIND(by_number, t->extensions_by_number, number, strlen(number), e);
	if (!e || !e->agent)
		return;
	acd_agent_index(e->agent);
	acd_agent_dirty(e->agent);
}

void acd_reg_set(struct acd *acd, const char *tenant, const char *number, const char *contact, bool on)
{
	struct acd_tenant *t = on ? acd_tenant_get(acd, tenant) : acd_tenant_find(acd, tenant);
	struct acd_reg *r = t ? acd_reg_find(t, number) : NULL;
	bool was = r;

	if (!t)
		return;
	acd_enter(acd);
	if (!r && on) {
		r = zj_alloc(sizeof(*r), destructor);
		if (r) {
			ACD_COPY(r->number, number);
			r->contacts = json_object();
			HASH_ADD_STR(t->registered, number, r);
		}
	}
	if (r && on)
		json_object_set_new(r->contacts, contact, json_true());
	else if (r)
		json_object_del(r->contacts, contact);
	if (r && json_object_size(r->contacts) == 0) {
		drop(t, r);
		r = NULL;
	}
	if (was != (r != NULL))
		reindex(t, number);
	acd_leave(acd);
}

/* True: what was set since the last `false` is all there is. */
void acd_reg_known(struct acd *acd, bool known)
{
	struct acd_tenant *t, *nt;
	struct acd_agent *a, *na;

	acd_enter(acd);
	acd->edge_up = known;
	HASH_ITER (hh, acd->tenants, t, nt) {
		while (!known && t->registered)
			drop(t, t->registered);
		HASH_ITER (hh, t->agents, a, na) {
			if (a->state == ACD_SIGNED_OUT)
				continue;
			acd_agent_index(a);
			acd_agent_dirty(a);
		}
	}
	acd_leave(acd);
}
