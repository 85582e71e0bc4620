/* Documents: getting them, entering them with their scopes, and the loop from dialog to dialog. */
#include "fia.h"
#include "zj_log.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a transfer brings, on the coroutine's stack while it waits. */
struct got {
	struct vx_session *s;
	bool done;
	long status;
	char *body, *file, *url, *why; /* objects */
	size_t len;
};

static void on_got(long status, const char *body, size_t len, const char *file, const char *url, const char *why,
		   void *arg)
{
	struct got *g = arg;

	g->done = true;
	g->status = status;
	g->s->fetch = NULL;
	g->body = body ? zj_alloc(len + 1, NULL) : NULL;
	if (g->body)
		memcpy(g->body, body, len);
	g->len = g->body ? len : 0;
	g->file = file ? zj_strdup(file) : NULL;
	g->url = url ? zj_strdup(url) : NULL;
	g->why = zj_strdup(why ? why : "");
	vx_wake(g->s);
}

static void got_clear(struct got *g)
{
	zj_deref(g->body);
	zj_deref(g->file);
	zj_deref(g->url);
	zj_deref(g->why);
}

/* Fetches and waits. VX_ENDED when the session is being ended meanwhile. */
static int fetch(struct vx_session *s, const struct vx_fetch_args *args, struct got *g)
{
	memset(g, 0, sizeof(*g));
	g->s = s;
	if (++s->fetches > VX_FETCH_MAX) {
		g->why = zj_strdup("the session fetched too much");
		return VX_GO_ON;
	}
	if (!s->fetcher || vx_fetch_start(&s->fetch, s->fetcher, args, on_got, g)) {
		g->why = zj_strdup("this address cannot be fetched");
		return VX_GO_ON;
	}
	while (!g->done && !s->aborted)
		vx_wait(s);
	if (g->done)
		return VX_GO_ON;
	vx_fetch_cancel(s->fetch);
	s->fetch = NULL;
	return VX_ENDED;
}

static int throw_badfetch(struct vx_session *s, mxml_node_t *node, const char *url, long status, const char *why)
{
	char name[40] = "error.badfetch";

	if (status)
		snprintf(name, sizeof(name), "error.badfetch.http.%ld", status);
	return vx_throw(s, node, name, "%s: %s", zj_log_esc(url), why && *why ? why : "not found");
}

/* file: addresses, for console and lint only: nobody else is served meanwhile. */
static int read_file(struct vx_session *s, mxml_node_t *node, const char *url, char **text, size_t *len)
{
	FILE *f = fopen(url + (strncmp(url, "file://", 7) ? 5 : 7), "re");
	char *buf = zj_alloc(VX_DOC_BYTES + 2, NULL);

	if (!f || !buf) {
		if (f)
			fclose(f);
		zj_deref(buf);
		return throw_badfetch(s, node, url, 0, strerror(errno));
	}
	*len = fread(buf, 1, VX_DOC_BYTES + 1, f);
	fclose(f);
	*text = buf;
	return VX_GO_ON;
}

int vx_fetch_text(struct vx_session *s, mxml_node_t *node, const char *uri, const char *post, char **text, size_t *len,
		  char **final_uri)
{
	char *url = vx_url_resolve(s->ctx->doc ? s->ctx->doc->uri : NULL, uri);
	struct vx_fetch_args args = {.url = url, .post = post, .max_bytes = VX_DOC_BYTES};
	struct got g;
	int ctl;

	if (!url)
		return throw_badfetch(s, node, uri, 0, "the address cannot be resolved");
	if (!strncmp(url, "file:", 5) && s->files) {
		ctl = read_file(s, node, url, text, len);
		if (ctl == VX_GO_ON && final_uri)
			*final_uri = zj_ref(url);
		zj_deref(url);
		return ctl;
	}
	args.timeout_ms = (unsigned)vx_time_ms(node ? vx_attr(node, "fetchtimeout") : NULL, 0);
	if (!args.timeout_ms && node)
		args.timeout_ms = (unsigned)vx_property_ms(s, node, "fetchtimeout", 0);
	ctl = fetch(s, &args, &g);
	if (ctl == VX_GO_ON && (g.status < 200 || g.status > 299 || !g.body))
		ctl = throw_badfetch(s, node, url, g.status, g.why);
	if (ctl == VX_GO_ON) {
		*text = zj_ref(g.body);
		*len = g.len;
		if (final_uri)
			*final_uri = zj_ref(g.url ? g.url : url);
	}
	got_clear(&g);
	zj_deref(url);
	return ctl;
}

