#ifndef ACD_LEG_H
#define ACD_LEG_H
#include "core/acd.h"

struct acd_leg *acd_leg_find(struct acd *acd, const char *id);
/* A leg of the call; `id` NULL: a new one. Owned by the call. NULL: no memory. */
struct acd_leg *acd_leg_add(struct acd_call *call, const char *id, enum acd_role role, bool out);
/* Rings the phones of an extension. */
/* What was heard of its progress last: "machine" …; "": nothing. Borrowed. */
const char *acd_leg_heard(const struct acd_leg *leg);
struct acd_leg *acd_leg_originate(struct acd_call *call, const char *ext, enum acd_role role, int64_t timeout_us);
struct acd_show { /* what is put in front of what the phone shows */
	const char *number_prefix, *name_prefix;
};
struct acd_leg *acd_leg_ring(struct acd_call *call, const struct acd_extension *e, int64_t timeout_us,
			     const struct acd_show *add /* may be NULL */);
void acd_leg_move(struct acd_leg *leg, struct acd_call *to);
#define ACD_ELSEWHERE                                                                                                  \
	26 /* Q.850: answered elsewhere; the media engine tells the phone so, and it shows no missed call */
/* sip_code and q850 0: the media engine's defaults. A second time: nothing. */
void acd_leg_hangup(struct acd_leg *leg, int sip_code, int q850, const char *reason);
void acd_leg_answer(struct acd_leg *leg);
/* Its state machine's only door; false: the event changes nothing (too late). */
bool acd_leg_do(struct acd_leg *leg, enum acd_leg_event e);
/* It is over: tells the story, frees its agent, writes its fact; the call may be gone afterwards. `final` may be NULL.
 */
void acd_leg_end(struct acd_leg *leg, const json_t *final);
void acd_leg_guard(struct acd_leg *leg);                      /* ends it when the media engine stays silent */
void acd_leg_times(struct acd_leg *leg, const json_t *state); /* what a Leg or a hungup says of its past */
bool acd_leg_is_alive(const struct acd_leg *leg);             /* neither ending nor ended */
bool acd_leg_is_answered(const struct acd_leg *leg);
void acd_leg_free(struct acd_leg *leg);
#endif
