/* To whom a customer may be transferred: a business client may say that its customers go to its frequent contacts only.
 * The api's command, the keys of a telephone and a phone's REFER all ask here. */
#include "call/transfer.h"
#include "call/call.h"
#include "call/outbound.h"
#include "people/extension.h"
#include <string.h>

/* The client of the page that the edge bound the call to, else of the number that was called, else of who calls. */
static const char *client_of(const struct acd_call *call)
{
	static const char bound[] = "business_client:";
	const struct acd_tenant *t = call->tenant;
	const char *id;
	json_t *row;

	if (!strncmp(call->binding, bound, sizeof(bound) - 1))
		return call->binding + sizeof(bound) - 1;
	json_object_foreach (acd_kept(t, "number"), id, row)
		if (call->did[0] && !strcmp(acd_str(row, "number"), call->did) && acd_str(row, "business_client_id")[0])
			return acd_str(row, "business_client_id");
	json_object_foreach (acd_kept(t, "business_client_number"), id, row)
		if (!strcmp(acd_str(row, "number"), call->caller))
			return acd_str(row, "client_id");
	return "";
}

/* Digits, stars and pounds alone: a contact's number may be written with dashes or a plus. */
static bool is_same(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, "+- ");
		b += strspn(b, "+- ");
		if (*a != *b)
			return false;
		if (!*a)
			return true;
	}
}

static const char *number_of(const struct acd_tenant *t, const struct acd_dest *dest, const char *dialled)
{
	const struct acd_extension *e = dest->kind == ACD_TO_EXTENSION ? acd_extension_find(t, dest->id) : NULL;

	if (e)
		return e->number;
	return dest->kind == ACD_TO_EXTERNAL && !dest->id[0] ? dest->number : dialled;
}

bool acd_transfer_allowed(const struct acd_call *call, const struct acd_dest *dest, const char *to)
{
	const struct acd_tenant *t = call->tenant;
	const char *client = client_of(call), *number, *id;
	char dialled[ACD_NUMBER_SIZE];
	json_t *row;

	if (dest->kind == ACD_TO_QUEUE || dest->kind == ACD_TO_IVR || !*client ||
	    strcmp(acd_str(json_object_get(acd_kept(t, "business_client"), client), "transfer_limit"), "contacts") != 0)
		return true;
	acd_sip_user(dialled, sizeof(dialled), to);
	number = number_of(t, dest, dialled);
	json_object_foreach (acd_kept(t, "business_client_contact"), id, row)
		if (!strcmp(acd_str(row, "client_id"), client) && is_same(acd_str(row, "phone"), number))
			return true;
	zj_info("transfer", "not a frequent contact call=%s client=%s number=%s", call->id, client, zj_log_esc(number));
	return false;
}
