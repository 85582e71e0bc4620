#ifndef ACD_GROUP_H
#define ACD_GROUP_H
#include "core/acd.h"

struct acd_group *acd_group_find(const struct acd_tenant *t, const char *id);          /* NULL: gone, disabled */
struct acd_group *acd_group_by_number(const struct acd_tenant *t, const char *number); /* likewise */
void acd_group_row(struct acd_tenant *t, const char *id, const json_t *row);           /* of the configuration */
void acd_group_member_row(struct acd_tenant *t, const char *id, const json_t *row);
/* Whom this call rings, in the order of ringing: at most ACD_HUNT_MAX extensions. */
void acd_group_order(struct acd_group *g, const struct acd_call *call, struct acd_hunting *h);
json_t *acd_group_save(const struct acd_group *g);
void acd_group_load(struct acd_group *g, const json_t *o);

/* recent.c: with whom a caller talked last */
#define ACD_RECENT_US  (30 * 86400 * ACD_S)
#define ACD_RECENT_MAX 10000 /* callers of a tenant */
struct acd_recent {
	UT_hash_handle hh;
	char caller[ACD_NUMBER_SIZE], extension[ZJ_UUID_SIZE];
	int64_t at;
};
void acd_recent_note(struct acd_tenant *t, const char *caller, const struct acd_extension *e);
const char *acd_recent_of(const struct acd_tenant *t, const char *caller); /* an extension's id; "": nobody */
void acd_recent_load(struct acd_tenant *t, const char *caller, const json_t *o);
json_t *acd_recent_save(const struct acd_recent *r);
void acd_groups_free(struct acd_tenant *t);
#endif
