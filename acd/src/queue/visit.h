#ifndef ACD_VISIT_H
#define ACD_VISIT_H
#include "core/acd.h"

struct acd_visit *acd_visit_alloc(struct acd_call *call, struct acd_queue *q); /* owned by the call */
/* The call enters the queue now; ENOSPC: full (a visit that left at once is noted). */
int acd_visit_enter(struct acd_call *call, struct acd_queue *q);
void acd_visit_leave(struct acd_visit *v, enum acd_left how, const char *agent); /* v is gone then */
void acd_visit_offer(struct acd_visit *v, struct acd_member *m, const struct acd_member *next);
/* The offer is over; unless it was answered or the visit leaves, the caller waits on. */
void acd_visit_offer_end(struct acd_visit *v, enum acd_outcome outcome);
bool acd_visit_has_tried(const struct acd_visit *v, const char *agent);
void acd_visit_restore(struct acd_visit *v); /* puts a rebuilt visit into its queue's order and starts its timers */
void acd_visit_announced(
	struct acd_visit *v); /* the announcement was heard to its end: the next is due after the interval */
size_t acd_visit_position(const struct acd_visit *v); /* 1 is next */
#endif
