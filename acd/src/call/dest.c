/* Where a call is sent: the words of columns, headers and commands become a destination. */
#include "call/call.h"
#include "call/outbound.h"
#include "core/events.h"
#include "people/extension.h"
#include "people/feature.h"
#include "people/group.h"
#include "queue/queue.h"
#include "story/story.h"
#include "zj_obj.h"
#include <stdio.h>
#include <string.h>

/* "sip:1001@host;x", "<tel:+86…>", "1001" → the number. */
void acd_sip_user(char *out, size_t size, const char *uri)
{
	const char *s = strchr(uri, '<'), *end;
	char text[256];

	s = s ? s + 1 : uri;
	if (!strncmp(s, "sip:", 4) || !strncmp(s, "tel:", 4))
		s += 4;
	else if (!strncmp(s, "sips:", 5))
		s += 5;
	end = s + strcspn(s, "@;>? ");
	ACD_COPY(text, s);
	if ((size_t)(end - s) < sizeof(text))
		text[end - s] = 0;
	acd_copy(out, size, text);
}

void acd_dest_make(struct acd_dest *dest, const char *kind, const char *target)
{
	memset(dest, 0, sizeof(*dest));
	dest->kind = acd_dest_kind_parse(kind, ACD_TO_NOTHING);
	if (dest->kind == ACD_TO_EXTERNAL)
		ACD_COPY(dest->number, target);
	else if (dest->kind != ACD_TO_NOTHING)
		ACD_COPY(dest->id, target);
}

void acd_dest_read(struct acd_dest *dest, const json_t *row, const char *prefix)
{
	char key[64];

	snprintf(key, sizeof(key), "%s_kind", prefix);
	acd_dest_make(dest, acd_str(row, key), "");
	snprintf(key, sizeof(key), "%s_id", prefix);
	ACD_COPY(dest->id, acd_str(row, key));
	snprintf(key, sizeof(key), "%s_number", prefix);
	ACD_COPY(dest->number, acd_str(row, key));
}

static void dest_set(struct acd_dest *d, enum acd_dest_kind kind, const char *id)
{
	d->kind = kind;
	ACD_COPY(d->id, id);
}

/* ---- the tenant's plan of internal numbers ---- */
struct acd_number {
	UT_hash_handle hh, by_number;
	char id[ZJ_UUID_SIZE], number[ACD_NUMBER_SIZE], object[ZJ_UUID_SIZE], kind[16];
};

void acd_number_row(struct acd_tenant *t, const char *id, const json_t *row)
{
	struct acd_number *n = NULL;

	HASH_FIND_STR(t->numbers, id, n);
	if (n) {
		HASH_DEL(t->numbers, n);
		HASH_DELETE(by_number, t->numbers_by_number, n);
		zj_deref(n);
	}
	n = row ? zj_alloc(sizeof(*n), NULL) : NULL;
	if (!n)
		return;
	ACD_COPY(n->id, id);
	ACD_COPY(n->number, acd_str(row, "number"));
	ACD_COPY(n->object, acd_str(row, "object_id"));
	ACD_COPY(n->kind, acd_str(row, "kind"));
	HASH_ADD_STR(t->numbers, id, n);
	HASH_ADD(by_number, t->numbers_by_number, number, strlen(n->number), n);
}

void acd_numbers_free(struct acd_tenant *t)
{
	struct acd_number *n, *next;

	HASH_CLEAR(by_number, t->numbers_by_number);
	HASH_ITER (hh, t->numbers, n, next) {
		HASH_DEL(t->numbers, n);
		zj_deref(n);
	}
}

static bool planned(struct acd_tenant *t, const char *number, struct acd_dest *dest)
{
	struct acd_number *n = NULL;

	HASH_FIND(by_number, t->numbers_by_number, number, strlen(number), n);
	if (n)
		acd_dest_make(dest, n->kind, n->object);
	return n && dest->kind != ACD_TO_NOTHING;
}

bool acd_dest_by_number(struct acd_tenant *t, const char *number, struct acd_dest *dest)
{
	struct acd_extension *e = acd_extension_by_number(t, number);
	struct acd_queue *q = acd_queue_by_number(t, number);
	struct acd_group *g = acd_group_by_number(t, number);

	if (e)
		dest_set(dest, ACD_TO_EXTENSION, e->id);
	else if (q)
		dest_set(dest, ACD_TO_QUEUE, q->id);
	else if (g)
		dest_set(dest, ACD_TO_RING_GROUP, g->id);
	return e || q || g || acd_code_dialled(t, number, dest) || planned(t, number, dest);
}

bool acd_dest_account(struct acd_tenant *t, struct acd_dest *dest)
{
	struct acd_extension *e, *next, *best = NULL;

	HASH_ITER (hh, t->extensions, e, next) {
		bool sits = e->agent && !strcmp(e->agent->account_id, dest->id);

		if (e->gone || !e->enabled || (!sits && strcmp(e->account_id, dest->id)))
			continue;
		if (!best || sits || (!best->agent && strcmp(e->number, best->number) < 0))
			best = e;
	}
	if (best)
		dest_set(dest, ACD_TO_EXTENSION, best->id);
	return best;
}

static bool ivr_dest(struct acd_tenant *t, const char *text, struct acd_dest *dest)
{
	struct acd_item *flow, *next;

	HASH_ITER (hh, t->flows, flow, next)
		if (flow->enabled && (!strcmp(flow->id, text) || !strcmp(flow->name, text))) {
			dest_set(dest, ACD_TO_IVR, flow->id);
			return true;
		}
	return false;
}

/* What flows and commands name: queue:NUMBER, extension:NUMBER, ivr:UUID, tel:NUMBER, sip:NUMBER@…, or a number. */
bool acd_dest_parse(struct acd_tenant *t, const char *text, struct acd_dest *dest)
{
	struct acd_extension *e;
	struct acd_queue *q;
	char number[ACD_NUMBER_SIZE];

	if (!strncmp(text, "queue:", 6)) {
		q = acd_queue_by_number(t, text + 6);
		if (!q)
			q = acd_queue_find(t, text + 6);
		if (q)
			dest_set(dest, ACD_TO_QUEUE, q->id);
		return q;
	}
	if (!strncmp(text, "extension:", 10)) {
		e = acd_extension_by_number(t, text + 10);
		if (e)
			dest_set(dest, ACD_TO_EXTENSION, e->id);
		return e;
	}
	if (!strncmp(text, "ivr:", 4))
		return ivr_dest(t, text + 4, dest);
	if (!strncmp(text, "external:", 9))
		return acd_dest_outside(t, text + 9, dest);
	acd_sip_user(number, sizeof(number), text);
	return (!acd_is_emergency(t, number) && acd_dest_by_number(t, number, dest)) ||
	       acd_dest_outside(t, number, dest);
}
