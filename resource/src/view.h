/* What one caller sees of a resource: its columns and the tenant's custom fields, each with the caller's access, and
 * the SQL that follows from it. Immutable and reference-counted: made once per (schema, custom fields, role), used by
 * any number of requests or rows. One thread. */
#ifndef RES_VIEW_H
#define RES_VIEW_H
#include "mask.h"
#include "schema.h"

/* X(enum, name), rising: whoever has one has those before it. */
#define RES_ACCESSES(X)                                                                                                \
	X(RES_ACCESS_NONE, "none")                                                                                     \
	X(RES_ACCESS_MASKED, "masked")                                                                                 \
	X(RES_ACCESS_READ, "read")                                                                                     \
	X(RES_ACCESS_WRITE, "write")
enum res_access {
#define X(e, n) e,
	RES_ACCESSES(X)
#undef X
		RES_ACCESS_COUNT
};
extern const char *const res_access_names[RES_ACCESS_COUNT];

/* Types of custom fields: X(enum, name in custom_field.type, how its values are filtered and sorted) */
#define RES_CUSTOM_TYPES(X)                                                                                            \
	X(RES_CUSTOM_TEXT, "text", RES_STRING)                                                                         \
	X(RES_CUSTOM_TEXTAREA, "textarea", RES_STRING)                                                                 \
	X(RES_CUSTOM_EMAIL, "email", RES_STRING)                                                                       \
	X(RES_CUSTOM_PHONE, "phone", RES_STRING)                                                                       \
	X(RES_CUSTOM_SINGLE, "single", RES_STRING)                                                                     \
	X(RES_CUSTOM_MULTI, "multi", RES_STRINGS)                                                                      \
	X(RES_CUSTOM_CASCADE, "cascade", RES_STRINGS)                                                                  \
	X(RES_CUSTOM_DATE, "date", RES_DATE)                                                                           \
	X(RES_CUSTOM_DATETIME, "datetime", RES_DATETIME)                                                               \
	X(RES_CUSTOM_INTEGER, "integer", RES_INTEGER)                                                                  \
	X(RES_CUSTOM_DECIMAL, "decimal", RES_NUMBER)                                                                   \
	X(RES_CUSTOM_REGION, "region", RES_STRING)                                                                     \
	X(RES_CUSTOM_ATTACHMENT, "attachment", RES_UUID)
enum res_custom_type {
#define X(e, n, t) e,
	RES_CUSTOM_TYPES(X)
#undef X
		RES_CUSTOM_TYPE_COUNT
};
extern const char *const res_custom_type_names[RES_CUSTOM_TYPE_COUNT];

struct res_custom {
	enum res_custom_type type;
	const char *key;        /* `k` of `custom.k` */
	const char *dictionary; /* the dictionary's id whose items are the choices; NULL: none */
	json_t *row;            /* of custom_field */
	bool required, unique;
	json_t *def;     /* default_value; NULL: none */
	json_t *choices; /* [{"value","zh","en","children"?}], NULL: none; a plain text stands for its value */
};

struct res_view_field {
	const struct res_field *field;   /* a custom field has one too: name `custom.k`, nullable */
	const struct res_custom *custom; /* NULL: a column */
	enum res_access access;
	enum res_mask mask; /* how it is masked when access is RES_ACCESS_MASKED */
	bool shown;         /* in rows: not hidden, not write-only, access not none, the database role may select it */
	bool insert, update, required;
	char *value; /* SQL of the value, typed as res_view_field_sql_type says; `t` is the row. Cannot fail */
	char *shows; /* SQL of what is shown: the value, or its mask */
	char *label; /* SQL of {"id","label","deleted"} of what it points to; NULL: it points to nothing */
};

struct res_view {
	struct res_schema *schema; /* a reference */
	const struct res_def *def;
	enum res_role role;
	struct res_view_field *fields; /* columns in their order, then custom fields in theirs */
	size_t n;
	bool has_custom;      /* the table takes custom fields (the tenant may have none) */
	bool masks;           /* some field is masked */
	char *includes;       /* SQL of the included tables' rows, each after a comma; empty: none */
	char *row, *row_list; /* SQL of the row as JSON: whole, and as it is in lists */
	char *sql_one;        /* the keyed read: $1 is the id; answers (json text, md5 of it) */
};

struct res_view_args {
	struct res_schema *schema;
	const struct res_def *def;
	enum res_role role;
	const json_t *perms;       /* the caller's permissions: show.<kind> opens masks */
	const json_t *role_fields; /* rows of role_field of the caller's role (of any resource); NULL: none */
	const json_t *customs;     /* rows of custom_field of the tenant (of any resource, any order); NULL: none */
};
/* Rows are referenced, not copied: they must not change afterwards. ENOMEM is the only error: a row that makes no sense
 * (an unknown type or access, a bad name) is left out. */
int res_view_alloc(struct res_view **vp, const struct res_view_args *args) ZJ_MUST_CHECK;

/* By name (`name`, `custom.k`); NULL: there is none, or its access is none: to the caller it does not exist. */
const struct res_view_field *res_view_find(const struct res_view *v, const char *name);
/* The same, only when it is in rows. */
const struct res_view_field *res_view_shown(const struct res_view *v, const char *name);
const char *res_view_field_sql_type(const struct res_view_field *f); /* what a parameter compared with it is cast to */
bool res_view_field_sortable(const struct res_view_field *f);

/* The access of a field of any resource (for labels of other resources, for "nobody grants more than he has"): `mask`
 * is set when it is masked. */
enum res_access res_access_of(const struct res_field *f, const char *resource, const json_t *perms,
			      const json_t *role_fields, enum res_mask *mask);

/* Of {field: [old, new]} what the caller may see, masked as he sees it (history, events). A new object. */
json_t *res_view_changes(const struct res_view *v, const json_t *changes);
/* The same for a row {field: value}. */
json_t *res_view_row(const struct res_view *v, const json_t *row);
#endif
