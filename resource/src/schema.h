/* Resources, read from the database's catalogue: an immutable snapshot, built whole and swapped (docs/resources.md). */
#ifndef RES_SCHEMA_H
#define RES_SCHEMA_H
#include "mask.h"
#include <jansson.h>
#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

/* Who asks: the tenant's or the carrier's database role. */
enum res_role { RES_ROLE_TENANT, RES_ROLE_CARRIER, RES_ROLES };
extern const char *const res_role_names[RES_ROLES];

/* Field types: X(enum, name in the api, JSON Schema type, format, sortable) */
#define RES_TYPES(X)                                                                                                   \
	X(RES_STRING, "string", "string", NULL, true)                                                                  \
	X(RES_INTEGER, "integer", "integer", NULL, true)                                                               \
	X(RES_NUMBER, "number", "number", NULL, true)                                                                  \
	X(RES_BOOLEAN, "boolean", "boolean", NULL, true)                                                               \
	X(RES_UUID, "uuid", "string", "uuid", true)                                                                    \
	X(RES_DATETIME, "datetime", "string", "date-time", true)                                                       \
	X(RES_DATE, "date", "string", "date", true)                                                                    \
	X(RES_TIME, "time", "string", NULL, true)                                                                      \
	X(RES_IP, "ip", "string", NULL, true)                                                                          \
	X(RES_STRINGS, "strings", "array", NULL, false)                                                                \
	X(RES_UUIDS, "uuids", "array", NULL, false)                                                                    \
	X(RES_JSON, "json", NULL, NULL, false)
enum res_type {
#define X(e, n, j, f, s) e,
	RES_TYPES(X)
#undef X
		RES_TYPE_COUNT
};
struct res_type_info {
	const char *name, *json_type, *format;
	bool sortable;
};
extern const struct res_type_info res_types[RES_TYPE_COUNT];

/* What may be done with a resource: X(enum, permission's last word, zh, en) */
#define RES_CANS(X)                                                                                                    \
	X(RES_CAN_READ, "read", "查看", "read")                                                                        \
	X(RES_CAN_CREATE, "create", "新增", "add")                                                                     \
	X(RES_CAN_UPDATE, "update", "修改", "edit")                                                                    \
	X(RES_CAN_DELETE, "delete", "删除", "delete")                                                                  \
	X(RES_CAN_EXPORT, "export", "导出", "export")                                                                  \
	X(RES_CAN_IMPORT, "import", "导入", "import")
enum res_can {
#define X(e, n, zh, en) e,
	RES_CANS(X)
#undef X
		RES_CAN_COUNT
};
extern const char *const res_can_names[RES_CAN_COUNT];

struct res_field { /* texts are borrowed from the snapshot's document */
	const char *name, *pg_type;
	enum res_type type;
	json_t *comment; /* an object */
	bool not_null, has_default, readonly, writeonly, hidden, detail, create_only, file;
	const char *check, *transform, *ref, *dictionary;
	enum res_mask mask; /* shown whole only with show.<kind> */
	char *pattern;      /* a POSIX expression; owned */
	regex_t *regex;     /* the same compiled; owned; NULL: only the database can tell */
	json_t *def;        /* the default's value when it is a plain literal, else NULL; owned */
	json_t *choices;    /* an enum's array (of an array's elements too); owned */
	bool has_min, has_max, has_min_len, has_max_len;
	int64_t min, max, min_len, max_len; /* lengths in characters, or bytes when by_bytes */
	bool by_bytes;
	bool insert[RES_ROLES], update[RES_ROLES], select[RES_ROLES];
};

struct res_def {
	const char *name, *table, *zh, *en, *label, *scope, *sort;
	json_t *comment, *constraints;
	struct res_field *fields;
	size_t n_fields;
	const json_t *search; /* columns of the one search box; NULL: all that are shown */
	bool tenant_key;      /* the primary key has tenant_id */
	bool has_include;
	bool custom;     /* takes custom fields: has the column `custom` */
	bool mark;       /* deleted rows are marked by deleted_at */
	bool recyclable; /* deleted rows can be restored */
	bool audited;    /* has a history */
	bool select[RES_ROLES], insert[RES_ROLES], update[RES_ROLES], remove[RES_ROLES];
	bool can[RES_CAN_COUNT][RES_ROLES]; /* is it offered to the database role at all */
	char perms[RES_CAN_COUNT][80];
	char perm_read[80], perm_write[80]; /* `write` stands for create, update, delete and import */
};

struct res_schema;
/* `tables`: what res_schema_sql's one row holds; stolen. Returns 0, EINVAL with a sentence in `why`, ENOMEM. */
int res_schema_alloc(struct res_schema **sp, json_t *tables, char *why, size_t size) ZJ_MUST_CHECK;
extern const char res_schema_sql[]; /* one row, one column: the catalogue as JSON */

size_t res_schema_count(const struct res_schema *s);
const struct res_def *res_schema_at(const struct res_schema *s, size_t i);
const struct res_def *res_schema_find(const struct res_schema *s, const char *resource);
const struct res_def *res_schema_by_table(const struct res_schema *s, const char *table);
const struct res_field *res_def_field(const struct res_def *r, const char *name);
/* A table's columns that may be shown, as an array of {"name","type","comment",…}; NULL: no such table. */
const json_t *res_schema_table(const struct res_schema *s, const char *table);
const json_t *res_schema_permissions(const struct res_schema *s); /* [{name,zh,en,resource?,kind?}] */
bool res_schema_permission_known(const struct res_schema *s, const char *name);

bool res_field_shown(const struct res_field *f, enum res_role role);
bool res_field_writable(const struct res_field *f, enum res_role role, bool creating);
bool res_field_required(const struct res_field *f, enum res_role role);

/* field.c: a column of the catalogue, with its table's constraints. */
void res_field_read(struct res_field *f, const json_t *column, json_t *constraints);
void res_field_clear(struct res_field *f);
enum res_type res_type_of(const char *pg_type);

/* constraint.c: reads what a check constraint (as pg_get_constraintdef prints it) says about a column. */
void res_constraint_read(struct res_field *f, const char *def);
/* The literal of a default expression ('longest_idle'::text, 42, true, '{}'::text[]); NULL: not a literal. */
json_t *res_default_read(const char *expr, enum res_type type);
#endif
