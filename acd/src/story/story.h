/* A call's present story: what becomes of its main leg. A story begins with start and ends by acd_call_go (leave is
 * called, then another starts) or with the call. */
#ifndef ACD_STORY_H
#define ACD_STORY_H
#include "core/acd.h"

struct acd_story {
	const char *name;
	enum acd_dest_kind to;
	void (*start)(struct acd_call *call);
	void (*ringing)(struct acd_call *call, struct acd_leg *leg);
	void (*answered)(struct acd_call *call, struct acd_leg *leg);
	void (*ended)(struct acd_call *call, struct acd_leg *leg); /* leg is still in the call */
	void (*played)(struct acd_call *call, struct acd_leg *leg, enum acd_play what);
	/* May be NULL. `p` is the event: {digits, reason, term?}, {digit}, {path, ms, reason …}. */
	void (*early)(struct acd_call *call, struct acd_leg *leg);
	void (*collected)(struct acd_call *call, struct acd_leg *leg, const json_t *p);
	void (*digit)(struct acd_call *call, struct acd_leg *leg, const json_t *p);
	void (*recorded)(struct acd_call *call, struct acd_leg *leg, const json_t *p); /* leg NULL: it has gone, perhaps
						with the call */
	json_t *(*save)(const struct acd_call *call);                                  /* of call->own … */
	void (*load)(struct acd_call *call, const json_t *o); /* … and back; the legs are known */
	void (*leave)(struct acd_call *call, enum acd_left how);
	void (*resume)(struct acd_call *call, const json_t *snapshot, const json_t *leg); /* after a restart or a lost
					connection; leg: the main leg in the snapshot, NULL: not there */
};
extern const struct acd_story acd_story_external;
extern const struct acd_story acd_story_group, acd_story_feature, acd_story_meet, acd_story_consult;
extern const struct acd_story acd_story_queue, acd_story_ivr, acd_story_extension, acd_story_talk, acd_story_callout,
	acd_story_bye, acd_story_none, acd_story_conference, acd_story_voicemail, acd_story_mailbox, acd_story_fax;
const struct acd_story *acd_story_find(const char *name); /* unknown: none */

/* Sends the call there. `how` is said of the queue it leaves. */
void acd_call_go(struct acd_call *call, const struct acd_dest *dest, enum acd_left how);
void acd_call_tell(struct acd_call *call, const struct acd_story *story,
		   enum acd_left how); /* the same, a story by name */
/* Says why and hangs up; to an unanswered main leg only the code. */
void acd_call_bye(struct acd_call *call, int sip_code, enum acd_result result, const char *reason, enum acd_left how);
void acd_queue_overflow(struct acd_call *call, struct acd_queue *q, enum acd_left how);
void acd_talk_begin(struct acd_call *call, struct acd_leg *peer, bool record);
/* What the peer says before it answers (ring-back, an announcement): main hears it and is not heard. */
void acd_talk_early(struct acd_call *call);
void acd_talk_room_end(struct acd_call *call);
/* main and peer talk as soon as both are answered; main is answered when peer is. */
void acd_call_meet(struct acd_call *call);
/* The unanswered main leg hears that somebody is rung: a prompt of the tenant's (early media), else 180. */
void acd_call_alert(struct acd_call *call, const char *prompt_id);
int acd_talk_hold(struct acd_call *call, bool on, const char **because);
void acd_recording_fact(struct acd_tenant *t, const struct acd_call *call /* may be NULL */, const json_t *p);
bool acd_voicemail_listen(struct acd_call *call, const char *number); /* false: there is no such box */
enum acd_outcome acd_outcome_of(int64_t sip_code);
void acd_ivr_returned(struct acd_call *call, struct acd_leg *leg, const json_t *data);
void acd_ivr_left(struct acd_call *call, const json_t *data, const char *how); /* writes the visit's fact */
void acd_ivr_failed(struct acd_call *call, struct acd_leg *leg, const char *because);
/* For what does not concern a story. */
void acd_start_nothing(struct acd_call *call);
void acd_leg_nothing(struct acd_call *call, struct acd_leg *leg);
void acd_played_nothing(struct acd_call *call, struct acd_leg *leg, enum acd_play what);
#endif
