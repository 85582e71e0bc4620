/* `ivr-vxml lint [--json] FILE|URL|-`: every fault of a document with line and column. No script runs and nothing is
 * fetched. */
#include "lint.h"
#include "doc.h"
#include "fetch.h"
#include "grammar.h"
#include "script.h"
#include "zj_log.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fetched {
	char *text;
	size_t len;
};

static void on_fetched(long status, const char *body, size_t len, const char *file ZJ_UNUSED, const char *url,
		       const char *why, void *arg)
{
	struct fetched *f = arg;

	if (status < 200 || status > 299 || !body) {
		fprintf(stderr, "ivr-vxml: %s: %s (status %ld)\n", url ? url : "?", why ? why : "not found", status);
		return;
	}
	f->text = zj_alloc(len + 1, NULL);
	f->len = f->text ? len : 0;
	if (f->text)
		memcpy(f->text, body, len);
}

static char *fetch_all(const char *url, size_t *len)
{
	struct vx_fetcher_args args = {.allow_private = true, .max_ms = 10000};
	struct vx_fetch_args what = {.url = url, .max_bytes = VX_DOC_BYTES};
	struct vx_fetcher *fetcher = NULL;
	struct vx_fetch *t;
	struct fetched f = {0};
	uv_loop_t loop;

	uv_loop_init(&loop);
	if (!vx_fetcher_alloc(&fetcher, &loop, &args) && !vx_fetch_start(&t, fetcher, &what, on_fetched, &f))
		uv_run(&loop, UV_RUN_DEFAULT);
	vx_fetcher_close(fetcher);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	*len = f.len;
	return f.text;
}

static char *read_all(const char *path, size_t *len)
{
	FILE *f;
	char *text;

	if (!strncmp(path, "http://", 7) || !strncmp(path, "https://", 8))
		return fetch_all(path, len);
	f = strcmp(path, "-") ? fopen(strncmp(path, "file://", 7) ? path : path + 7, "re") : stdin;
	if (!f)
		fprintf(stderr, "ivr-vxml: %s: %s\n", path, strerror(errno));
	text = f ? zj_alloc(VX_DOC_BYTES + 2, NULL) : NULL;
	*len = text ? fread(text, 1, VX_DOC_BYTES + 1, f) : 0;
	if (f && f != stdin)
		fclose(f);
	return text;
}

static void complain(struct vx_faults *f, mxml_node_t *node, const char *what, const char *word)
{
	vx_faults_add(f, vx_el(node)->line, vx_el(node)->column, "<%s> %s %s", vx_tag_name(vx_tag(node)), what, word);
}

/* "#id" leads to a dialog of this document. */
static void target_check(const struct vx_doc *doc, mxml_node_t *node, const char *attr, struct vx_faults *f)
{
	const char *uri = vx_attr(node, attr);

	if (uri && *uri == '#' && !vx_dialog_find(doc, uri + 1))
		complain(f, node, "leads to a dialog that does not exist:", zj_log_esc(uri));
}

static void item_check(mxml_node_t *node, struct vx_faults *f)
{
	const char *name = vx_attr(node, "nextitem");
	mxml_node_t *form = node;

	while (form && vx_tag(form) != VX_FORM)
		form = mxmlGetParent(form);
	if (!name || !form) /* a handler of the document serves many forms */
		return;
	for (mxml_node_t *n = mxmlGetFirstChild(form); n; n = mxmlGetNextSibling(n)) {
		const char *own =
			vx_el(n) && vx_tag(n) != VX_VAR && vx_tag(n) != VX_PROPERTY ? vx_attr(n, "name") : NULL;

		if (own && !strcmp(own, name))
			return;
	}
	complain(f, node, "leads to a form item that does not exist:", zj_log_esc(name));
}

static void code_check(struct vx_script_heap *heap, mxml_node_t *node, const char *what, bool script, const char *code,
		       struct vx_faults *f)
{
	char *error = vx_script_check(heap, script, code);
	char where[60];

	if (error) {
		snprintf(where, sizeof(where), "%s does not compile:", what);
		complain(f, node, where, error);
	}
	zj_deref(error);
}

