/* Which grammars listen while an item waits: its own, and unless it is modal those of its dialog, document and
 * application, nearest first (VoiceXML 2.0, 3.1.4). */
#include "fia.h"
#include "zj_log.h"
#include <errno.h>
#include <string.h>

static int add(struct vx_active *list, size_t *n, struct vx_grammar *g, mxml_node_t *node)
{
	if (*n >= VX_ACTIVE_MAX) {
		zj_deref(g);
		return VX_GO_ON;
	}
	list[(*n)++] = (struct vx_active){.g = g, .node = node};
	return VX_GO_ON;
}

static int throw_grammar(struct vx_session *s, mxml_node_t *node, int err, const char *why)
{
	if (err == ENOTSUP)
		return vx_throw(s, node, "error.unsupported.format", "%s", why);
	return vx_throw(s, node, err == ENOMEM ? "error.noresource" : "error.badfetch", "%s",
			*why ? why : "the grammar cannot be made");
}

/* An external grammar: built in, or an SRGS file. */
static int external(struct vx_session *s, mxml_node_t *node, const char *src, struct vx_grammar **g)
{
	struct vx_faults *faults = NULL;
	struct vx_doc *doc = NULL;
	char why[200] = "", *text = NULL, *url = NULL;
	size_t len = 0;
	int ctl, err;

	if (!strncmp(src, "builtin:", 8)) {
		const char *spec = strchr(src, '/');

		if (!strncmp(src, "builtin:grammar/", 16) || !strncmp(src, "builtin:dtmf/", 13)) {
			err = vx_grammar_builtin(g, spec + 1, why, sizeof(why));
			return err ? throw_grammar(s, node, err, why) : VX_GO_ON;
		}
		return vx_throw(s, node, "error.unsupported.builtin", "%s", zj_log_esc(src));
	}
	ctl = vx_fetch_text(s, node, src, NULL, &text, &len, &url);
	if (ctl != VX_GO_ON)
		return ctl;
	faults = zj_alloc(sizeof(*faults), NULL);
	err = faults ? vx_doc_parse(&doc, text, len, url, VX_GRAMMAR, faults) : ENOMEM;
	if (!err)
		err = vx_grammar_srgs(g, doc->root, why, sizeof(why));
	else if (faults && faults->n)
		snprintf(why, sizeof(why), "line %u: %.150s", faults->list[0].line, faults->list[0].message);
	if (err)
		ctl = throw_grammar(s, node, err, why);
	zj_deref(doc);
	zj_deref(faults);
	zj_deref(text);
	zj_deref(url);
	return ctl;
}

static int grammar(struct vx_session *s, mxml_node_t *node, mxml_node_t *belongs, struct vx_active *list, size_t *n)
{
	struct vx_grammar *g = NULL;
	char why[200] = "", *src = NULL;
	int ctl = vx_js_attr(s, node, "src", "srcexpr", &src), err;

	if (ctl == VX_GO_ON && src) {
		ctl = external(s, node, src, &g);
	} else if (ctl == VX_GO_ON) {
		err = vx_grammar_srgs(&g, node, why, sizeof(why));
		if (err)
			ctl = throw_grammar(s, node, err, why);
	}
	zj_deref(src);
	return ctl == VX_GO_ON ? add(list, n, g, belongs) : ctl;
}

static int words(struct vx_session *s, mxml_node_t *node, const char *text, bool dtmf, struct vx_active *list,
		 size_t *n)
{
	struct vx_grammar *g;
	int err = vx_grammar_words(&g, text, dtmf);

	return err ? throw_grammar(s, node, err, "") : add(list, n, g, node);
}

/* The keys of a choice or option: its dtmf attribute, or in a menu with dtmf="true" its place among those without one.
 */
int vx_choice_key(mxml_node_t *choice, char *key, size_t size)
{
	mxml_node_t *menu = mxmlGetParent(choice);
	const char *own = vx_attr(choice, "dtmf");
	int place = 0;

	snprintf(key, size, "%s", own ? own : "");
	if (own || vx_tag(menu) != VX_MENU || !vx_is(vx_attr(menu, "dtmf"), "true"))
		return (int)strlen(key);
	for (mxml_node_t *n = mxmlGetFirstChild(menu); n; n = mxmlGetNextSibling(n)) {
		const char *keys = vx_tag(n) == VX_CHOICE ? vx_attr(n, "dtmf") : NULL;

		if (vx_tag(n) == VX_CHOICE && (!keys || strspn(keys, "*#0")))
			place += !keys;
		if (n == choice)
			break;
	}
	if (place >= 1 && place <= 9)
		snprintf(key, size, "%d", place);
	return (int)strlen(key);
}

