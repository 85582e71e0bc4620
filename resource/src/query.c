#include "query.h"
#include "zj_time.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const res_op_names[RES_OPS] = {
#define X(e, n) [e] = (n),
	RES_OP_TABLE(X)
#undef X
};

/* Of a masked field one may only ask whether it is a value that one knows already. */
bool res_op_fits(enum res_op op, const struct res_view_field *vf)
{
	const struct res_field *f = vf->field;
	bool list = f->type == RES_STRINGS || f->type == RES_UUIDS;
	if (!vf->shown || f->hidden)
		return false;
	if (vf->mask)
		return op == RES_EQ && f->type != RES_JSON && !list;
	if (op == RES_NULL)
		return !f->not_null;
	if (f->type == RES_JSON)
		return false;
	if (op == RES_CONTAINS)
		return f->type == RES_STRING || list;
	if (list)
		return false;
	if (op == RES_STARTS)
		return f->type == RES_STRING;
	if (op == RES_LT || op == RES_LE || op == RES_GT || op == RES_GE || op == RES_BETWEEN)
		return f->type != RES_BOOLEAN && f->type != RES_UUID;
	return true;
}

static bool fault(struct res_problem *p, const char *field, const char *fmt, const char *what)
{
	char en[300];
	snprintf(en, sizeof(en), fmt, what);
	res_problem_set(p, RES_P_QUERY, "%s", en);
	res_problem_add_text(p, field, "query", "查询条件不正确", en, NULL);
	return false;
}

/* Calls `each` for every comma-separated part. */
typedef bool(part_h)(const char *part, void *arg);
static bool each_part(const char *text, part_h *each, void *arg)
{
	char *copy = zj_strdup(text), *save = NULL;
	bool good = copy != NULL;
	for (char *s = copy ? strtok_r(copy, ",", &save) : NULL; good && s; s = strtok_r(NULL, ",", &save))
		good = each(s, arg);
	zj_deref(copy);
	return good;
}

static bool part_fits(const char *part, void *arg)
{
	return res_value_text_ok(*(const enum res_type *)arg, part);
}

static bool values_fit(const struct res_filter *f)
{
	enum res_type type = f->field->field->type;
	const char *comma = strchr(f->value, ',');
	if (strlen(f->value) > RES_FILTER_BYTES)
		return false;
	if (f->op == RES_NULL)
		return res_value_text_ok(RES_BOOLEAN, f->value);
	if (f->op == RES_BETWEEN && (!comma || comma == f->value || !comma[1] || strchr(comma + 1, ',')))
		return false;
	if (f->op == RES_IN || f->op == RES_BETWEEN)
		return each_part(f->value, part_fits, &type);
	return res_value_text_ok(type == RES_UUIDS ? RES_UUID : type, f->value);
}

