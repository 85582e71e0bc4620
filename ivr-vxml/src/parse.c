/* expat → mxml. expat refuses what is not well formed and knows lines; a document type, entities beyond XML's own five,
 * processing instructions and anything over the bounds are refused here. */
#include "doc.h"
#include "zj_log.h"
#include <errno.h>
#include <expat.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parser {
	XML_Parser xp;
	struct vx_doc *doc;
	struct vx_faults *faults;
	struct vx_el **last;
	mxml_node_t *node; /* where children go */
	enum vx_tag root;
	unsigned depth;
	unsigned skip; /* depth of a <metadata> whose content is nobody's affair; 0: none */
	char *text;
	size_t text_len, text_size;
	bool stop;
};

void vx_faults_add(struct vx_faults *f, unsigned line, unsigned column, const char *fmt, ...)
{
	va_list ap;

	if (f->n < VX_FAULTS_MAX) {
		f->list[f->n].line = line;
		f->list[f->n].column = column;
		va_start(ap, fmt);
		vsnprintf(f->list[f->n].message, sizeof(f->list[f->n].message), fmt, ap);
		va_end(ap);
	}
	f->n++;
}

static void here(const struct parser *p, unsigned *line, unsigned *column)
{
	*line = (unsigned)XML_GetCurrentLineNumber(p->xp);
	*column = (unsigned)XML_GetCurrentColumnNumber(p->xp) + 1;
}

static void halt(struct parser *p, const char *why)
{
	unsigned line, column;

	if (p->stop)
		return;
	here(p, &line, &column);
	vx_faults_add(p->faults, line, column, "%s", why);
	p->stop = true;
	XML_StopParser(p->xp, XML_FALSE);
}

static void text_flush(struct parser *p)
{
	if (!p->text_len)
		return;
	p->text[p->text_len] = '\0';
	p->text_len = 0;
	if (!p->skip && p->node && !mxmlNewOpaque(p->node, p->text))
		halt(p, "out of memory");
}

static void on_text(void *arg, const char *s, int len)
{
	struct parser *p = arg;
	size_t n = (size_t)len;

	if (p->stop)
		return;
	if (p->text_len + n + 1 > p->text_size) {
		size_t size = (p->text_len + n + 1) * 2;
		char *bigger = realloc(p->text, size);

		if (!bigger) {
			halt(p, "out of memory");
			return;
		}
		p->text = bigger;
		p->text_size = size;
	}
	memcpy(p->text + p->text_len, s, n);
	p->text_len += n;
}

static struct vx_el *el_new(struct parser *p, enum vx_tag tag)
{
	struct vx_el *el = calloc(1, sizeof(*el));

	if (!el)
		return NULL;
	el->tag = tag;
	el->id = p->doc->n_els++;
	here(p, &el->line, &el->column);
	*p->last = el;
	p->last = &el->next;
	return el;
}

/* Whether the element may be taken on; says why not. */
static enum vx_tag tag_check(struct parser *p, const char *name, const char **attrs)
{
	enum vx_tag tag = vx_tag_find(name);
	char why[120];
	int n = 0;

	while (attrs[n])
		n++;
	if (p->depth > VX_DOC_DEPTH)
		halt(p, "elements are nested too deep");
	else if (p->doc->n_els >= VX_DOC_ELEMENTS)
		halt(p, "the document has too many elements");
	else if (n / 2 > VX_DOC_ATTRS)
		halt(p, "the element has too many attributes");
	else if (p->depth == 1 && tag != p->root) {
		snprintf(why, sizeof(why), "the outermost element must be <%s>, it is %s", vx_tag_name(p->root),
			 zj_log_esc(name));
		halt(p, why);
	}
	return tag;
}

static void on_start(void *arg, const char *name, const char **attrs)
{
	struct parser *p = arg;
	enum vx_tag tag;
	struct vx_el *el;
	mxml_node_t *node;
	unsigned line, column;

	if (p->stop)
		return;
	text_flush(p);
	p->depth++;
	if (p->skip)
		return;
	tag = tag_check(p, name, attrs);
	if (p->stop)
		return;
	if (tag == VX_NONE) {
		here(p, &line, &column);
		vx_faults_add(p->faults, line, column, "there is no element <%s>", zj_log_esc(name));
		p->skip = p->depth;
		return;
	}
	el = el_new(p, tag);
	node = el ? mxmlNewElement(p->node, name) : NULL;
	if (!node) {
		halt(p, "out of memory");
		return;
	}
	mxmlSetUserData(node, el);
	for (; attrs[0]; attrs += 2)
		mxmlElementSetAttr(node, attrs[0], attrs[1]);
	if (!p->doc->root)
		p->doc->root = node;
	p->node = node;
	if (tag == VX_METADATA)
		p->skip = p->depth + 1;
}

static void on_end(void *arg, const char *name ZJ_UNUSED)
{
	struct parser *p = arg;
	bool skipped = p->skip && p->depth >= p->skip;

	if (p->stop)
		return;
	text_flush(p);
	if (p->skip && (p->depth == p->skip || p->depth + 1 == p->skip)) {
		/* an unknown element ends itself; metadata's content ends with metadata */
		if (p->node && vx_tag(p->node) == VX_METADATA && p->depth + 1 == p->skip)
			p->skip = 0;
		else if (!(p->node && vx_tag(p->node) == VX_METADATA))
			p->skip = 0;
	}
	p->depth--;
	if (!skipped)
		p->node = mxmlGetParent(p->node);
}