static int choice(struct vx_session *s, mxml_node_t *node, struct vx_active *list, size_t *n)
{
	char key[40], *text;
	int ctl = VX_GO_ON;

	if (vx_choice_key(node, key, sizeof(key)))
		ctl = words(s, node, key, true, list, n);
	for (mxml_node_t *g = mxmlGetFirstChild(node); g && ctl == VX_GO_ON; g = mxmlGetNextSibling(g)) {
		if (vx_tag(g) == VX_GRAMMAR)
			ctl = grammar(s, g, node, list, n);
	}
	text = ctl == VX_GO_ON ? vx_text_of(node) : NULL;
	if (text && text[strspn(text, " \t\r\n")])
		ctl = words(s, node, text, false, list, n);
	zj_deref(text);
	return ctl;
}

static int link_add(struct vx_session *s, mxml_node_t *node, struct vx_active *list, size_t *n)
{
	const char *keys = vx_attr(node, "dtmf");
	int ctl = keys ? words(s, node, keys, true, list, n) : VX_GO_ON;

	for (mxml_node_t *g = mxmlGetFirstChild(node); g && ctl == VX_GO_ON; g = mxmlGetNextSibling(g)) {
		if (vx_tag(g) == VX_GRAMMAR)
			ctl = grammar(s, g, node, list, n);
	}
	return ctl;
}

/* The grammars directly below one element. */
static int level(struct vx_session *s, mxml_node_t *parent, struct vx_active *list, size_t *n)
{
	int ctl = VX_GO_ON;

	for (mxml_node_t *c = mxmlGetFirstChild(parent); c && ctl == VX_GO_ON; c = mxmlGetNextSibling(c)) {
		if (vx_tag(c) == VX_GRAMMAR)
			ctl = grammar(s, c, parent, list, n);
		else if (vx_tag(c) == VX_CHOICE || vx_tag(c) == VX_OPTION)
			ctl = choice(s, c, list, n);
		else if (vx_tag(c) == VX_LINK)
			ctl = link_add(s, c, list, n);
	}
	return ctl;
}

static int type(struct vx_session *s, mxml_node_t *field, struct vx_active *list, size_t *n)
{
	const char *spec = vx_tag(field) == VX_FIELD ? vx_attr(field, "type") : NULL;
	struct vx_grammar *g;
	char why[200];
	int err;

	if (!spec)
		return VX_GO_ON;
	err = vx_grammar_builtin(&g, spec, why, sizeof(why));
	if (err == ENOTSUP)
		return vx_throw(s, field, "error.unsupported.builtin", "%s", why);
	return err ? throw_grammar(s, field, err, why) : add(list, n, g, field);
}

/* Links of a document, and dialogs that listen throughout it. */
static int document(struct vx_session *s, struct vx_doc *doc, struct vx_active *list, size_t *n)
{
	int ctl = VX_GO_ON;

	for (mxml_node_t *c = mxmlGetFirstChild(doc->root); c && ctl == VX_GO_ON; c = mxmlGetNextSibling(c)) {
		size_t from = *n;
		bool wide;

		if (vx_tag(c) == VX_LINK)
			ctl = link_add(s, c, list, n);
		if ((vx_tag(c) != VX_FORM && vx_tag(c) != VX_MENU) || c == s->ctx->dialog->node)
			continue;
		wide = vx_is(vx_attr(c, "scope"), "document");
		for (mxml_node_t *g = mxmlGetFirstChild(c); g && ctl == VX_GO_ON; g = mxmlGetNextSibling(g)) {
			if (vx_tag(g) == VX_GRAMMAR && (wide || vx_is(vx_attr(g, "scope"), "document")))
				ctl = grammar(s, g, c, list, n);
			else if (vx_tag(g) == VX_CHOICE && wide)
				ctl = choice(s, g, list, n);
		}
		for (size_t i = from; i < *n; i++) {
			list[i].dialog = c;
			list[i].doc = doc;
		}
	}
	return ctl;
}

int vx_active_build(struct vx_session *s, struct vx_item *item, struct vx_active *list, size_t *n)
{
	struct vx_dialog *d = s->ctx->dialog;
	int ctl;

	*n = 0;
	ctl = level(s, item->node, list, n);
	if (ctl == VX_GO_ON)
		ctl = type(s, item->node, list, n);
	if (ctl != VX_GO_ON || vx_is(vx_attr(item->node, "modal"), "true"))
		return ctl;
	if (!d->is_menu)
		ctl = level(s, d->node, list, n);
	if (ctl == VX_GO_ON)
		ctl = document(s, s->ctx->doc, list, n);
	if (ctl == VX_GO_ON && s->ctx->root)
		ctl = document(s, s->ctx->root, list, n);
	return ctl;
}

void vx_active_clear(struct vx_active *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		zj_deref(list[i].g);
}
