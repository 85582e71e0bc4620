/* OpenAPI 3.1 of the resources as a role sees them, and of the special routes. malloc'd text; NULL: out of memory. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H
#include "schema.h"
char *api_openapi_make(const struct res_schema *s, enum res_role role);
#endif
