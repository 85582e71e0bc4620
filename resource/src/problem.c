#include "problem.h"
#include "view.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *type, *title;
	int status;
} kinds[RES_P_COUNT] = {
#define X(e, t, s, d) [e] = {t, d, s},
	RES_PROBLEMS(X)
#undef X
};

/* Rules: what is wrong, in both languages; %s is the rule's figure. */
static const struct {
	const char *rule, *zh, *en;
} rules[] = {
	{"required", "必填", "is required"},
	{"enum", "应为其中之一：%s", "must be one of %s"},
	{"min", "不能小于 %s", "must be at least %s"},
	{"max", "不能大于 %s", "must be at most %s"},
	{"min_length", "至少 %s 个字符", "needs at least %s characters"},
	{"max_length", "最多 %s 个字符", "may have at most %s characters"},
	{"pattern", "格式不对，应匹配 %s", "must match %s"},
	{"reference", "所指的对象不存在", "points to something that does not exist"},
	{"referenced", "仍被引用", "is still in use"},
	{"unique", "已存在", "exists already"},
	{"unknown_field", "没有这个字段", "does not exist"},
	{"readonly", "不能修改", "cannot be written"},
	{"type", "类型应为 %s", "must be of type %s"},
	{"format", "格式不对：%s", "is not well formed: %s"},
	{"permission", "未知的权限：%s", "unknown permission: %s"},
	{"grantable", "运营商未开放此权限：%s", "is not open to your roles: %s"},
	{"choice", "不是可选项", "is not one of the choices"},
	{"upload", "不是您已上传完成的文件", "is not a file whose upload you have completed"},
	{"check", "不符合规则", "breaks a rule"},
};

int res_problem_status(enum res_problem_kind kind)
{
	return kinds[kind].status;
}

const char *res_problem_type(enum res_problem_kind kind)
{
	return kinds[kind].type;
}

void res_problem_set(struct res_problem *p, enum res_problem_kind kind, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(p->detail, sizeof(p->detail), fmt, ap);
	va_end(ap);
	p->kind = kind;
}

void res_problem_add_text(struct res_problem *p, const char *field, const char *rule, const char *zh, const char *en,
			  json_t *more)
{
	if (json_array_size(p->errors) >= RES_FAULTS_MAX) {
		json_decref(more);
		return;
	}
	json_t *e = json_pack("{s:s?, s:s, s:s, s:s}", "field", field, "rule", rule, "zh", zh, "en", en);
	if (e && more)
		json_object_update(e, more);
	json_decref(more);
	if (!p->errors)
		p->errors = json_array();
	json_array_append_new(p->errors, e);
}

/* Puts the figure where the pattern has %s (patterns are the constants above). */
static void fill(char *out, size_t size, const char *pattern, const char *figure)
{
	const char *at = strstr(pattern, "%s");
	if (at)
		snprintf(out, size, "%.*s%s%s", (int)(at - pattern), pattern, figure, at + 2);
	else
		snprintf(out, size, "%s", pattern);
}

void res_problem_add(struct res_problem *p, const char *field, const char *rule, json_t *value)
{
	char zh[400], en[400];
	char *dump = json_is_string(value) ? strdup(json_string_value(value))
		     : value               ? json_dumps(value, JSON_ENCODE_ANY)
					   : NULL;
	const char *figure = dump ? dump : "";
	size_t i = 0;
	while (i + 1 < ZJ_ARRAY_SIZE(rules) && strcmp(rules[i].rule, rule) != 0)
		i++;
	fill(zh, sizeof(zh), rules[i].zh, figure);
	fill(en, sizeof(en), rules[i].en, figure);
	free(dump);
	json_t *more = NULL;
	if (value) {
		more = json_object();
		json_object_set_new(more, rule, value);
		json_object_del(more, "rule");
	}
	res_problem_add_text(p, field, rule, zh, en, more);
}

bool res_problem_any(const struct res_problem *p)
{
	return json_array_size(p->errors) > 0;
}

char *res_problem_text(const struct res_problem *p, const char *request)
{
	char type[64];
	snprintf(type, sizeof(type), "urn:zongji:problem:%s", kinds[p->kind].type);
	json_t *o = json_pack("{s:s, s:s, s:i, s:s}", "type", type, "title", kinds[p->kind].title, "status",
			      kinds[p->kind].status, "request", request);
	if (!o)
		return NULL;
	if (p->detail[0])
		json_object_set_new(o, "detail", json_string(p->detail));
	if (p->errors)
		json_object_set(o, "errors", p->errors);
	if (p->more)
		json_object_update(o, p->more);
	char *text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return text;
}

void res_problem_clear(struct res_problem *p)
{
	json_decref(p->errors);
	json_decref(p->more);
	p->errors = p->more = NULL;
}

static const json_t *find_constraint(const struct res_def *r, const char *name)
{
	size_t i;
	json_t *c;
	if (!r || !name)
		return NULL;
	json_array_foreach (r->constraints, i, c)
		if (strcmp(json_string_value(json_object_get(c, "name")), name) == 0)
			return c;
	return NULL;
}

struct told {
	struct res_problem *p;
	const struct res_def *r;
	const struct res_view *v;
	const struct res_pg_error *e;
};

/* A field that the caller does not see is not named. */
static const char *name_told(const struct told *t, const char *name)
{
	return !t->v || res_view_find(t->v, name) ? name : NULL;
}

