/* OpenAPI 3.1, made of the schema and of the table of routes. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H
#include "schema.h"

/* The document as the role sees it, malloc'd; NULL: out of memory. */
char *api_openapi_make(const struct res_schema *s, enum res_role role);

/* openapi_schema.c: a row as it is read, made, changed. */
enum api_openapi_row { API_OPENAPI_READ, API_OPENAPI_CREATE, API_OPENAPI_CHANGE };
json_t *api_openapi_row(const struct res_def *r, enum res_role role, enum api_openapi_row kind);
#endif
