/* Forwarding: the four kinds, and what a phone may set of itself. */
#include "call/call.h"
#include "core/events.h"
#include "people/extension.h"
#include "story/story.h"
#include "zj_obj.h"
#include <string.h>

static bool has_been_at(const struct acd_call *call, const char *number)
{
	for (unsigned i = 0; i < call->n_via; i++)
		if (!strcmp(call->via[i], number))
			return true;
	return false;
}

/* An internal number, else an outside one. */
static void target(const struct acd_extension *e, const char *number, struct acd_dest *dest)
{
	if (!acd_dest_by_number(e->tenant, number, dest))
		acd_dest_make(dest, "external", number);
}

bool acd_forward(struct acd_call *call, struct acd_extension *e, enum acd_forward why)
{
	const char *number = e->forward[why];
	struct acd_dest dest = {0};

	if (!number[0])
		return false;
	zj_info("forward", "call=%s extension=%s why=%s to=%s", call->id, e->number, acd_forward_name(why), number);
	if (call->n_via == ACD_VIA_MAX || has_been_at(call, number) || !strcmp(number, e->number)) {
		acd_call_bye(call, 482, ACD_RESULT_FAILED, "forwarding goes round in a circle", ACD_LEFT_FAILED);
		return true;
	}
	ACD_COPY(call->via[call->n_via], e->number);
	call->n_via++;
	ACD_COPY(call->relation, "forward");
	target(e, number, &dest);
	acd_call_go(call, &dest, ACD_LEFT_REDIRECTED);
	return true;
}

void acd_extension_set(struct acd_extension *e, const struct acd_call *call, const char *field, const char *value)
{
	struct acd_tenant *t = e->tenant;
	char id[ZJ_UUID_SIZE];

	if (!strcmp(field, "dnd"))
		e->dnd = value && !strcmp(value, "true");
	else
		ACD_COPY(e->forward[acd_forward_parse(field, ACD_FORWARD_ALL)], value);
	acd_uuid(t->acd, id);
	acd_fact(t, "extension_change",
		 json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "id", id, "extension_id", e->id, "call_id", call->id,
			   "field", field, "value", acd_json_text(value ? value : ""), "at",
			   acd_json_time(t->acd->now)));
	acd_extension_dirty(e);
	zj_info("extension", "set extension=%s field=%s value=%s call=%s", e->number, field,
		zj_log_esc(value ? value : "-"), call->id);
}
