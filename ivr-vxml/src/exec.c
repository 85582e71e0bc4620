/* Executable content: one function an element, called by table. */
#include "fia.h"
#include "zj_log.h"
#include <stdlib.h>
#include <string.h>

static int exec_one(struct vx_session *s, mxml_node_t *node);

static int exec_if(struct vx_session *s, mxml_node_t *node)
{
	mxml_node_t *n = mxmlGetFirstChild(node), *next;
	bool yes;
	int ctl = vx_js_bool(s, node, vx_attr(node, "cond"), &yes);

	for (; n && ctl == VX_GO_ON; n = next) {
		next = mxmlGetNextSibling(n);
		if (vx_tag(n) == VX_ELSE || vx_tag(n) == VX_ELSEIF) {
			if (yes)
				return VX_GO_ON;
			ctl = vx_js_bool(s, n, vx_tag(n) == VX_ELSE ? NULL : vx_attr(n, "cond"), &yes);
		} else if (yes) {
			ctl = vx_is_inline(n) ? vx_prompt_inline(s, n, &next) : exec_one(s, n);
		}
	}
	return ctl;
}

static int exec_foreach(struct vx_session *s, mxml_node_t *node)
{
	const char *item = vx_attr(node, "item"), *array = vx_attr(node, "array");
	json_t *len = NULL;
	json_int_t n;
	int ctl = vx_js(s, node, json_pack("[ss]", "len", array), &len);

	n = json_integer_value(len);
	json_decref(len);
	for (json_int_t i = 0; i < n && ctl == VX_GO_ON; i++) {
		ctl = vx_step(s, node);
		if (ctl == VX_GO_ON)
			ctl = vx_js(s, node, json_pack("[sssI]", "each", item, array, i), NULL);
		if (ctl == VX_GO_ON)
			ctl = vx_exec(s, node);
	}
	return ctl;
}

int vx_var_element(struct vx_session *s, mxml_node_t *node)
{
	return vx_js(s, node, json_pack("[sss?]", "var", vx_attr(node, "name"), vx_attr(node, "expr")), NULL);
}

static int exec_assign(struct vx_session *s, mxml_node_t *node)
{
	return vx_js(s, node, json_pack("[sss]", "assign", vx_attr(node, "name"), vx_attr(node, "expr")), NULL);
}

static int clear_one(struct vx_session *s, mxml_node_t *node, const char *name)
{
	struct vx_item *item = vx_item_find(s->ctx->dialog, name);

	if (!item)
		return vx_js(s, node, json_pack("[sss]", "assign", name, "undefined"), NULL);
	vx_item_reset(item);
	return vx_js(s, node, json_pack("[ss[s]]", "undef", "dialog", name), NULL);
}

static int exec_clear(struct vx_session *s, mxml_node_t *node)
{
	const char *list = vx_attr(node, "namelist");
	char *copy, *save = NULL;
	int ctl = VX_GO_ON;

	if (!s->ctx->dialog)
		return VX_GO_ON;
	for (size_t i = 0; !list && i < s->ctx->dialog->n && ctl == VX_GO_ON; i++)
		ctl = clear_one(s, node, s->ctx->dialog->items[i].name);
	copy = list ? zj_strdup(list) : NULL;
	for (char *w = copy ? strtok_r(copy, " \t\r\n", &save) : NULL; w && ctl == VX_GO_ON;
	     w = strtok_r(NULL, " \t\r\n", &save))
		ctl = clear_one(s, node, w);
	zj_deref(copy);
	return ctl;
}

static int exec_goto(struct vx_session *s, mxml_node_t *node)
{
	char *item = NULL, *uri = NULL;
	int ctl = vx_js_attr(s, node, "nextitem", "expritem", &item);

	if (ctl == VX_GO_ON && item) {
		if (!s->ctx->dialog || !vx_item_find(s->ctx->dialog, item))
			ctl = vx_throw(s, node, "error.badfetch", "there is no form item %s", zj_log_esc(item));
		else
			ctl = VX_TO_ITEM;
		snprintf(s->next_item, sizeof(s->next_item), "%.79s", item);
		zj_deref(item);
		return ctl;
	}
	if (ctl == VX_GO_ON)
		ctl = vx_js_attr(s, node, "next", "expr", &uri);
	if (ctl == VX_GO_ON && uri)
		ctl = vx_jump_to(s, node, uri, NULL, &s->jump);
	zj_deref(uri);
	return ctl == VX_GO_ON ? VX_TO_DIALOG : ctl;
}

