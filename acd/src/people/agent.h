#ifndef ACD_AGENT_H
#define ACD_AGENT_H
#include "core/acd.h"

struct acd_agent_change {
	enum acd_agent_event event;
	enum acd_cause cause;
	const char *reason, *call, *queue, *leg, *by_account; /* NULL: none */
	int64_t at;                                           /* 0: now */
};
/* The only writer of an agent's state. EPROTO: impossible in the present state (logged, counted, nothing changed). */
int acd_agent_do(struct acd_agent *a, const struct acd_agent_change *c);

struct acd_agent *acd_agent_find(struct acd_tenant *t, const char *id);
bool acd_agent_can_be_offered(const struct acd_agent *a, const char **because);
void acd_agent_index(struct acd_agent *a);   /* puts it into, or takes it out of, the idle indexes, as its state says */
void acd_agent_unindex(struct acd_agent *a); /* before one of its keys changes; then acd_agent_index */
void acd_agent_roll(struct acd_agent *a);    /* counters of today start anew after midnight; not while indexed */
int acd_agent_take(struct acd_agent *a, struct acd_leg *leg, const char *queue); /* reserve for a leg, EBUSY */
void acd_agent_ringing(struct acd_leg *leg);
void acd_agent_answered(struct acd_leg *leg);
void acd_agent_release(struct acd_leg *leg);                                              /* its leg ended */
void acd_agent_settle(struct acd_agent *a, enum acd_cause cause, const char *by_account); /* to idle, or what follows */

/* sign_in.c */
enum acd_seat acd_seat_parse(const char *mode); /* of agent.extension_mode */
/* On which extension: the one of that number, or (empty) what his configuration says. NULL: *because. */
struct acd_extension *acd_agent_seat(const struct acd_agent *a, const char *number, const char **because);
/* NULL: signed in; else why not. `anyway`: also while its phone is not registered. */
const char *acd_agent_sign_in(struct acd_agent *a, struct acd_extension *e, bool anyway, enum acd_cause cause,
			      const char *by_account);
/* Who sits there: signed in, or (nobody is) by configuration. NULL: nobody. */
struct acd_agent *acd_extension_agent(const struct acd_extension *e);

void acd_agent_after(struct acd_agent *a, bool busy, const char *reason, enum acd_cause cause, const char *by_account);
void acd_agent_restore_timers(struct acd_agent *a);
void acd_agent_moved(const struct acd_leg *leg); /* the leg is of another call now */
struct acd_extension *acd_agent_phone(const struct acd_agent *a);
#endif