static void on_doctype(void *arg, const char *name ZJ_UNUSED, const char *sysid ZJ_UNUSED, const char *pubid ZJ_UNUSED,
		       int internal)
{
	struct parser *p = arg;

	if (internal)
		halt(p, "a document type with declarations of its own (entities) is not accepted");
}

static void on_entity(void *arg, const char *name ZJ_UNUSED, int is_parameter ZJ_UNUSED, const char *value ZJ_UNUSED,
		      int len ZJ_UNUSED, const char *base ZJ_UNUSED, const char *sysid ZJ_UNUSED,
		      const char *pubid ZJ_UNUSED, const char *notation ZJ_UNUSED)
{
	halt(arg, "entities are not accepted");
}

static void destructor(void *obj)
{
	struct vx_doc *doc = obj;

	while (doc->els) {
		struct vx_el *next = doc->els->next;

		free(doc->els);
		doc->els = next;
	}
	if (doc->tree)
		mxmlDelete(doc->tree);
	zj_deref(doc->uri);
}

static int run(struct parser *p, const char *text, size_t len)
{
	unsigned line, column;

	XML_SetUserData(p->xp, p);
	XML_SetElementHandler(p->xp, on_start, on_end);
	XML_SetCharacterDataHandler(p->xp, on_text);
	XML_SetStartDoctypeDeclHandler(p->xp, on_doctype);
	XML_SetEntityDeclHandler(p->xp, on_entity);
	if (XML_Parse(p->xp, text, (int)len, XML_TRUE) != XML_STATUS_OK && !p->stop) {
		here(p, &line, &column);
		vx_faults_add(p->faults, line, column, "not well formed: %s", XML_ErrorString(XML_GetErrorCode(p->xp)));
	}
	return p->faults->n ? EINVAL : 0;
}

int vx_doc_parse(struct vx_doc **dp, const char *text, size_t len, const char *uri, enum vx_tag root,
		 struct vx_faults *faults)
{
	struct parser p = {.faults = faults, .root = root};
	int err = ENOMEM;

	if (len > VX_DOC_BYTES) {
		vx_faults_add(faults, 1, 1, "the document has %zu bytes, at most %d are accepted", len, VX_DOC_BYTES);
		return EINVAL;
	}
	p.doc = zj_alloc(sizeof(*p.doc), destructor);
	p.xp = XML_ParserCreate(NULL);
	if (!p.doc || !p.xp)
		goto out;
	p.last = &p.doc->els;
	p.doc->uri = zj_strdup(uri);
	p.doc->tree = mxmlNewXML("1.0");
	p.node = p.doc->tree;
	if (!p.doc->uri || !p.doc->tree)
		goto out;
	err = run(&p, text, len);
	if (p.doc->root && !p.stop)
		vx_schema_check(p.doc, faults);
	if (faults->n)
		err = EINVAL;
	if (!err) {
		p.doc->lang = vx_attr(p.doc->root, "xml:lang");
		*dp = zj_ref(p.doc);
	}
out:
	if (p.xp)
		XML_ParserFree(p.xp);
	free(p.text);
	zj_deref(p.doc);
	return err;
}

const struct vx_el *vx_el(mxml_node_t *node)
{
	return mxmlGetType(node) == MXML_ELEMENT ? mxmlGetUserData(node) : NULL;
}

enum vx_tag vx_tag(mxml_node_t *node)
{
	const struct vx_el *el = node ? vx_el(node) : NULL;

	return el ? el->tag : VX_TEXT;
}

mxml_node_t *vx_next_in(mxml_node_t *node, mxml_node_t *top)
{
	return mxmlWalkNext(node, top, MXML_DESCEND);
}

char *vx_text_of(mxml_node_t *node)
{
	size_t len = 0;
	char *out, *to;

	for (mxml_node_t *n = vx_next_in(node, node); n; n = vx_next_in(n, node)) {
		if (!vx_el(n) && mxmlGetOpaque(n))
			len += strlen(mxmlGetOpaque(n));
	}
	to = out = zj_alloc(len + 1, NULL);
	for (mxml_node_t *n = out ? vx_next_in(node, node) : NULL; n; n = vx_next_in(n, node)) {
		if (!vx_el(n) && mxmlGetOpaque(n))
			to = stpcpy(to, mxmlGetOpaque(n));
	}
	return out;
}

mxml_node_t *vx_dialog_find(const struct vx_doc *doc, const char *id)
{
	for (mxml_node_t *n = mxmlGetFirstChild(doc->root); n; n = mxmlGetNextSibling(n)) {
		const char *own;

		if (vx_tag(n) != VX_FORM && vx_tag(n) != VX_MENU)
			continue;
		own = vx_attr(n, "id");
		if (!id || (own && !strcmp(own, id)))
			return n;
	}
	return NULL;
}

const char *vx_lang_of(mxml_node_t *node)
{
	for (; node; node = mxmlGetParent(node)) {
		const char *lang = vx_el(node) ? vx_attr(node, "xml:lang") : NULL;

		if (lang)
			return lang;
	}
	return NULL;
}
