/* Where a dialled number goes, and with which caller: outbound routes, permissions, emergency numbers, caller numbers.
 */
#ifndef ACD_OUTBOUND_H
#define ACD_OUTBOUND_H
#include "core/acd.h"

/* A row of the configuration is kept as it is (NULL: gone). acd_kept: all of a table by their ids; borrowed, or NULL.
 */
json_t *acd_kept(const struct acd_tenant *t, const char *table);
void acd_outbound_keep(struct acd_tenant *t, const char *table, const char *id, const json_t *row);
void acd_outbound_forget(struct acd_tenant *t);
void acd_out_rule_row(struct acd_tenant *t, const char *id, const json_t *row);
void acd_out_agent_group_row(struct acd_tenant *t, const char *id, const json_t *row);
void acd_out_group_row(struct acd_tenant *t, const char *id, const json_t *row);
void acd_out_account_row(struct acd_tenant *t, const char *id, const json_t *row);
void acd_out_number_row(struct acd_tenant *t, const char *id, const json_t *row);
void acd_out_service_row(struct acd_tenant *t, const char *id, const json_t *row);
void acd_out_trunk_row(struct acd_tenant *t, const char *id, const json_t *row);
void acd_out_rate_row(struct acd_tenant *t, const char *id, const json_t *row);
void acd_client_row(struct acd_tenant *t, const char *id, const json_t *row);
void acd_client_contact_row(struct acd_tenant *t, const char *id, const json_t *row);
void acd_client_number_row(struct acd_tenant *t, const char *id, const json_t *row);
void acd_out_emergency_row(struct acd_tenant *t, const char *id, const json_t *row);

/* A trunk of the tenant's or the carrier's; NULL: unknown. Borrowed. */
const json_t *acd_out_trunk(const struct acd_tenant *t, const char *id);

/* May agents of this group call none but those whom the group talked with lately? Emergency numbers are free. */
bool acd_out_restricted(const struct acd_tenant *t, const char *group_id, const char *number);

struct acd_out { /* what the edge is told of a call */
	char number[ACD_NUMBER_SIZE];
	char object[64];                                     /* trunk:ID or trunk_group:ID, "": rates decide */
	char group[ZJ_UUID_SIZE];                            /* account group */
	char pool[ZJ_UUID_SIZE];                             /* of numbers that take turns */
	char extension[ZJ_UUID_SIZE], account[ZJ_UUID_SIZE]; /* whose call it is, "": nobody's of ours */
	char tenant[ZJ_UUID_SIZE];                           /* another tenant's internal number */
	char caller[ACD_NUMBER_SIZE], name[ACD_TEXT_SIZE];
	bool anonymous, emergency;
	/* what decided, for people who ask */
	char route[ZJ_UUID_SIZE], rule[ZJ_UUID_SIZE], caller_row[ZJ_UUID_SIZE];
	const char *object_by, *caller_by; /* kinds of rows; NULL: none */
};
struct acd_out_why {
	int code; /* SIP */
	enum acd_result result;
	const char *text, *by; /* by: the kind of row that forbids it, or NULL */
};
enum acd_out_verdict {
	ACD_OUT_DIAL,  /* out is filled */
	ACD_OUT_GO,    /* the route sends it to `dest` instead */
	ACD_OUT_REFUSE /* why */
};
/* call->dest is external. */
enum acd_out_verdict acd_outbound(struct acd_call *call, struct acd_out *out, struct acd_dest *dest,
				  struct acd_out_why *why);

/* What would happen to a call that this extension dials, and which rows decide: the same functions, nothing is done. p:
 * {extension, number, trunk_number?, service?, click?, anonymous?}; the answer says `headers`, what the edge is told.
 */
json_t *acd_outbound_explain(struct acd_tenant *t, const json_t *p);

/* How an outside telephone that is used as an extension is reached. */
void acd_outbound_phone(const struct acd_extension *e, struct acd_out *out);
/* The parameters of leg.originate for a leg that leaves. */
json_t *acd_out_leg(struct acd_leg *leg, const struct acd_out *out, int64_t timeout_us);

bool acd_out_has(const struct acd_tenant *t, const char *table, const char *id);
bool acd_is_emergency(const struct acd_tenant *t, const char *number);
/* A number outside: what follows the outside-line prefix, another tenant's dial prefix and number, or digits. */
bool acd_dest_outside(struct acd_tenant *t, const char *number, struct acd_dest *dest);
/* Entry: the edge's edge.trunk_state becomes the event trunk.changed of its tenant. */
void acd_trunk_state(struct acd *acd, const json_t *p);
/* Takes what the edge said of the trunk (X-Zj-Trunk, -Attempts, -Because, -Barred, -Longest). */
void acd_out_heard(struct acd_leg *leg, const json_t *edge);
/* guard.c: an answered leg ends when it has lasted longest_us (0: whenever). */
void acd_leg_cut(struct acd_leg *leg);
#endif