/* Adds the rule for each column of the constraint but tenant_id; or for the column the server named. */
static void add_columns(const struct told *t, const char *rule)
{
	const json_t *c = find_constraint(t->r, t->e->constraint);
	size_t i;
	json_t *column;
	bool any = false;
	if (t->e->column && *t->e->column) {
		res_problem_add(t->p, name_told(t, t->e->column), rule, NULL);
		return;
	}
	json_array_foreach (json_object_get(c, "columns"), i, column) {
		const char *name = json_string_value(column);
		if (strcmp(name, "tenant_id") == 0)
			continue;
		any = true;
		res_problem_add(t->p, name_told(t, name), rule, NULL);
	}
	if (!any)
		res_problem_add(t->p, NULL, rule, NULL);
}

/* PostgreSQL's own words name columns and constraints: told only to one who sees all of them. */
static bool may_hear(const struct told *t)
{
	const json_t *c = find_constraint(t->r, t->e->constraint);
	size_t i;
	json_t *column;
	if (t->e->column && *t->e->column && !name_told(t, t->e->column))
		return false;
	json_array_foreach (json_object_get(c, "columns"), i, column)
		if (strcmp(json_string_value(column), "tenant_id") != 0 && !name_told(t, json_string_value(column)))
			return false;
	return true;
}

/* A check of one column is told with its figure (pattern, range …), one of several with its name. */
static void add_check(const struct told *t)
{
	const json_t *c = find_constraint(t->r, t->e->constraint), *columns = json_object_get(c, "columns");
	const char *name = json_array_size(columns) == 1 ? json_string_value(json_array_get(columns, 0)) : NULL;
	const struct res_field *f = name && name_told(t, name) ? res_def_field(t->r, name) : NULL;
	if (f && f->pattern && strstr(json_string_value(json_object_get(c, "def")), " ~ "))
		res_problem_add(t->p, name, "pattern", json_string(f->pattern));
	else if (f && f->choices)
		res_problem_add(t->p, name, "enum", json_incref(f->choices));
	else if (!c && t->e->message && may_hear(t)) /* a trigger's own words: English as message, Chinese as hint */
		res_problem_add_text(t->p, t->e->column && *t->e->column ? t->e->column : NULL, "check",
				     t->e->hint && *t->e->hint ? t->e->hint : "不符合规则", t->e->message, NULL);
	else
		add_columns(t, "check");
}

struct pg_map {
	const char *sqlstate;
	enum res_problem_kind kind;
	const char *rule;
};
static const struct pg_map pg_map[] = {
	{"23502", RES_P_INVALID, "required"}, {"23503", RES_P_INVALID, "reference"},
	{"23505", RES_P_CONFLICT, "unique"},  {"23514", RES_P_INVALID, "check"},
	{"23P01", RES_P_CONFLICT, "unique"},  {"22P02", RES_P_INVALID, "format"},
	{"22007", RES_P_INVALID, "format"},   {"22008", RES_P_INVALID, "format"},
	{"22003", RES_P_INVALID, "format"},   {"22001", RES_P_INVALID, "max_length"},
	{"22021", RES_P_INVALID, "format"},   {"22P05", RES_P_INVALID, "format"},
	{"23000", RES_P_CONFLICT, "check"},   {"42501", RES_P_PERMISSION, NULL},
	{"57014", RES_P_AWAY, NULL},          {"53300", RES_P_AWAY, NULL},
	{"40001", RES_P_AWAY, NULL},          {"40P01", RES_P_AWAY, NULL},
	{"57P01", RES_P_AWAY, NULL},          {"57P03", RES_P_AWAY, NULL},
	{"25006", RES_P_AWAY, NULL},          {"P0002", RES_P_NOT_FOUND, NULL},
};

/* A trigger counted what the tenant may have: constraint quota_<column of tenant or setting>, the figure as detail. */
static void tell_quota(struct res_problem *p, const struct res_pg_error *e)
{
	char zh[200], en[200];
	const char *most = e->detail ? e->detail : "";
	snprintf(zh, sizeof(zh), "超出本团队的配额（最多 %.40s）", most);
	snprintf(en, sizeof(en), "is more than the tenant's quota (at most %.40s)", most);
	res_problem_set(p, RES_P_QUOTA, "%s", e->message ? e->message : "");
	res_problem_add_text(p, NULL, "quota", zh, en,
			     json_pack("{s:s, s:I}", "quota", e->constraint + 6, "max", strtoll(most, NULL, 10)));
}

void res_problem_pg(struct res_problem *p, const struct res_def *r, const struct res_view *v,
		    const struct res_pg_error *e, bool deleting)
{
	const struct pg_map *m = NULL;
	const struct told t = {p, r, v, e};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(pg_map); i++)
		if (e->sqlstate && strcmp(pg_map[i].sqlstate, e->sqlstate) == 0)
			m = &pg_map[i];
	if (!m) {
		res_problem_set(p, RES_P_INTERNAL, "the database refused (%s)", e->sqlstate ? e->sqlstate : "no code");
		return;
	}
	if (e->constraint && strncmp(e->constraint, "quota_", 6) == 0) {
		tell_quota(p, e);
		return;
	}
	if (strcmp(m->sqlstate, "23503") == 0 && (deleting || (e->table && r && strcmp(e->table, r->table) != 0))) {
		res_problem_set(p, RES_P_REFERENCED, "still referenced by %s", e->table ? e->table : "another table");
		return;
	}
	bool plain = (m->kind == RES_P_INVALID || m->kind == RES_P_CONFLICT) && may_hear(&t);
	res_problem_set(p, m->kind, "%s", plain && e->message ? e->message : kinds[m->kind].title);
	if (!m->rule)
		return;
	if (strcmp(m->rule, "check") == 0)
		add_check(&t);
	else if (strcmp(m->rule, "format") == 0)
		res_problem_add(p, e->column && *e->column ? name_told(&t, e->column) : NULL, "format",
				json_string(plain && e->message ? e->message : ""));
	else
		add_columns(&t, m->rule);
}
