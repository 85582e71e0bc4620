/* Permissions: texts like `queues.read`. A set is a JSON array of them, as the role's row has it. `queues.write`
 * stands for create, update, delete and import of a resource, `queues.*` for all of it, `*` for everything. */
#ifndef RES_PERM_H
#define RES_PERM_H
#include <jansson.h>
#include <stdbool.h>

/* Does the set (may be NULL) allow `want`? */
bool res_perm_has(const json_t *set, const char *want);
/* The first text of `wanted` that `set` does not allow; NULL: it allows all. */
const char *res_perm_beyond(const json_t *set, const json_t *wanted);
/* What both allow; a new array. */
json_t *res_perm_intersect(const json_t *a, const json_t *b);
#endif
