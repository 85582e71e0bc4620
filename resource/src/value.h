/* Values on their way into SQL: texts in the form PostgreSQL reads, after type, rules and the caller's rights were
 * checked. */
#ifndef RES_VALUE_H
#define RES_VALUE_H
#include "buf.h"
#include "problem.h"
#include "view.h"

/* Is `text` good for a column of this type? Checked before the database would say it less clearly. */
bool res_value_text_ok(enum res_type type, const char *text);

struct res_value {
	const struct res_field *field;
	char *text;  /* an object (zj_deref); NULL: null */
	char *unset; /* of `custom`: the keys to take away, an array's text; an object; NULL: none */
};

/* What only the database can tell: is it the caller's own complete upload, is it in the dictionary. */
enum res_check_kind { RES_CHECK_UPLOAD, RES_CHECK_ITEM_BY_ID, RES_CHECK_ITEM_BY_CODE };
struct res_check {
	enum res_check_kind kind;
	bool path;              /* the values are steps from the root down */
	const char *field;      /* borrowed from the view */
	const char *dictionary; /* its id or code; borrowed from the view */
	char *values;           /* an array's text; an object */
};

#define RES_VALUES_MAX 200
#define RES_CHECKS_MAX 40
struct res_values {
	struct res_value v[RES_VALUES_MAX];
	size_t n;
	struct res_check checks[RES_CHECKS_MAX];
	size_t n_checks;
	json_t *custom, *unset; /* of custom fields, until res_values_finish; owned */
};
void res_values_free(struct res_values *values);
struct res_value *res_values_find(const struct res_values *values, const char *field);

/* Reads a JSON object as the values of a row to be created or changed. Every fault found is in `p`: unknown fields and
 * wrong types are 400, else broken rules 422. Returns false when there are faults (or memory is out: RES_P_INTERNAL).
 * Custom fields are `{"custom":{"k":…}}`, or `"custom.k"`. Values borrow from the view. */
bool res_values_read(struct res_values *values, const struct res_view *v, bool creating, const json_t *body,
		     struct res_problem *p);

/* The same by steps, for rows that do not come as JSON: begin with an empty struct, add values, finish. */
void res_value_add(struct res_values *values, const struct res_view_field *f, bool creating, const json_t *value,
		   struct res_problem *p);
/* One cell of a file. Empty: null where that may be, else as if the column were not there. Booleans are also 是/否,
 * 1/0, yes/no; lists are separated by , ; | or their Chinese forms. */
void res_value_add_text(struct res_values *values, const struct res_view_field *f, bool creating, const char *text,
			struct res_problem *p);
/* Adds defaults of custom fields, finds what is missing. */
bool res_values_finish(struct res_values *values, const struct res_view *v, bool creating, struct res_problem *p);

/* value_custom.c: the value as it is stored, a new reference; NULL with a fault in `p`. */
json_t *res_custom_value(struct res_values *values, const struct res_view_field *f, const json_t *value,
			 struct res_problem *p);
bool res_values_check(struct res_values *values, struct res_check check); /* `values` stolen; false: too many */
char *res_array_text(const json_t *strings); /* {"a","b"}: as PostgreSQL reads it; NULL: not strings, or no memory */
#endif
