/* Whose a phone is: the account and the agent group whose lists count when an extension is called; which groups a trunk
 * is in; and whether a
 * tenant's black lists act at all (its two switches). Small tables in zk_map, followed row by row. */
#ifndef BL_PEOPLE_H
#define BL_PEOPLE_H
#include "bl_check.h"
#include "zk_follow.h"
#include "zk_map.h"

enum bl_people_table { BL_TABLE_EXTENSION, BL_TABLE_AGENT, BL_TABLE_MEMBER, BL_TABLE_SETTING, BL_PEOPLE_TABLES };
extern const struct zk_table bl_people_tables[BL_PEOPLE_TABLES];

int bl_people_alloc(struct zk_store **sp) __attribute__((warn_unused_result));
struct zk_sink bl_people_sink(struct zk_store *s);

/* Adds the extension, its account, and what its agents have; or the trunk and its groups. No more than fit. */
void bl_people_scopes(struct zk_store *s, enum bl_scope scope, const struct zk_uuid *id, struct bl_query *q);
/* The tenant's black rules act in this direction. */
bool bl_people_switch(struct zk_store *s, const struct zk_uuid *tenant, enum bl_direction d);
#endif
