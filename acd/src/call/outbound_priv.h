/* What the chapters of outbound calls share: outbound.c decides, outbound_caller.c chooses who is shown, outbound_leg.c
 * tells the edge, number_plan.c keeps the rows and knows whose a number is. */
#ifndef ACD_OUTBOUND_PRIV_H
#define ACD_OUTBOUND_PRIV_H
#include "call/outbound.h"

struct acd_asker { /* whose call it is, with the rows that say something about it; NULL: none */
	const struct acd_extension *e;
	const json_t *ext, *agent, *group;
	char account[ZJ_UUID_SIZE];
};

/* A kept row; NULL when there is none. */
json_t *acd_out_row(const struct acd_tenant *t, const char *table, const char *id);
json_t *acd_out_tenant_row(const struct acd_tenant *t);
struct acd_tenant *acd_carrier_of(const struct acd_tenant *t);

/* Fills caller, name or pool, and by what; an employee's access number names the trunk, too. */
void acd_out_caller(const struct acd_call *call, const struct acd_asker *a, struct acd_out *out);
#endif
