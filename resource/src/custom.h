/* Custom fields: rows of custom_field as fields of a view. */
#ifndef RES_CUSTOM_H
#define RES_CUSTOM_H
#include "view.h"

/* Makes `field` and `custom` (both owned by the caller: res_custom_clear) of a row. False: the row makes no sense, or
 * memory is out. */
bool res_custom_read(struct res_custom *custom, struct res_field *field, json_t *row);
void res_custom_clear(struct res_custom *custom, struct res_field *field);
/* SQL of the typed value in the row `t`, whatever is stored there: what is of another type counts as null. */
char *res_custom_value_sql(const struct res_custom *custom);
/* Is the value one of the choices (for a cascade: each step one of the former's children)? True without choices. */
bool res_custom_choice_ok(const struct res_custom *custom, const json_t *value);
#endif
