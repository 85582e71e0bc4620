#ifndef ACD_SEGMENT_H
#define ACD_SEGMENT_H
#include "core/acd.h"

/* From the call's present moment on the leg is in a segment of this kind: one shared by all legs of the call for talk
 * and hold, its own for the others. */
void acd_segment_put(struct acd_leg *leg, enum acd_segment_kind kind, const char *why);
void acd_segment_leave(struct acd_leg *leg, const char *why);
void acd_segments_free(struct acd_call *call);
struct acd_segment *acd_segment_of(const struct acd_leg *leg);
struct acd_segment *acd_segment_add(struct acd_call *call, const char *id, enum acd_segment_kind kind, int64_t from,
				    const char *why);
#endif
