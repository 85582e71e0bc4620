/* Process phase: what was heard goes into variables, then the filled actions run. Links and choices lead elsewhere. */
#include "fia.h"
#include "zj_log.h"
#include <string.h>

/* next|expr → transition; event|eventexpr → thrown. */
int vx_transition(struct vx_session *s, mxml_node_t *node)
{
	char *uri = NULL;
	int ctl;

	if (vx_attr(node, "event") || vx_attr(node, "eventexpr"))
		return vx_throw_element(s, node);
	ctl = vx_js_attr(s, node, "next", "expr", &uri);
	if (ctl == VX_GO_ON)
		ctl = vx_jump_to(s, node, uri ? uri : "", NULL, &s->jump);
	zj_deref(uri);
	return ctl == VX_GO_ON ? VX_TO_DIALOG : ctl;
}

static json_t *shadow(const char *text, bool dtmf, json_t *meaning)
{
	return json_pack("{sssfsssO}", "utterance", text, "confidence", 1.0, "inputmode", dtmf ? "dtmf" : "voice",
			 "interpretation", meaning);
}

/* What was heard, and the operations that tell the box of it. */
struct heard {
	const char *text;
	bool dtmf;
	json_t *meaning, *ops;
};

/* application.lastresult$: an array of one, which also has the first one's properties. */
static void heard_init(struct heard *h, const char *text, bool dtmf, json_t *meaning)
{
	json_t *last = shadow(text, dtmf, meaning);

	*h = (struct heard){text, dtmf, meaning, json_array()};
	json_object_set_new(last, "0", shadow(text, dtmf, meaning));
	json_object_set_new(last, "length", json_integer(1));
	json_array_append_new(h->ops, json_pack("[ssso]", "set", "application", "lastresult$", last));
}

static void item_fill(struct heard *h, struct vx_item *item, json_t *value)
{
	char name[84];

	snprintf(name, sizeof(name), "%s$", item->name);
	json_array_append_new(h->ops, json_pack("[sssO]", "set", "dialog", item->name, value));
	json_array_append_new(h->ops, json_pack("[ssso]", "set", "dialog", name, shadow(h->text, h->dtmf, h->meaning)));
	item->just_filled = true;
}

/* A structured result gives a field the property of its slot's name. */
static json_t *slot_of(struct vx_item *item, json_t *meaning)
{
	const char *slot = vx_attr(item->node, "slot");

	return json_is_object(meaning) ? json_object_get(meaning, slot ? slot : item->name) : NULL;
}

static void form_fill(struct heard *h, struct vx_dialog *d)
{
	for (size_t i = 0; i < d->n; i++) {
		json_t *value = d->items[i].is_input ? slot_of(&d->items[i], h->meaning) : NULL;

		if (value)
			item_fill(h, &d->items[i], value);
	}
}

/* The input items that a <filled> speaks of: its namelist, its item, or all of the form's. */
static bool filled_names(struct vx_dialog *d, mxml_node_t *filled, struct vx_item *owner, struct vx_item *item)
{
	const char *list = vx_attr(filled, "namelist");
	size_t n = strlen(item->name);

	if (!item->is_input)
		return false;
	if (!list)
		return owner ? item == owner : true;
	for (const char *p = list; (p = strstr(p, item->name)); p += n) {
		bool begins = p == list || strchr(" \t\r\n", p[-1]), ends = !p[n] || strchr(" \t\r\n", p[n]);

		if (begins && ends)
			return true;
	}
	(void)d;
	return false;
}

static int filled_is_triggered(struct vx_session *s, mxml_node_t *filled, struct vx_item *owner, bool *yes)
{
	struct vx_dialog *d = s->ctx->dialog;
	bool any = vx_is(vx_attr(filled, "mode"), "any"), just = false;
	json_t *names = json_array(), *unfilled = NULL, *v;
	size_t i, empty = 0;
	int ctl;

	*yes = false;
	for (i = 0; i < d->n; i++) {
		if (!filled_names(d, filled, owner, &d->items[i]))
			continue;
		just |= d->items[i].just_filled;
		json_array_append_new(names, json_string(d->items[i].name));
	}
	if (!just) {
		json_decref(names);
		return VX_GO_ON;
	}
	ctl = vx_js(s, filled, json_pack("[ssO]", "unfilled", "dialog", names), &unfilled);
	json_array_foreach (unfilled, i, v)
		empty += json_is_true(v);
	*yes = ctl == VX_GO_ON && (any ? empty < json_array_size(names) : empty == 0);
	json_decref(names);
	json_decref(unfilled);
	return ctl;
}

