/* The form interpretation algorithm: VoiceXML 2.0, appendix C. */
#include "fia.h"
#include "zj_log.h"
#include <string.h>

static bool is_form_item(enum vx_tag tag)
{
	return tag == VX_FIELD || tag == VX_BLOCK || tag == VX_INITIAL || tag == VX_RECORD || tag == VX_TRANSFER ||
	       tag == VX_SUBDIALOG || tag == VX_OBJECT;
}

struct vx_item *vx_item_find(struct vx_dialog *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++) {
		if (!strcmp(d->items[i].name, name))
			return &d->items[i];
	}
	return NULL;
}

void vx_item_reset(struct vx_item *item)
{
	item->prompts = 1;
	vx_counts_clear(&item->events);
}

static void item_init(struct vx_item *item, mxml_node_t *node, size_t i)
{
	const char *name = vx_attr(node, "name");
	enum vx_tag tag = vx_tag(node);

	item->node = node;
	if (name && tag != VX_MENU)
		snprintf(item->name, sizeof(item->name), "%.79s", name);
	else
		snprintf(item->name, sizeof(item->name), "__item%zu", i);
	item->is_input = tag != VX_BLOCK;
	item->prompts = 1;
}

static void destructor(void *obj)
{
	struct vx_dialog *d = obj;

	for (size_t i = 0; i < d->n; i++)
		vx_counts_clear(&d->items[i].events);
	vx_counts_clear(&d->events);
	zj_deref(d->items);
}

/* A form with its items; a menu is one item, itself. */
static struct vx_dialog *dialog_alloc(mxml_node_t *node)
{
	struct vx_dialog *d = zj_alloc(sizeof(*d), destructor);
	size_t n = 1;

	if (!d)
		return NULL;
	d->node = node;
	d->is_menu = vx_tag(node) == VX_MENU;
	for (mxml_node_t *c = mxmlGetFirstChild(node); c; c = mxmlGetNextSibling(c))
		n++;
	d->items = zj_alloc(n * sizeof(*d->items), NULL);
	if (!d->items)
		return zj_deref(d);
	if (d->is_menu)
		item_init(&d->items[d->n++], node, 0);
	for (mxml_node_t *c = d->is_menu ? NULL : mxmlGetFirstChild(node); c; c = mxmlGetNextSibling(c)) {
		if (is_form_item(vx_tag(c))) {
			item_init(&d->items[d->n], c, d->n);
			d->n++;
		}
	}
	return d;
}

/* What is to be done for the form's variables, gathered so that the box is asked once. */
struct making {
	json_t *ops;
	mxml_node_t *nodes[64]; /* whose operation it is, for the line of an error */
	size_t n;
};

static int making_do(struct vx_session *s, struct vx_dialog *d, struct making *m)
{
	int ctl = m->n || json_array_size(m->ops) ? vx_js_all(s, d->node, json_incref(m->ops), NULL) : VX_GO_ON;

	if (ctl == VX_THROWN && s->failed_op < m->n && m->nodes[s->failed_op])
		s->event.line = vx_el(m->nodes[s->failed_op])->line;
	json_array_clear(m->ops);
	m->n = 0;
	return ctl;
}

/* Steals `op`. */
static int making_add(struct vx_session *s, struct vx_dialog *d, struct making *m, mxml_node_t *node, json_t *op)
{
	int ctl = m->n == ZJ_ARRAY_SIZE(m->nodes) ? making_do(s, d, m) : VX_GO_ON;

	json_array_append_new(m->ops, op);
	m->nodes[m->n++] = node;
	return ctl;
}

/* A <var> of a subdialog's form takes the parameter of its name. */
static json_t *var_op(struct vx_session *s, mxml_node_t *node)
{
	const char *name = vx_attr(node, "name");
	json_t *value = json_object_get(s->ctx->params, name), *op;

	if (!value)
		return json_pack("[sss?]", "var", name, vx_attr(node, "expr"));
	op = json_pack("[sssO]", "set", "dialog", name, value);
	json_object_del(s->ctx->params, name);
	return op;
}

static int script_add(struct vx_session *s, struct vx_dialog *d, struct making *m, mxml_node_t *node)
{
	char *text;
	int ctl;

	if (vx_attr(node, "src") || vx_attr(node, "srcexpr")) {
		ctl = making_do(s, d, m);
		return ctl == VX_GO_ON ? vx_script_element(s, node) : ctl;
	}
	text = vx_text_of(node);
	ctl = text ? making_add(s, d, m, node, json_pack("[ss]", "run", text)) : VX_GO_ON;
	zj_deref(text);
	return ctl;
}

static int init_all(struct vx_session *s, struct vx_dialog *d, struct making *m)
{
	struct vx_item *item = d->items;
	int ctl = VX_GO_ON;

	for (mxml_node_t *n = mxmlGetFirstChild(d->node); n && ctl == VX_GO_ON; n = mxmlGetNextSibling(n)) {
		if (vx_tag(n) == VX_VAR)
			ctl = making_add(s, d, m, n, var_op(s, n));
		else if (vx_tag(n) == VX_SCRIPT)
			ctl = script_add(s, d, m, n);
		else if (!d->is_menu && is_form_item(vx_tag(n)))
			ctl = making_add(s, d, m, n, json_pack("[sss?]", "var", item++->name, vx_attr(n, "expr")));
	}
	if (ctl == VX_GO_ON && d->is_menu)
		ctl = making_add(s, d, m, d->node, json_pack("[sss?]", "var", item->name, NULL));
	return ctl == VX_GO_ON ? making_do(s, d, m) : ctl;
}

