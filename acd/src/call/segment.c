/* Segments: at any moment of its life a leg is in exactly one. A segment's set of legs never changes: when one comes or
 * goes, the segment is written and another begins at the same moment with the new set. */
#include "call/segment.h"
#include "core/events.h"
#include "zj_obj.h"
#include <string.h>
#include <utlist.h>

struct acd_segment *acd_segment_add(struct acd_call *call, const char *id, enum acd_segment_kind kind, int64_t from,
				    const char *why)
{
	struct acd_segment *s = zj_alloc(sizeof(*s), NULL);

	if (!s)
		return NULL;
	if (id)
		ACD_COPY(s->id, id);
	else
		acd_uuid(call->tenant->acd, s->id);
	s->kind = kind;
	s->from = from;
	ACD_COPY(s->began_by, why);
	if (kind == ACD_SEG_TALK || kind == ACD_SEG_HOLD || kind == ACD_SEG_CONSULT || kind == ACD_SEG_CONFERENCE)
		ACD_COPY(s->room, call->room);
	DL_APPEND(call->segments, s);
	return s;
}

static int place_in(const struct acd_segment *s, const char *leg)
{
	for (unsigned i = 0; i < s->n; i++)
		if (!strcmp(s->legs[i], leg))
			return (int)i;
	return -1;
}

struct acd_segment *acd_segment_of(const struct acd_leg *leg)
{
	struct acd_segment *s;

	DL_FOREACH (leg->call->segments, s)
		if (place_in(s, leg->id) >= 0)
			return s;
	return NULL;
}

/* Writes what has been of the segment so far and lets it begin anew at the call's present moment. */
static void cut(struct acd_call *call, struct acd_segment *s, const char *why)
{
	json_t *legs;

	if (s->from >= call->last_at)
		return;
	legs = json_array();
	for (unsigned i = 0; i < s->n; i++)
		json_array_append_new(legs, json_string(s->legs[i]));
	acd_fact(call->tenant, "call_segment",
		 json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:s, s:s}", "call_id", call->id, "id", s->id, "room",
			   acd_json_text(s->room), "kind", acd_segment_kind_name(s->kind), "legs", legs, "from_at",
			   acd_json_time(s->from), "to_at", acd_json_time(call->last_at), "began_by", s->began_by,
			   "ended_by", why));
	acd_uuid(call->tenant->acd, s->id);
	s->from = call->last_at;
	ACD_COPY(s->began_by, why);
}

void acd_segment_leave(struct acd_leg *leg, const char *why)
{
	struct acd_call *call = leg->call;
	struct acd_segment *s = acd_segment_of(leg);
	int at;

	if (!s)
		return;
	cut(call, s, why);
	at = place_in(s, leg->id);
	memmove(s->legs[at], s->legs[at + 1], sizeof(s->legs[0]) * (s->n - (unsigned)at - 1));
	if (--s->n == 0) {
		DL_DELETE(call->segments, s);
		zj_deref(s);
	}
	acd_call_dirty(call);
}

void acd_segment_put(struct acd_leg *leg, enum acd_segment_kind kind, const char *why)
{
	struct acd_call *call = leg->call;
	bool shared = kind == ACD_SEG_TALK || kind == ACD_SEG_HOLD || kind == ACD_SEG_CONSULT;
	struct acd_segment *s = acd_segment_of(leg);

	if (s && s->kind == kind && !(shared && strcmp(s->room, call->room)))
		return;
	acd_segment_leave(leg, why);
	DL_FOREACH (call->segments, s)
		if (shared && s->kind == kind && s->n < ACD_SEGMENT_LEGS && !strcmp(s->room, call->room))
			break;
	if (s)
		cut(call, s, why);
	else
		s = acd_segment_add(call, NULL, kind, call->last_at, why);
	if (s) {
		ACD_COPY(s->legs[s->n], leg->id);
		s->n++;
	}
	acd_call_dirty(call);
}

void acd_segments_free(struct acd_call *call)
{
	struct acd_segment *s, *next;

	DL_FOREACH_SAFE (call->segments, s, next) {
		DL_DELETE(call->segments, s);
		zj_deref(s);
	}
}