static int filled_run(struct vx_session *s, mxml_node_t *filled, struct vx_item *owner)
{
	bool yes;
	int ctl = filled_is_triggered(s, filled, owner, &yes);

	if (ctl != VX_GO_ON || !yes)
		return ctl;
	s->item = owner; /* an event in a filled of the form itself is the form's */
	return vx_exec_scoped(s, filled, NULL);
}

/* Runs every triggered <filled>, in document order. Afterwards s->item is what it was, unless an action led elsewhere.
 */
int vx_item_visit_filled(struct vx_session *s)
{
	struct vx_dialog *d = s->ctx->dialog;
	struct vx_item *visited = s->item;
	size_t i = 0;
	int ctl = VX_GO_ON;

	for (mxml_node_t *n = d->is_menu ? NULL : mxmlGetFirstChild(d->node); n && ctl == VX_GO_ON;
	     n = mxmlGetNextSibling(n)) {
		struct vx_item *item = i < d->n && d->items[i].node == n ? &d->items[i++] : NULL;

		if (vx_tag(n) == VX_FILLED)
			ctl = filled_run(s, n, NULL);
		for (mxml_node_t *f = item ? mxmlGetFirstChild(n) : NULL; f && ctl == VX_GO_ON;
		     f = mxmlGetNextSibling(f)) {
			if (vx_tag(f) == VX_FILLED)
				ctl = filled_run(s, f, item);
		}
	}
	if (ctl == VX_GO_ON)
		s->item = visited;
	for (i = 0; i < d->n; i++)
		d->items[i].just_filled = false;
	return ctl;
}

/* Another dialog's grammar matched: its input goes with the transition. */
static int carry_to(struct vx_session *s, struct vx_active *a, struct vx_input *in)
{
	vx_jump_clear(&s->jump);
	if (a->doc != s->ctx->doc) {
		s->jump.doc = zj_ref(a->doc);
	}
	s->jump.dialog = a->dialog;
	s->jump.carry = json_pack("{sssbsO}", "text", in->text, "dtmf", in->dtmf, "meaning", in->meaning);
	return VX_TO_DIALOG;
}

/* The new dialog's side of it: as if its own form grammar had matched. */
int vx_carry_process(struct vx_session *s, json_t *carry)
{
	struct heard h;
	int ctl;

	heard_init(&h, json_string_value(json_object_get(carry, "text")), json_is_true(json_object_get(carry, "dtmf")),
		   json_object_get(carry, "meaning"));
	vx_path_add(s, s->ctx->dialog->node, "");
	vx_path_input(s, h.text);
	form_fill(&h, s->ctx->dialog);
	ctl = vx_js_all(s, s->ctx->dialog->node, h.ops, NULL);
	return ctl == VX_GO_ON ? vx_item_visit_filled(s) : ctl;
}

int vx_input_process(struct vx_session *s, struct vx_active *list, struct vx_input *in)
{
	struct vx_active *a = &list[in->index];
	enum vx_tag tag = vx_tag(a->node);
	bool leads = tag == VX_LINK || tag == VX_CHOICE || a->dialog;
	struct heard h;
	json_t *value;
	int ctl;

	vx_path_input(s, in->text);
	heard_init(&h, in->text, in->dtmf, in->meaning);
	for (size_t i = 0; i < s->ctx->dialog->n; i++)
		s->ctx->dialog->items[i].just_filled = false;
	value = leads || tag == VX_FORM ? NULL : slot_of(s->item, in->meaning);
	if (!leads && tag == VX_FORM)
		form_fill(&h, s->ctx->dialog);
	else if (!leads)
		item_fill(&h, s->item, value ? value : in->meaning);
	ctl = vx_js_all(s, s->item->node, h.ops, NULL);
	if (ctl != VX_GO_ON)
		return ctl;
	if (tag == VX_LINK || tag == VX_CHOICE)
		return vx_transition(s, a->node);
	return a->dialog ? carry_to(s, a, in) : vx_item_visit_filled(s);
}
