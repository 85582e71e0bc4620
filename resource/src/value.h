/* Values on their way into SQL: a text in the form PostgreSQL reads, after its type was checked. */
#ifndef RES_VALUE_H
#define RES_VALUE_H
#include "buf.h"
#include "problem.h"

/* Is `text` good for a column of this type? Checked before the database would say it less clearly. */
bool res_value_text_ok(enum res_type type, const char *text);

struct res_value {
	const struct res_field *field;
	char *text; /* an object (zj_deref); NULL: null */
};
#define RES_VALUES_MAX 100
struct res_values {
	struct res_value v[RES_VALUES_MAX];
	size_t n;
};
void res_values_free(struct res_values *values);
struct res_value *res_values_find(struct res_values *values, const char *field);

/* Reads a JSON object as the values of a row to be created or changed. Every fault found is in `p`: unknown fields and
 * wrong types are 400, else broken rules 422. Returns false when there are faults (or memory is out: RES_P_INTERNAL).
 */
bool res_values_read(struct res_values *values, const struct res_def *r, enum res_role role, bool creating,
		     const json_t *body, struct res_problem *p);
#endif
