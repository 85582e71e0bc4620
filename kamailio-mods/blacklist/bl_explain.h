/* A question as texts: how script and RPC ask. Pure. */
#ifndef BL_EXPLAIN_H
#define BL_EXPLAIN_H
#include "bl_people.h"

/* Scopes: `kind=UUID` parted by `;`, empty ones are left out; an extension brings its account and agent group, a trunk
 * its groups. NULL, or what is wrong. `number` is borrowed. */
const char *bl_query_read(struct bl_query *q, struct zk_store *people, const char *tenant, const char *number,
			  const char *direction, const char *scopes);
/* One scope more, with what it brings; a zero id is left out. */
void bl_query_at(struct bl_query *q, struct zk_store *people, enum bl_scope scope, const struct zk_uuid *ref);
#endif
