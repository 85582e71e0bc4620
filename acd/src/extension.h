#ifndef ACD_EXTENSION_H
#define ACD_EXTENSION_H
#include "acd.h"

struct acd_extension *acd_extension_find(const struct acd_tenant *t, const char *id); /* NULL: gone, disabled */
struct acd_extension *acd_extension_by_number(const struct acd_tenant *t, const char *number); /* likewise */
void acd_extension_row(struct acd_tenant *t, const char *id, const json_t *row); /* of the configuration */
#endif
