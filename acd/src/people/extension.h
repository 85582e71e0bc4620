#ifndef ACD_EXTENSION_H
#define ACD_EXTENSION_H
#include "core/acd.h"

struct acd_extension *acd_extension_find(const struct acd_tenant *t, const char *id); /* NULL: gone, disabled */
struct acd_extension *acd_extension_by_number(const struct acd_tenant *t, const char *number); /* likewise */
void acd_extension_row(struct acd_tenant *t, const char *id, const json_t *row); /* of the configuration */

/* May it be rung by this call, and if not, why? */
enum acd_able { ACD_ABLE, ACD_ABLE_DND, ACD_ABLE_BUSY, ACD_ABLE_AWAY };
enum acd_able acd_extension_able(const struct acd_extension *e, const struct acd_call *call);
bool acd_extension_is_idle(const struct acd_extension *e, const struct acd_call *but);
bool acd_extension_is_here(const struct acd_extension *e); /* a telephone is registered, or it is one outside */
bool acd_extension_is_agents_only(const struct acd_extension *e, const struct acd_call *call);
/* The leg's telephone is this number's. */
void acd_leg_set_phone(struct acd_leg *leg, const char *number);
void acd_leg_unset_phone(struct acd_leg *leg);

/* forward.c: true: the call goes on elsewhere (or was refused for a loop). */
bool acd_forward(struct acd_call *call, struct acd_extension *e, enum acd_forward why);
/* Sets what a phone may set of itself, here and (as a fact) in the database. `value` NULL: none. */
void acd_extension_set(struct acd_extension *e, const struct acd_call *call, const char *field, const char *value);

/* account groups */
void acd_pair_row(struct acd_tenant *t, const char *id, const json_t *row);
bool acd_in_range(const struct acd_extension *who, const struct acd_extension *whom, enum acd_range range);

/* presence.c: what watchers of an extension see */
void acd_extension_dirty(struct acd_extension *e);
void acd_extensions_tell(struct acd_tenant *t);
void acd_extension_watched(struct acd *acd, const char *tenant, const char *number);
#endif
