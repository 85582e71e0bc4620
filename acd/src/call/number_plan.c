/* The rows that outbound calls are decided by, as they are kept; emergency numbers, and whose a dialled number is. */
#include "call/outbound_priv.h"
#include <stdint.h>
#include <string.h>

void acd_outbound_keep(struct acd_tenant *t, const char *table, const char *id, const json_t *row)
{
	json_t *rows;

	if (!t->out)
		t->out = json_object();
	rows = json_object_get(t->out, table);
	if (!rows) {
		rows = json_object();
		json_object_set_new(t->out, table, rows);
	}
	if (row)
		json_object_set(rows, id, (json_t *)(uintptr_t)row);
	else
		json_object_del(rows, id);
}

void acd_outbound_forget(struct acd_tenant *t)
{
	json_decref(t->out);
	t->out = NULL;
}

#define KEEPER(name, table)                                                                                            \
	void name(struct acd_tenant *t, const char *id, const json_t *row)                                             \
	{                                                                                                              \
		acd_outbound_keep(t, table, id, row);                                                                  \
	}
KEEPER(acd_out_rule_row, "outbound_rule")
KEEPER(acd_out_agent_group_row, "agent_group")
KEEPER(acd_out_group_row, "account_group")
KEEPER(acd_out_account_row, "account")
KEEPER(acd_out_number_row, "trunk_number")
KEEPER(acd_out_service_row, "number")
KEEPER(acd_out_trunk_row, "trunk")
KEEPER(acd_out_emergency_row, "emergency_number")
KEEPER(acd_out_rate_row, "extension_rate")
KEEPER(acd_client_row, "business_client")
KEEPER(acd_client_contact_row, "business_client_contact")
KEEPER(acd_client_number_row, "business_client_number")

json_t *acd_kept(const struct acd_tenant *t, const char *table)
{
	return json_object_get(t->out, table);
}

json_t *acd_out_row(const struct acd_tenant *t, const char *table, const char *id)
{
	return *id ? json_object_get(acd_kept(t, table), id) : NULL;
}

bool acd_out_has(const struct acd_tenant *t, const char *table, const char *id)
{
	return acd_out_row(t, table, id) != NULL;
}

json_t *acd_out_tenant_row(const struct acd_tenant *t)
{
	return acd_out_row(t, "tenant", t->id);
}

struct acd_tenant *acd_carrier_of(const struct acd_tenant *t)
{
	struct acd_tenant *c, *next;

	HASH_ITER (hh, t->acd->tenants, c, next)
		if (c->carrier)
			return c;
	return NULL;
}

const json_t *acd_out_trunk(const struct acd_tenant *t, const char *id)
{
	const json_t *own = acd_out_row(t, "trunk", id);
	const struct acd_tenant *carrier = own ? NULL : acd_carrier_of(t);

	return carrier ? acd_out_row(carrier, "trunk", id) : own;
}

static bool lists_emergency(const struct acd_tenant *t, const char *number)
{
	const char *id;
	json_t *row;

	json_object_foreach (acd_kept(t, "emergency_number"), id, row)
		if (!strcmp(acd_str(row, "number"), number))
			return true;
	return false;
}

bool acd_is_emergency(const struct acd_tenant *t, const char *number)
{
	struct acd_tenant *carrier = acd_carrier_of(t);

	return lists_emergency(t, number) || (carrier && carrier != t && lists_emergency(carrier, number));
}

bool acd_out_restricted(const struct acd_tenant *t, const char *group_id, const char *number)
{
	return json_is_true(json_object_get(acd_out_row(t, "agent_group", group_id), "outbound_restricted")) &&
	       !acd_is_emergency(t, number);
}

static bool is_number(const char *s)
{
	return *s && strspn(s, "+0123456789*#") == strlen(s) && strlen(s) <= 32 && strpbrk(s, "0123456789");
}

/* The tenant whose dial prefix is the longest that the number begins with. */
static struct acd_tenant *by_dial_prefix(struct acd_tenant *t, const char *number, size_t *len)
{
	struct acd_tenant *x, *next, *best = NULL;

	*len = 0;
	HASH_ITER (hh, t->acd->tenants, x, next) {
		const char *prefix = acd_str(acd_out_tenant_row(x), "dial_prefix");
		size_t n = strlen(prefix);

		if (x != t && x->enabled && !x->gone && n > *len && !strncmp(number, prefix, n) && number[n]) {
			*len = n;
			best = x;
		}
	}
	return best;
}

bool acd_dest_outside(struct acd_tenant *t, const char *number, struct acd_dest *dest)
{
	const char *prefix = acd_str(acd_out_tenant_row(t), "out_prefix");
	size_t n = strlen(prefix), len;
	struct acd_tenant *other;

	if (!is_number(number))
		return false;
	memset(dest, 0, sizeof(*dest));
	dest->kind = ACD_TO_EXTERNAL;
	if (!acd_is_emergency(t, number)) {
		other = by_dial_prefix(t, number, &len);
		if (other) {
			ACD_COPY(dest->id, other->id);
			ACD_COPY(dest->number, number + len);
			return true;
		}
		if (n && !strncmp(number, prefix, n) && number[n])
			number += n;
	}
	ACD_COPY(dest->number, number);
	return true;
}
