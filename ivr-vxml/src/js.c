/* Asking the box, and waiting for what it says. */
#include "fia.h"
#include "zj_log.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Lives on the coroutine's stack while it waits. */
struct vx_reply {
	bool done;
	int err;
	json_t *results;
	char message[300];
};

static void answered(int err, json_t *results, const char *message, void *arg)
{
	struct vx_session *s = arg;
	struct vx_reply *r = s->reply;

	if (!r)
		return;
	r->done = true;
	r->err = err;
	r->results = json_incref(results);
	snprintf(r->message, sizeof(r->message), "%s", message ? message : "");
	vx_wake(s);
}

/* The box puts "#N " before its message: the operation that failed. */
static int throw_script(struct vx_session *s, mxml_node_t *node, const char *message)
{
	char *rest = NULL;

	s->failed_op = 0;
	if (*message == '#')
		s->failed_op = strtoul(message + 1, &rest, 10);
	return vx_throw(s, node, "error.semantic", "%s", rest && *rest == ' ' ? rest + 1 : message);
}

int vx_js_all(struct vx_session *s, mxml_node_t *node, json_t *ops, json_t **results)
{
	struct vx_reply r = {0};
	int err;

	err = vx_script_run(s->box, ops, answered, s);
	if (err == E2BIG)
		return vx_throw(s, node, "error.semantic", "the script is too large");
	if (err)
		return vx_fail(s, "error.semantic", "the script's process is gone", node ? vx_el(node)->line : 0);
	s->reply = &r;
	while (!r.done && !s->aborted)
		vx_wait(s);
	s->reply = NULL;
	if (!r.done)
		return VX_ENDED;
	if (r.err == EPIPE)
		return vx_fail(s, "error.semantic", r.message, node ? vx_el(node)->line : 0);
	if (r.err)
		return throw_script(s, node, r.message);
	if (results)
		*results = r.results;
	else
		json_decref(r.results);
	return VX_GO_ON;
}

int vx_js(struct vx_session *s, mxml_node_t *node, json_t *op, json_t **result)
{
	json_t *results = NULL;
	int ctl = vx_js_all(s, node, json_pack("[o]", op), &results);

	if (ctl == VX_GO_ON && result)
		*result = json_incref(json_array_get(results, 0));
	json_decref(results);
	return ctl;
}

int vx_js_str(struct vx_session *s, mxml_node_t *node, const char *expr, char **text)
{
	json_t *value = NULL;
	int ctl = vx_js(s, node, json_pack("[ss]", "str", expr), &value);

	if (ctl != VX_GO_ON)
		return ctl;
	*text = zj_strdup(json_is_string(value) ? json_string_value(value) : "");
	json_decref(value);
	return *text ? VX_GO_ON : vx_fail(s, "error.semantic", "out of memory", 0);
}

int vx_js_bool(struct vx_session *s, mxml_node_t *node, const char *expr, bool *yes)
{
	json_t *value = NULL;
	int ctl;

	*yes = true;
	if (!expr || !strcmp(expr, "true"))
		return VX_GO_ON;
	ctl = vx_js(s, node, json_pack("[ss]", "bool", expr), &value);
	*yes = json_is_true(value);
	json_decref(value);
	return ctl;
}

int vx_js_attr(struct vx_session *s, mxml_node_t *node, const char *name, const char *name_expr, char **text)
{
	const char *plain = vx_attr(node, name), *expr = vx_attr(node, name_expr);

	*text = NULL;
	if (expr)
		return vx_js_str(s, node, expr, text);
	if (plain)
		*text = zj_strdup(plain);
	return VX_GO_ON;
}

int vx_js_namelist(struct vx_session *s, mxml_node_t *node, const char *list, json_t **values)
{
	json_t *names = json_array();
	char *copy = zj_strdup(list), *save = NULL;

	for (char *w = copy ? strtok_r(copy, " \t\r\n", &save) : NULL; w; w = strtok_r(NULL, " \t\r\n", &save))
		json_array_append_new(names, json_string(w));
	zj_deref(copy);
	return vx_js(s, node, json_pack("[so]", "get", names), values);
}

/* What an element's own variables live in: a new anonymous scope, after which nothing of former ones is left (an error
 * may have left some). `ops`: more to do there, stolen; may be NULL. Nobody needs to leave it: the next scope's
 * beginning does. */
int vx_scope_enter(struct vx_session *s, mxml_node_t *node, json_t *ops)
{
	json_t *all = json_pack("[[si][ss]]", "trim", (int)s->ctx->depth + (s->ctx->dialog ? 2 : 1), "push", "");

	if (ops)
		json_array_extend(all, ops);
	json_decref(ops);
	return vx_js_all(s, node, all, NULL);
}