static int exec_submit(struct vx_session *s, mxml_node_t *node)
{
	char *uri = NULL;
	int ctl = vx_js_attr(s, node, "next", "expr", &uri);

	if (ctl == VX_GO_ON)
		ctl = vx_submit_jump(s, node, uri ? uri : "", &s->jump);
	zj_deref(uri);
	return ctl == VX_GO_ON ? VX_TO_DIALOG : ctl;
}

static int exec_throw(struct vx_session *s, mxml_node_t *node)
{
	return vx_throw_element(s, node);
}

static int exec_reprompt(struct vx_session *s, mxml_node_t *node ZJ_UNUSED)
{
	s->reprompt = true;
	return VX_GO_ON;
}

/* Values leave the session; they are bounded, since acd keeps them. */
static void variables_set(struct vx_session *s, json_t *values)
{
	char *text;

	if (!values)
		return;
	json_object_update(s->result.variables, values);
	text = json_dumps(s->result.variables, JSON_COMPACT);
	if (!text || strlen(text) > VX_VARIABLES_MAX) {
		json_object_clear(s->result.variables);
		json_object_set_new(s->result.variables, "_error", json_string("the variables were too large"));
	}
	free(text);
}

static int namelist_out(struct vx_session *s, mxml_node_t *node)
{
	const char *list = vx_attr(node, "namelist");
	json_t *values = NULL;
	int ctl = list ? vx_js_namelist(s, node, list, &values) : VX_GO_ON;

	variables_set(s, values);
	json_decref(values);
	return ctl;
}

static int exec_exit(struct vx_session *s, mxml_node_t *node)
{
	const char *expr = vx_attr(node, "expr");
	json_t *value = NULL, *object;
	int ctl = namelist_out(s, node);

	if (ctl == VX_GO_ON && expr)
		ctl = vx_js(s, node, json_pack("[ss]", "json", expr), &value);
	if (ctl == VX_GO_ON && expr) {
		object = json_pack("{sO}", "exit", value);
		variables_set(s, object);
		json_decref(object);
	}
	json_decref(value);
	return ctl == VX_GO_ON ? VX_ENDED : ctl;
}

static int exec_disconnect(struct vx_session *s, mxml_node_t *node)
{
	int ctl = namelist_out(s, node);

	if (ctl != VX_GO_ON || s->left)
		return ctl;
	ctl = vx_prompts_flush(s);
	if (ctl != VX_GO_ON)
		return ctl;
	s->result.how = VX_HOW_DISCONNECT;
	s->left = true;
	s->hangup_told = true;
	return vx_throw(s, node, "connection.disconnect.hangup", "the document ended the call");
}

static int exec_return(struct vx_session *s, mxml_node_t *node)
{
	const char *list = vx_attr(node, "namelist");
	int ctl;

	if (!s->ctx->parent)
		return vx_throw(s, node, "error.semantic", "<return> outside a subdialog");
	json_decref(s->returned);
	s->returned = NULL;
	vx_event_clear(&s->event);
	if (vx_attr(node, "event") || vx_attr(node, "eventexpr")) {
		ctl = vx_event_element(s, node);
		return ctl == VX_GO_ON ? VX_RETURNED : ctl;
	}
	if (!list) {
		s->returned = json_object();
		return VX_RETURNED;
	}
	ctl = vx_js_namelist(s, node, list, &s->returned);
	return ctl == VX_GO_ON ? VX_RETURNED : ctl;
}

