#ifndef ACD_CALL_H
#define ACD_CALL_H
#include "core/acd.h"

/* Entries: what the media engine says. An unknown leg is ignored (it was ended and acknowledged). */
void acd_media_event(struct acd *acd, const char *method, const json_t *params);
/* A command was refused, or never arrived (code ZJ_RPC_GONE). */
void acd_media_failed(struct acd *acd, const char *method, const json_t *params, int code, const char *because);

struct acd_call *acd_call_find(struct acd *acd, const char *id);
struct acd_call *acd_call_add(struct acd_tenant *t, const char *id /* NULL: new */, enum acd_direction direction);
void acd_call_at(struct acd_call *call, int64_t at /* 0: now */); /* moves the call's present moment, never back */
void acd_call_set_where(struct acd_call *call, enum acd_where where);
void acd_call_result(struct acd_call *call, enum acd_result result, const char *reason); /* the first one stays */
void acd_call_hangup_by(struct acd_call *call, const struct acd_leg *leg, const char *by, const char *reason);
void acd_call_end(struct acd_call *call, int sip_code, const char *reason); /* hangs up all that lives */
void acd_call_finish(struct acd_call *call);                                /* the last leg is gone */
void acd_call_linger(struct acd_call *call); /* an ended call waits for its last facts, then it is freed */
void acd_call_free(struct acd_call *call);
void acd_calls_free(struct acd *acd);
struct acd_leg *acd_call_other(const struct acd_call *call, const struct acd_leg *leg);

/* incoming.c */
void acd_incoming(struct acd *acd, const json_t *leg);
void acd_incoming_known(struct acd *acd, const json_t *leg,
			bool talking); /* of a snapshot; talking: it needs no story */
/* What forbids that the telephone of `call` dials this; NULL: nothing. */
const char *acd_dial_against(const struct acd_call *call, const struct acd_dest *dest, const char *number);
/* A kind by its name, and its target: a number for external, else an id. An unknown kind: ACD_TO_NOTHING. */
void acd_dest_make(struct acd_dest *dest, const char *kind, const char *target);
/* The columns <prefix>_kind, <prefix>_id, <prefix>_number of a row; null or "hangup" without a story: ACD_TO_NOTHING.
 */
void acd_dest_read(struct acd_dest *dest, const json_t *row, const char *prefix);
bool acd_dest_voicemail(const struct acd_extension *e, struct acd_dest *dest); /* its box; false: it has none */
void acd_number_row(struct acd_tenant *t, const char *id, const json_t *row);  /* internal_number: the plan */
void acd_numbers_free(struct acd_tenant *t);
bool acd_dest_parse(struct acd_tenant *t, const char *text, struct acd_dest *dest); /* "queue:4001" … */
/* Of an account: the extension where its agent sits, else its first one; false: it has none. `dest` has the account. */
bool acd_dest_account(struct acd_tenant *t, struct acd_dest *dest);
bool acd_dest_by_number(struct acd_tenant *t, const char *number, struct acd_dest *dest);
void acd_sip_user(char *out, size_t size, const char *uri); /* the user part of a SIP URI or number */
#endif