int vx_fetch_audio(struct vx_session *s, const char *uri, char **file)
{
	char *url = vx_url_resolve(s->ctx->doc ? s->ctx->doc->uri : NULL, uri);
	struct vx_fetch_args args = {.url = url, .max_bytes = 20 * 1024 * 1024, .to_file = true};
	const char *kept;
	struct got g;
	int ctl = VX_GO_ON;

	*file = NULL;
	kept = url && s->fetcher ? vx_fetch_kept(s->fetcher, url) : NULL;
	if (kept) {
		*file = zj_strdup(kept);
	} else if (url && !strncmp(url, "http", 4)) {
		ctl = fetch(s, &args, &g);
		if (ctl == VX_GO_ON && g.status >= 200 && g.status < 300)
			*file = zj_ref(g.file);
		got_clear(&g);
	}
	zj_deref(url);
	return ctl;
}

/* Loads the document at `url` (no fragment), resolved against the current one. */
static int load(struct vx_session *s, mxml_node_t *node, const char *url, const char *post, struct vx_doc **dp)
{
	struct vx_faults *faults;
	char *text = NULL, *final = NULL;
	size_t len = 0;
	int ctl, err;

	if (!strncmp(url, "flow:", 5)) {
		*dp = s->host->flow(s->arg, url + 5);
		return *dp ? VX_GO_ON : throw_badfetch(s, node, url, 0, "there is no such flow");
	}
	ctl = vx_fetch_text(s, node, url, post, &text, &len, &final);
	if (ctl != VX_GO_ON)
		return ctl;
	faults = zj_alloc(sizeof(*faults), NULL);
	err = faults ? vx_doc_parse(dp, text, len, final, VX_VXML, faults) : ENOMEM;
	if (err)
		ctl = vx_throw(s, node, "error.badfetch", "%s:%u:%u: %s", zj_log_esc(final),
			       faults ? faults->list[0].line : 0, faults ? faults->list[0].column : 0,
			       faults && faults->n ? faults->list[0].message : "out of memory");
	zj_deref(faults);
	zj_deref(text);
	zj_deref(final);
	return ctl;
}

/* The application root document of `doc`: NULL when it is its own. The current one is taken over when it is the same.
 */
static int root_find(struct vx_session *s, mxml_node_t *node, struct vx_doc *doc, struct vx_doc **root)
{
	const char *app = vx_attr(doc->root, "application");
	char *url = app ? vx_url_resolve(doc->uri, app) : NULL;
	struct vx_ctx *c = s->ctx;
	int ctl = VX_GO_ON;

	*root = NULL;
	if (!app)
		return VX_GO_ON;
	if (!url)
		return throw_badfetch(s, node, app, 0, "the application root's address cannot be resolved");
	if (c->root && !strcmp(c->root->uri, url))
		*root = zj_ref(c->root);
	else if (c->doc && !c->root && !strcmp(c->doc->uri, url))
		*root = zj_ref(c->doc);
	else
		ctl = load(s, node, url, NULL, root);
	if (ctl == VX_GO_ON && *root && vx_attr((*root)->root, "application"))
		ctl = vx_throw(s, node, "error.semantic",
			       "the application root document has an application attribute itself");
	zj_deref(url);
	return ctl;
}

void vx_jump_clear(struct vx_jump *j)
{
	j->doc = zj_deref(j->doc);
	j->root = zj_deref(j->root);
	json_decref(j->carry);
	j->carry = NULL;
	j->dialog = NULL;
}

/* Makes `jump` lead to `uri`; a document that cannot be had, or lacks the dialog, throws here, where the old one's
 * handlers still are. */
int vx_jump_to(struct vx_session *s, mxml_node_t *node, const char *uri, const char *post, struct vx_jump *jump)
{
	const char *hash = strchr(uri, '#');
	const char *id = hash && hash[1] ? hash + 1 : NULL;
	struct vx_doc *doc;
	char *url;
	int ctl = VX_GO_ON;

	vx_jump_clear(jump);
	if (hash == uri && s->ctx->doc && id) {
		jump->dialog = vx_dialog_find(s->ctx->doc, id);
		return jump->dialog ? VX_GO_ON : throw_badfetch(s, node, uri, 0, "there is no such dialog");
	}
	url = zj_strdup(uri);
	if (!url)
		return vx_fail(s, "error.badfetch", "out of memory", 0);
	url[strcspn(url, "#")] = '\0';
	ctl = load(s, node, url, post, &jump->doc);
	zj_deref(url);
	if (ctl != VX_GO_ON)
		return ctl;
	doc = jump->doc;
	ctl = root_find(s, node, doc, &jump->root);
	if (ctl == VX_GO_ON) {
		jump->dialog = vx_dialog_find(doc, id);
		if (!jump->dialog && id)
			ctl = throw_badfetch(s, node, uri, 0, "there is no such dialog");
	}
	if (ctl != VX_GO_ON)
		vx_jump_clear(jump);
	return ctl;
}