static int exec_log(struct vx_session *s, mxml_node_t *node)
{
	const char *label = vx_attr(node, "label"), *expr = vx_attr(node, "expr");
	char out[2000], *text = NULL;
	size_t len = 0;
	int ctl = VX_GO_ON;

	out[0] = '\0';
	for (mxml_node_t *n = mxmlGetFirstChild(node); n && ctl == VX_GO_ON; n = mxmlGetNextSibling(n)) {
		const char *part = vx_el(n) ? NULL : mxmlGetOpaque(n);

		if (vx_tag(n) == VX_VALUE)
			ctl = vx_js_str(s, n, vx_attr(n, "expr"), &text);
		if (ctl == VX_GO_ON)
			len += (size_t)snprintf(out + len, sizeof(out) - len, "%s", text ? text : part ? part : "");
		len = len < sizeof(out) ? len : sizeof(out) - 1;
		text = zj_deref(text);
	}
	if (ctl == VX_GO_ON && expr)
		ctl = vx_js_str(s, node, expr, &text);
	if (ctl == VX_GO_ON && text)
		snprintf(out + len, sizeof(out) - len, "%s%s", len ? " " : "", text);
	if (ctl == VX_GO_ON)
		s->host->log(s->arg, label, out + strspn(out, " \t\r\n"));
	zj_deref(text);
	return ctl;
}

int vx_script_element(struct vx_session *s, mxml_node_t *node)
{
	char *src = NULL, *text = NULL;
	size_t len = 0;
	int ctl = vx_js_attr(s, node, "src", "srcexpr", &src);

	if (ctl == VX_GO_ON && src)
		ctl = vx_fetch_text(s, node, src, NULL, &text, &len, NULL);
	else if (ctl == VX_GO_ON)
		text = vx_text_of(node);
	if (ctl == VX_GO_ON && text)
		ctl = vx_js(s, node, json_pack("[ss]", "run", text), NULL);
	zj_deref(text);
	zj_deref(src);
	return ctl;
}

static int exec_prompt(struct vx_session *s, mxml_node_t *node)
{
	bool yes;
	int ctl = vx_js_bool(s, node, vx_attr(node, "cond"), &yes);

	return ctl == VX_GO_ON && yes ? vx_prompt_queue(s, node) : ctl;
}

static int (*const table[VX_TAGS])(struct vx_session *s, mxml_node_t *node) = {
	[VX_IF] = exec_if,         [VX_FOREACH] = exec_foreach,       [VX_VAR] = vx_var_element,
	[VX_ASSIGN] = exec_assign, [VX_CLEAR] = exec_clear,           [VX_GOTO] = exec_goto,
	[VX_SUBMIT] = exec_submit, [VX_THROW] = exec_throw,           [VX_REPROMPT] = exec_reprompt,
	[VX_EXIT] = exec_exit,     [VX_DISCONNECT] = exec_disconnect, [VX_RETURN] = exec_return,
	[VX_LOG] = exec_log,       [VX_SCRIPT] = vx_script_element,   [VX_PROMPT] = exec_prompt,
};

static int exec_one(struct vx_session *s, mxml_node_t *node)
{
	int ctl = vx_step(s, node);

	if (ctl != VX_GO_ON)
		return ctl;
	return table[vx_tag(node)] ? table[vx_tag(node)](s, node) : VX_GO_ON;
}

/* Runs the children of `parent`; stops at the first that leads elsewhere. */
int vx_exec(struct vx_session *s, mxml_node_t *parent)
{
	int ctl = VX_GO_ON;

	for (mxml_node_t *n = mxmlGetFirstChild(parent), *next; n && ctl == VX_GO_ON; n = next) {
		next = mxmlGetNextSibling(n);
		ctl = vx_is_inline(n) ? vx_prompt_inline(s, n, &next) : exec_one(s, n);
	}
	return ctl;
}

int vx_exec_scoped(struct vx_session *s, mxml_node_t *parent, json_t *ops)
{
	int ctl = vx_scope_enter(s, parent, ops);

	return ctl == VX_GO_ON ? vx_exec(s, parent) : ctl;
}
