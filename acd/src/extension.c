/* Extensions: what of their configuration a call needs. */
#include "extension.h"
#include "agent.h"
#include "events.h"
#include "zj_obj.h"
#include <string.h>

static struct acd_extension *usable(struct acd_extension *e)
{
	return e && !e->gone && e->enabled ? e : NULL;
}

struct acd_extension *acd_extension_find(const struct acd_tenant *t, const char *id)
{
	struct acd_extension *e = NULL;

	HASH_FIND_STR(t->extensions, id, e);
	return usable(e);
}

struct acd_extension *acd_extension_by_number(const struct acd_tenant *t, const char *number)
{
	struct acd_extension *e = NULL;

	HASH_FIND(by_number, t->extensions_by_number, number, strlen(number), e);
	return usable(e);
}

static struct acd_extension *make(struct acd_tenant *t, const char *id)
{
	struct acd_extension *e = zj_alloc(sizeof(*e), NULL);

	if (!e)
		return NULL;
	ACD_COPY(e->id, id);
	e->tenant = t;
	HASH_ADD_STR(t->extensions, id, e);
	return e;
}

void acd_extension_row(struct acd_tenant *t, const char *id, const json_t *row)
{
	struct acd_extension *e = NULL;

	HASH_FIND_STR(t->extensions, id, e);
	if (!e && row)
		e = make(t, id);
	if (!e)
		return;
	if (e->number[0]) {
		HASH_DELETE(by_number, t->extensions_by_number, e);
		e->number[0] = 0;
	}
	e->gone = !row;
	e->enabled = json_is_true(json_object_get(row, "enabled"));
	if (row) {
		ACD_COPY(e->number, acd_str(row, "number"));
		HASH_ADD(by_number, t->extensions_by_number, number, strlen(e->number), e);
	}
	if (e->agent)
		acd_agent_index(e->agent);
}