/* Initialization phase, in a new dialog scope. */
static int init(struct vx_session *s, struct vx_dialog *d)
{
	struct making m = {.ops = json_array()};
	int ctl;

	(void)making_add(s, d, &m, NULL, json_pack("[si]", "trim", (int)s->ctx->depth + 1));
	(void)making_add(s, d, &m, NULL, json_pack("[ss]", "push", "dialog"));
	ctl = init_all(s, d, &m);
	json_decref(m.ops);
	if (ctl == VX_GO_ON && json_object_size(s->ctx->params))
		ctl = vx_throw(s, d->node, "error.semantic", "the subdialog declares no variable %s",
			       json_object_iter_key(json_object_iter(s->ctx->params)));
	json_decref(s->ctx->params);
	s->ctx->params = NULL;
	return ctl;
}

/* Select phase: the item that goto named, else the first whose guard is unsatisfied; NULL: none. */
static int select_item(struct vx_session *s, struct vx_dialog *d, struct vx_item **item)
{
	json_t *names, *results = NULL, *unfilled;
	int ctl;

	*item = *s->next_item ? vx_item_find(d, s->next_item) : NULL;
	s->next_item[0] = '\0';
	if (*item)
		return VX_GO_ON;
	names = json_array();
	for (size_t i = 0; i < d->n; i++)
		json_array_append_new(names, json_string(d->items[i].name));
	/* trim: an error may have left the scopes of a prompt or handler behind */
	ctl = vx_js_all(s, d->node,
			json_pack("[[si][sso]]", "trim", (int)s->ctx->depth + 2, "unfilled", "dialog", names),
			&results);
	unfilled = json_array_get(results, 1);
	for (size_t i = 0; i < d->n && ctl == VX_GO_ON && !*item; i++) {
		bool yes;

		if (!json_is_true(json_array_get(unfilled, i)))
			continue;
		ctl = vx_js_bool(s, d->items[i].node, d->is_menu ? NULL : vx_attr(d->items[i].node, "cond"), &yes);
		if (ctl == VX_GO_ON && yes)
			*item = &d->items[i];
	}
	json_decref(results);
	return ctl;
}

/* Collect and process phases of one item. */
static int visit(struct vx_session *s, struct vx_dialog *d, struct vx_item *item, bool prompts)
{
	int ctl = VX_GO_ON;

	vx_path_add(s, d->node, strncmp(item->name, "__", 2) ? item->name : "");
	if (item->is_input && prompts) {
		ctl = vx_prompts_select(s, item);
		item->prompts++;
	}
	return ctl == VX_GO_ON ? vx_item_execute(s, item) : ctl;
}

/* The main loop. `carry`: an input that a grammar of this dialog matched while another was active. */
static int loop(struct vx_session *s, struct vx_dialog *d, json_t *carry)
{
	bool prompts = true; /* false: the last iteration ended with a catch that had no <reprompt> */

	for (;;) {
		struct vx_item *item = NULL;
		int ctl = vx_step(s, d->node);

		s->item = NULL;
		if (ctl == VX_GO_ON && !carry)
			ctl = select_item(s, d, &item);
		if (ctl == VX_THROWN) {
			ctl = vx_event_handle(s, d->node, NULL);
			return ctl == VX_GO_ON || ctl == VX_TO_ITEM ? VX_ENDED : ctl;
		}
		if (ctl != VX_GO_ON || (!item && !carry))
			return ctl == VX_GO_ON ? VX_ENDED : ctl; /* the form is full: an implicit <exit/> */
		s->item = item;
		ctl = item ? visit(s, d, item, prompts) : vx_carry_process(s, carry);
		carry = NULL;
		prompts = true;
		if (ctl == VX_THROWN) {
			/* filled actions of the form itself have no item: their events are the dialog's */
			ctl = vx_event_handle(s, s->item ? s->item->node : d->node, s->item);
			prompts = s->reprompt || ctl == VX_TO_DIALOG;
		}
		if (ctl != VX_GO_ON && ctl != VX_TO_ITEM)
			return ctl;
	}
}

int vx_dialog_run(struct vx_session *s, mxml_node_t *node, json_t *carry)
{
	struct vx_dialog *d = dialog_alloc(node);
	int ctl;

	if (!d)
		return vx_fail(s, "error.noresource", "out of memory", 0);
	s->ctx->dialog = d;
	s->item = NULL;
	s->next_item[0] = '\0';
	ctl = init(s, d);
	if (ctl == VX_THROWN) {
		ctl = vx_event_handle(s, node, NULL);
		if (ctl == VX_GO_ON || ctl == VX_TO_ITEM)
			ctl = VX_ENDED;
	} else if (ctl == VX_GO_ON) {
		ctl = loop(s, d, carry);
	}
	s->ctx->dialog = zj_deref(d);
	s->item = NULL;
	return ctl;
}