/* Variables and scripts directly below <vxml>, in document order, in the innermost scope. */
static int variables_init(struct vx_session *s, struct vx_doc *doc)
{
	int ctl = VX_GO_ON;

	for (mxml_node_t *n = mxmlGetFirstChild(doc->root); n && ctl == VX_GO_ON; n = mxmlGetNextSibling(n)) {
		if (vx_tag(n) == VX_VAR)
			ctl = vx_var_element(s, n);
		else if (vx_tag(n) == VX_SCRIPT)
			ctl = vx_script_element(s, n);
	}
	return ctl;
}

/* The scopes of the new document: those of an application that stays are kept (VoiceXML 2.0, 1.5.2). The chain is
 * session, application, and the document unless it is the application's root itself. */
static int scopes_enter(struct vx_session *s, struct vx_ctx *ctx, bool keep)
{
	json_t *ops = json_array();
	int ctl;

	ctx->depth = keep ? 1 : 0;
	json_array_append_new(ops, json_pack("[si]", "trim", (int)ctx->depth + 1));
	if (!keep) {
		json_array_append_new(ops, json_pack("[ss]", "push", "application"));
		ctx->depth++;
	}
	if (!ctx->root)
		json_array_append_new(ops, json_pack("[ssi]", "alias", "document", 1));
	ctl = vx_js_all(s, NULL, ops, NULL);
	if (ctl == VX_GO_ON && !keep)
		ctl = variables_init(s, ctx->root ? ctx->root : ctx->doc);
	if (ctl == VX_GO_ON && ctx->root) {
		ctl = vx_js(s, NULL, json_pack("[ss]", "push", "document"), NULL);
		ctx->depth++;
		if (ctl == VX_GO_ON)
			ctl = variables_init(s, ctx->doc);
	}
	return ctl;
}

static int document_enter(struct vx_session *s, struct vx_ctx *ctx, struct vx_jump *jump)
{
	const char *app = jump->root ? jump->root->uri : jump->doc->uri;
	const char *old = ctx->root ? ctx->root->uri : ctx->doc ? ctx->doc->uri : NULL;
	bool keep = old && (ctx->root || jump->root) && !strcmp(old, app);
	int ctl;

	zj_deref(ctx->doc);
	zj_deref(ctx->root);
	ctx->doc = jump->doc;
	ctx->root = jump->root;
	jump->doc = jump->root = NULL;
	ctl = scopes_enter(s, ctx, keep);
	if (ctl == VX_THROWN)
		ctl = vx_event_handle(s, ctx->doc->root, NULL);
	else
		return ctl;
	return ctl == VX_GO_ON ? VX_ENDED : ctl; /* a handler that leads nowhere ends the document */
}

/* Runs dialog after dialog from `jump` on. Ends with VX_RETURNED or VX_ENDED (or VX_THROWN out of a first document). */
int vx_document_run(struct vx_session *s, struct vx_ctx *ctx, struct vx_jump *jump)
{
	struct vx_ctx *outer = s->ctx == ctx ? NULL : s->ctx;
	struct vx_jump now = *jump;
	int ctl = VX_TO_DIALOG;

	memset(jump, 0, sizeof(*jump));
	s->ctx = ctx;
	while (ctl == VX_TO_DIALOG) {
		mxml_node_t *dialog;

		ctl = VX_GO_ON;
		if (now.doc && !now.root &&
		    vx_attr(now.doc->root, "application")) /* the flow itself: its root is not loaded yet */
			ctl = root_find(s, NULL, now.doc, &now.root);
		if (ctl == VX_GO_ON && now.doc) {
			dialog = now.dialog ? now.dialog : vx_dialog_find(now.doc, NULL);
			ctl = document_enter(s, ctx, &now);
		} else {
			dialog = now.dialog;
		}
		if (ctl == VX_GO_ON)
			ctl = dialog ? vx_dialog_run(s, dialog, now.carry) : VX_ENDED;
		vx_jump_clear(&now);
		if (ctl == VX_TO_DIALOG) {
			now = s->jump;
			memset(&s->jump, 0, sizeof(s->jump));
		}
	}
	zj_deref(ctx->doc);
	zj_deref(ctx->root);
	ctx->doc = ctx->root = NULL;
	if (outer)
		s->ctx = outer;
	return ctl == VX_GO_ON ? VX_ENDED : ctl;
}
