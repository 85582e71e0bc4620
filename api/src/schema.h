/* Resources, read from the database's catalogue: an immutable snapshot, built whole and swapped (docs/resources.md). */
#ifndef API_SCHEMA_H
#define API_SCHEMA_H
#include "zj_obj.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Who asks: the tenant's or the carrier's database role. */
enum api_role { API_ROLE_TENANT, API_ROLE_CARRIER, API_ROLES };
extern const char *const api_role_names[API_ROLES];

/* Field types: X(enum, name in the api, JSON Schema type, format, sortable) */
#define API_TYPES(X)                                                                                                   \
	X(API_STRING, "string", "string", NULL, true)                                                                  \
	X(API_INTEGER, "integer", "integer", NULL, true)                                                               \
	X(API_NUMBER, "number", "number", NULL, true)                                                                  \
	X(API_BOOLEAN, "boolean", "boolean", NULL, true)                                                               \
	X(API_UUID, "uuid", "string", "uuid", true)                                                                    \
	X(API_DATETIME, "datetime", "string", "date-time", true)                                                       \
	X(API_IP, "ip", "string", NULL, true)                                                                          \
	X(API_STRINGS, "strings", "array", NULL, false)                                                                \
	X(API_UUIDS, "uuids", "array", NULL, false)                                                                    \
	X(API_JSON, "json", NULL, NULL, false)
enum api_type {
#define X(e, n, j, f, s) e,
	API_TYPES(X)
#undef X
		API_TYPE_COUNT
};
struct api_type_info {
	const char *name, *json_type, *format;
	bool sortable;
};
extern const struct api_type_info api_types[API_TYPE_COUNT];

struct api_field { /* texts are borrowed from the snapshot's document */
	const char *name, *pg_type;
	enum api_type type;
	json_t *comment; /* an object */
	bool not_null, has_default, readonly, writeonly, hidden, detail;
	const char *check, *transform, *ref;
	char *pattern;   /* a POSIX expression; owned */
	json_t *def;     /* the default's value when it is a plain literal, else NULL; owned */
	json_t *choices; /* an enum's array; owned */
	bool has_min, has_max, has_min_len, has_max_len;
	int64_t min, max, min_len, max_len; /* lengths in characters, or bytes when by_bytes */
	bool by_bytes;
	bool insert[API_ROLES], update[API_ROLES], select[API_ROLES];
};

struct api_resource {
	const char *name, *table, *zh, *en, *label, *scope, *sort;
	json_t *comment, *constraints;
	struct api_field *fields;
	size_t n_fields;
	bool tenant_key; /* the primary key has tenant_id */
	bool has_include;
	bool select[API_ROLES], insert[API_ROLES], update[API_ROLES], remove[API_ROLES];
	char perm_read[80], perm_write[80];
};

struct api_schema;
/* `tables`: what api_schema_sql's one row holds; stolen. Returns 0, EINVAL with a sentence in `why`, ENOMEM. */
int api_schema_alloc(struct api_schema **sp, json_t *tables, char *why, size_t size) ZJ_MUST_CHECK;
extern const char api_schema_sql[]; /* one row, one column: the catalogue as JSON */

size_t api_schema_count(const struct api_schema *s);
const struct api_resource *api_schema_at(const struct api_schema *s, size_t i);
const struct api_resource *api_schema_find(const struct api_schema *s, const char *resource);
const struct api_resource *api_schema_by_table(const struct api_schema *s, const char *table);
const struct api_field *api_resource_field(const struct api_resource *r, const char *name);
/* The include table's columns that may be shown, as an array of names; NULL: no such table. */
const json_t *api_schema_table(const struct api_schema *s, const char *table);
const json_t *api_schema_permissions(const struct api_schema *s); /* [{name,zh,en}] */
bool api_schema_permission_known(const struct api_schema *s, const char *name);

bool api_field_shown(const struct api_field *f, enum api_role role);
bool api_field_writable(const struct api_field *f, enum api_role role, bool creating);
bool api_field_required(const struct api_field *f, enum api_role role);

/* constraint.c: reads what a check constraint (as pg_get_constraintdef prints it) says about a column. */
void api_constraint_read(struct api_field *f, const char *def);
/* The literal of a default expression ('longest_idle'::text, 42, true, '{}'::text[]); NULL: not a literal. */
json_t *api_default_read(const char *expr, enum api_type type);
#endif
