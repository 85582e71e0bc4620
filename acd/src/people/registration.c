/* Which extensions have a phone that can ring, as the edge tells. */
#include "core/events.h"
#include "people/agent.h"
#include "people/extension.h"
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
	if (e)
		acd_extension_dirty(e);
	if (!e || !e->agent)
		return;
	acd_agent_index(e->agent);
	acd_agent_dirty(e->agent);
}

/* A contact's value: a bit for each edge that knows it, above them one for each that holds it. */
#define HELD(edge) ((int64_t)1 << (ACD_EDGES + (edge)))

static void mark(struct acd_reg *r, const char *contact, unsigned edge, enum acd_reg_how how)
{
	int64_t bits = acd_int(r->contacts, contact, 0), known = (int64_t)1 << edge;

	bits &= ~(known | HELD(edge));
	if (how != ACD_REG_NONE)
		bits |= known | (how == ACD_REG_HELD ? HELD(edge) : 0);
	if (bits)
		json_object_set_new(r->contacts, contact, json_integer(bits));
	else
		json_object_del(r->contacts, contact);
}

void acd_reg_set(struct acd *acd, unsigned edge, const char *tenant, const char *number, const char *contact,
		 enum acd_reg_how how)
{
	bool on = how != ACD_REG_NONE;
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
	if (r)
		mark(r, contact, edge, how);
	if (r && json_object_size(r->contacts) == 0) {
		drop(t, r);
		r = NULL;
	}
	if (was != (r != NULL))
		reindex(t, number);
	acd_leave(acd);
}

static void forget(struct acd_tenant *t, unsigned edge)
{
	struct acd_reg *r, *next;
	const char *contact;
	json_t *v;
	void *tmp;

	HASH_ITER (hh, t->registered, r, next) {
		json_object_foreach_safe(r->contacts, tmp, contact, v) mark(r, contact, edge, ACD_REG_NONE);
		if (json_object_size(r->contacts) == 0)
			drop(t, r);
	}
}

void acd_reg_known(struct acd *acd, unsigned edge, bool known)
{
	struct acd_tenant *t, *nt;
	struct acd_agent *a, *na;

	acd_enter(acd);
	acd->edges_up = known ? acd->edges_up | 1u << edge : acd->edges_up & ~(1u << edge);
	HASH_ITER (hh, acd->tenants, t, nt) {
		if (!known)
			forget(t, edge);
		HASH_ITER (hh, t->agents, a, na) {
			if (a->state == ACD_SIGNED_OUT)
				continue;
			acd_agent_index(a);
			acd_agent_dirty(a);
		}
	}
	acd_leave(acd);
}

/* Where its connection ends, else one that can reach it, else any. */
const char *acd_edge_for(const struct acd_tenant *t, const char *number)
{
	const struct acd *acd = t->acd;
	const struct acd_reg *r = number ? acd_reg_find(t, number) : NULL;
	int64_t known = 0;
	const char *contact;
	json_t *v;

	if (r)
		json_object_foreach (r->contacts, contact, v)
			known |= json_integer_value(v);
	for (unsigned i = 0; i < ACD_EDGES; i++)
		if (known & HELD(i) && acd->edge_sip[i][0])
			return acd->edge_sip[i];
	for (unsigned i = 0; i < ACD_EDGES; i++)
		if (known >> i & 1 && acd->edge_sip[i][0])
			return acd->edge_sip[i];
	for (unsigned i = 0; i < ACD_EDGES; i++)
		if (acd->edge_sip[i][0])
			return acd->edge_sip[i];
	return NULL;
}
