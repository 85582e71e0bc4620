/* Values on their way into SQL: a text in the form PostgreSQL reads, after its type was checked. */
#ifndef API_VALUE_H
#define API_VALUE_H
#include "buf.h"
#include "problem.h"

/* Is `text` good for a column of this type? Checked before the database would say it less clearly. */
bool api_value_text_ok(enum api_type type, const char *text);

struct api_value {
	const struct api_field *field;
	char *text; /* an object (zj_deref); NULL: null */
};
#define API_VALUES_MAX 100
struct api_values {
	struct api_value v[API_VALUES_MAX];
	size_t n;
};
void api_values_free(struct api_values *values);
struct api_value *api_values_find(struct api_values *values, const char *field);

/* Reads a JSON object as the values of a row to be created or changed. Every fault found is in `p`: unknown fields and
 * wrong types are 400, else broken rules 422. Returns false when there are faults (or memory is out: API_P_INTERNAL).
 */
bool api_values_read(struct api_values *values, const struct api_resource *r, enum api_role role, bool creating,
		     const json_t *body, struct api_problem *p);
#endif