static void exprs_check(struct vx_script_heap *heap, mxml_node_t *node, struct vx_faults *f)
{
	int n = mxmlElementGetAttrCount(node);

	for (int i = 0; i < n; i++) {
		const char *name, *value = mxmlElementGetAttrByIndex(node, i, &name);

		if (vx_schema_is_expr(vx_tag(node), name))
			code_check(heap, node, name, false, value, f);
	}
}

static void grammar_check(mxml_node_t *node, struct vx_faults *f)
{
	struct vx_grammar *g = NULL;
	char why[200] = "";
	const char *src = vx_attr(node, "src"), *type = vx_tag(node) == VX_FIELD ? vx_attr(node, "type") : NULL;
	int err = 0;

	if (type)
		err = vx_grammar_builtin(&g, type, why, sizeof(why));
	else if (vx_tag(node) == VX_GRAMMAR && src && !strncmp(src, "builtin:dtmf/", 13))
		err = vx_grammar_builtin(&g, src + 13, why, sizeof(why));
	else if (vx_tag(node) == VX_GRAMMAR && !src && !vx_attr(node, "srcexpr"))
		err = vx_grammar_srgs(&g, node, why, sizeof(why));
	if (err)
		complain(f, node, "is not right:", *why ? why : strerror(err));
	zj_deref(g);
}

/* What the table of elements cannot say. */
static void deep_check(const struct vx_doc *doc, struct vx_faults *f)
{
	struct vx_script_heap *heap = vx_script_heap_prepare();
	static const enum vx_tag targets[] = {VX_GOTO, VX_CHOICE, VX_LINK, VX_SUBMIT};

	for (mxml_node_t *n = doc->root; n; n = vx_next_in(n, doc->root)) {
		if (!vx_el(n))
			continue;
		for (size_t i = 0; i < ZJ_ARRAY_SIZE(targets); i++) {
			if (vx_tag(n) == targets[i])
				target_check(doc, n, "next", f);
		}
		if (vx_tag(n) == VX_SUBDIALOG)
			target_check(doc, n, "src", f);
		if (vx_tag(n) == VX_GOTO)
			item_check(n, f);
		if (heap)
			exprs_check(heap, n, f);
		if (heap && vx_tag(n) == VX_SCRIPT && !vx_attr(n, "src") && !vx_attr(n, "srcexpr")) {
			char *code = vx_text_of(n);

			code_check(heap, n, "its script", true, code ? code : "", f);
			zj_deref(code);
		}
		grammar_check(n, f);
	}
}

static void print_json(const struct vx_faults *f)
{
	json_t *list = json_array();
	char *text;

	for (size_t i = 0; i < f->n && i < VX_FAULTS_MAX; i++) {
		const struct vx_fault *v = &f->list[i];
		json_t *o =
			json_pack("{sisiss}", "line", (int)v->line, "column", (int)v->column, "message", v->message);

		json_array_append_new(list, o ? o
					      : json_pack("{sisiss}", "line", (int)v->line, "column", (int)v->column,
							  "message", "(no text)"));
	}
	text = json_dumps(list, 0);
	puts(text ? text : "[]");
	free(text);
	json_decref(list);
}

static int usage(void)
{
	fprintf(stderr, "usage: ivr-vxml lint [--json] FILE|URL|-\n");
	return 2;
}

int vx_lint_main(int argc, char **argv)
{
	static struct vx_faults faults;
	struct vx_doc *doc = NULL;
	bool json = argc > 1 && !strcmp(argv[1], "--json");
	const char *path;
	char *text;
	size_t len;
	int err;

	if (argc != 2 + json)
		return usage();
	path = argv[1 + json];
	text = read_all(path, &len);
	if (!text)
		return 2;
	err = vx_doc_parse(&doc, text, len, path, VX_VXML, &faults);
	if (!err)
		deep_check(doc, &faults);
	if (json)
		print_json(&faults);
	for (size_t i = 0; !json && i < faults.n && i < VX_FAULTS_MAX; i++)
		printf("%s:%u:%u: %s\n", path, faults.list[i].line, faults.list[i].column, faults.list[i].message);
	zj_deref(doc);
	zj_deref(text);
	return faults.n || err ? 1 : 0;
}