/* Times of custom fields are texts of one form: what is compared with them must have it too. False: no memory. */
static bool to_stored_form(struct res_filter *f)
{
	char one[ZJ_RFC3339_SIZE], *save = NULL;
	struct res_buf b = {0};
	if (!f->field->custom || f->field->field->type != RES_DATETIME || f->op == RES_NULL)
		return true;
	for (char *s = strtok_r(f->value, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		zj_rfc3339(one, zj_rfc3339_parse(s));
		res_buf_printf(&b, "%s%s", b.n ? "," : "", one);
	}
	zj_deref(f->value);
	f->value = b.failed ? NULL : zj_strdup(b.p ? b.p : "");
	res_buf_free(&b);
	return f->value != NULL;
}

/* In the bin there is also when, and by whom. */
static const struct res_view_field *bin_field(const struct res_query *q, const char *name)
{
	static const struct res_field at = {.name = "deleted_at",
					    .pg_type = "timestamp with time zone",
					    .type = RES_DATETIME,
					    .not_null = true},
				      by = {.name = "deleted_by", .pg_type = "uuid", .type = RES_UUID};
	static const struct res_view_field bin[] = {
		{.field = &at, .access = RES_ACCESS_READ, .shown = true, .value = "r.deleted_at"},
		{.field = &by, .access = RES_ACCESS_READ, .shown = true, .value = "r.deleted_by"},
	};
	for (size_t i = 0; q->deleted && i < ZJ_ARRAY_SIZE(bin); i++)
		if (strcmp(bin[i].field->name, name) == 0)
			return &bin[i];
	return NULL;
}

static const struct res_view_field *find_field(const struct res_query *q, const struct res_view *v, const char *name)
{
	const struct res_view_field *f = res_view_shown(v, name);
	return f || v->def->mark ? f : bin_field(q, name);
}

/* filter[field] or filter[field][op] */
static bool read_filter(struct res_query *q, const struct res_view *v, const char *name, char **value,
			struct res_problem *p)
{
	char field[80], op[16] = "eq";
	int end = 0;
	if ((sscanf(name, "filter[%79[^]]]%n", field, &end) != 1 || end == 0 || name[end]) &&
	    (sscanf(name, "filter[%79[^]]][%15[^]]]%n", field, op, &end) != 2 || name[end]))
		return fault(p, NULL, "malformed filter: %.100s", name);
	const struct res_view_field *f = find_field(q, v, field);
	if (!f)
		return fault(p, field, "no such field to filter: %.100s", field);
	size_t i = 0;
	while (i < RES_OPS && strcmp(res_op_names[i], op) != 0)
		i++;
	if (i == RES_OPS || !res_op_fits((enum res_op)i, f))
		return fault(p, field, "this field has no operator %.20s", op);
	if (q->n_filters == RES_FILTERS_MAX)
		return fault(p, field, "too many filters%s", "");
	struct res_filter *new = &q->filters[q->n_filters++];
	*new = (struct res_filter){f, (enum res_op)i, *value};
	*value = NULL;
	q->masked = q->masked || f->mask;
	if (!values_fit(new))
		return fault(p, field,
			     i == RES_BETWEEN ? "between takes two values of type %s" : "the value is not of type %s",
			     res_types[i == RES_NULL ? RES_BOOLEAN : f->field->type].name);
	return to_stored_form(new) || fault(p, field, "out of memory%s", "");
}

struct names {
	struct res_query *q;
	const struct res_view *v;
	struct res_problem *p;
};

static bool add_sort(const char *name, void *arg)
{
	struct names *n = arg;
	struct res_query *q = n->q;
	bool desc = *name == '-';
	const struct res_view_field *f = find_field(q, n->v, name + desc);
	if (!f || !res_view_field_sortable(f))
		return fault(n->p, "sort", "cannot sort by %.100s", name);
	if (q->n_sort == RES_SORT_MAX)
		return fault(n->p, "sort", "at most three fields to sort by%s", "");
	q->sort[q->n_sort++] = (struct res_sort){f, desc};
	return true;
}

static bool add_field(const char *name, void *arg)
{
	struct names *n = arg;
	struct res_query *q = n->q;
	const struct res_view_field *f = res_view_shown(n->v, name);
	if (!f)
		return fault(n->p, "fields", "no such field: %.100s", name);
	if (q->n_fields == RES_FIELDS_MAX)
		return fault(n->p, "fields", "too many fields%s", "");
	for (size_t i = 0; i < q->n_fields; i++)
		if (q->fields[i] == f)
			return true;
	q->fields[q->n_fields++] = f;
	return true;
}

static bool add_expand(const char *name, void *arg)
{
	struct names *n = arg;
	struct res_query *q = n->q;
	const struct res_view_field *f = res_view_shown(n->v, name);
	if (!f || !f->label)
		return fault(n->p, "expand", "%.100s points to nothing", name);
	if (q->n_expand == RES_EXPAND_MAX)
		return fault(n->p, "expand", "too many fields to expand%s", "");
	for (size_t i = 0; i < q->n_expand; i++)
		if (q->expand[i] == f)
			return true;
	q->expand[q->n_expand++] = f;
	return true;
}

bool res_query_expand(struct res_query *q, const struct res_view *v, const char *text, struct res_problem *p)
{
	return each_part(text, add_expand, &(struct names){q, v, p});
}

/* How the list is sorted unless asked otherwise, as far as the caller sees those fields. */
static void default_sort(struct res_query *q, const struct res_view *v)
{
	struct res_problem p = {0};
	struct names n = {q, v, &p};
	const char *text = q->deleted && !v->def->mark ? "-deleted_at" : v->def->sort;
	if (text && !each_part(text, add_sort, &n))
		q->n_sort = 0;
	res_problem_clear(&p);
}

/* The last sort field is the id; with three before it there are four. */
static void finish_sort(struct res_query *q, const struct res_view *v)
{
	for (size_t i = 0; i < q->n_sort; i++)
		if (strcmp(q->sort[i].field->field->name, "id") == 0) {
			q->n_sort = i + 1; /* what follows the id decides nothing */
			return;
		}
	bool desc = q->n_sort ? q->sort[q->n_sort - 1].desc : true;
	const struct res_view_field *id = res_view_find(v, "id");
	if (id)
		q->sort[q->n_sort++] = (struct res_sort){id, desc};
}

static bool read_number(int *number, const char *name, const char *text, long min, long max, struct res_problem *p)
{
	char *end, range[60];
	long n = strtol(text, &end, 10);
	snprintf(range, sizeof(range), "%s is a number from %ld to %ld", name, min, max);
	if (end == text || *end || n < min || n > max)
		return fault(p, name, "%s", range);
	*number = (int)n;
	return true;
}

static bool read_flag(bool *flag, const char *name, const char *value, struct res_problem *p)
{
	*flag = strcmp(value, "true") == 0;
	return *flag || strcmp(value, "false") == 0 || fault(p, name, "%s is true or false", name);
}

/* What comes again after the sort and the bin are known. */
struct later {
	char *sort, *cursor;
};

static char *take(char **value)
{
	char *v = *value;
	*value = NULL;
	return v;
}

static bool read_pair(struct res_query *q, const struct res_view *v, const char *name, char **value,
		      struct later *later, struct res_problem *p)
{
	struct names n = {q, v, p};
	if (strncmp(name, "filter", 6) == 0)
		return read_filter(q, v, name, value, p);
	if (strcmp(name, "limit") == 0)
		return read_number(&q->limit, name, *value, 1, RES_LIMIT_MAX, p);
	if (strcmp(name, "skip") == 0)
		return read_number(&q->skip, name, *value, 0, RES_SKIP_MAX, p);
	if (strcmp(name, "fields") == 0)
		return each_part(*value, add_field, &n);
	if (strcmp(name, "expand") == 0)
		return each_part(*value, add_expand, &n);
	if (strcmp(name, "count") == 0)
		return read_flag(&q->count, name, *value, p);
	if (strcmp(name, "deleted") == 0)
		return read_flag(&q->deleted, name, *value, p);
	if (strcmp(name, "match") == 0) {
		q->any = strcmp(*value, "any") == 0;
		return q->any || strcmp(*value, "all") == 0 || fault(p, name, "%s is all or any", name);
	}
	char **keep = strcmp(name, "sort") == 0     ? &later->sort
		      : strcmp(name, "cursor") == 0 ? &later->cursor
		      : strcmp(name, "q") == 0      ? &q->search
						    : NULL;
	if (!keep)
		return fault(p, name, "unknown parameter: %.100s", name);
	zj_deref(*keep);
	*keep = take(value);
	return keep != &q->search || strlen(*keep) <= RES_SEARCH_BYTES ||
	       fault(p, "q", "the text to search for is too long%s", "");
}

static bool ignored(const char *const *ignore, const char *name)
{
	for (; ignore && *ignore; ignore++)
		if (strcmp(*ignore, name) == 0)
			return true;
	return false;
}

/* The bin has fields of its own, so it must be known before the filters. */
static bool asks_bin(const char *query)
{
	char *value = res_query_get(query, "deleted");
	bool is = value && strcmp(value, "true") == 0;
	zj_deref(value);
	return is;
}

bool res_query_read(struct res_query *q, const struct res_view *v, const char *query, const char *const *ignore,
		    struct res_problem *p)
{
	char *name, *value;
	struct later later = {0};
	int more = 0;
	bool good = true;
	*q = (struct res_query){.limit = RES_LIMIT_DEFAULT};
	q->deleted = strstr(query, "deleted") && asks_bin(query);
	while (good && (more = res_query_pair(&query, &name, &value)) > 0) {
		good = ignored(ignore, name) || read_pair(q, v, name, &value, &later, p);
		zj_deref(name);
		zj_deref(value);
	}
	if (good && more < 0)
		good = fault(p, NULL, "malformed percent-encoding%s", "");
	if (good && q->deleted && !v->def->recyclable)
		good = fault(p, "deleted", "%s have no recycle bin", v->def->name);
	if (good && later.sort)
		good = each_part(later.sort, add_sort, &(struct names){q, v, p});
	else if (good)
		default_sort(q, v);
	finish_sort(q, v);
	if (good && later.cursor && *later.cursor && !res_query_cursor_read(q, later.cursor))
		good = fault(p, "cursor", "the cursor does not belong to this list%s", "");
	if (q->search && !*q->search)
		q->search = zj_deref(q->search);
	zj_deref(later.sort);
	zj_deref(later.cursor);
	return good;
}

void res_query_free(struct res_query *q)
{
	for (size_t i = 0; i < q->n_filters; i++)
		zj_deref(q->filters[i].value);
	zj_deref(q->search);
	json_decref(q->after);
	q->n_filters = 0;
	q->search = NULL;
	q->after = NULL;
}
