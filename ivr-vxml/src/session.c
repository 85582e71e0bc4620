/* A session's life: its coroutine, what it is told, its result. */
#include "fia.h"
#include "zj_log.h"
#include "zj_metrics.h"
#include "zj_time.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct zj_metric *vx_turns_metric;

static const char *const how_names[] = {"exit", "disconnect", "transfer", "error", "hangup"};

const char *vx_how_name(enum vx_how how)
{
	return (unsigned)how < ZJ_ARRAY_SIZE(how_names) ? how_names[how] : "?";
}

bool vx_is(const char *value, const char *word)
{
	return value && !strcmp(value, word);
}

void vx_wait(struct vx_session *s)
{
	if (!s->aborted)
		vx_co_yield(s->co);
}

/* Runs the coroutine on, from the loop; within the coroutine it does nothing, since waits look at their conditions. */
void vx_wake(struct vx_session *s)
{
	struct zj_log_ctx old;

	if (!s->co || vx_co_is_running(s->co))
		return;
	zj_ref(s);
	old = zj_log_with(s->log);
	vx_co_resume(s->co);
	if (vx_co_is_done(s->co) && !s->told) {
		s->told = true;
		s->host->ended(s->arg);
	}
	zj_log_with(old);
	zj_deref(s);
}

int vx_fail(struct vx_session *s, const char *error, const char *message, unsigned line)
{
	if (!s->result.error) {
		s->result.how = VX_HOW_ERROR;
		s->result.error = zj_strdup(error);
		s->result.message = zj_strdup(message);
		s->result.line = line;
	}
	return VX_ENDED;
}

int vx_throw(struct vx_session *s, mxml_node_t *node, const char *name, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	vx_event_clear(&s->event);
	s->event.name = zj_strdup(name);
	s->event.message = zj_strdup(text);
	s->event.line = node && vx_el(node) ? vx_el(node)->line : 0;
	return VX_THROWN;
}

int vx_step(struct vx_session *s, mxml_node_t *node)
{
	const struct vx_el *el = node ? vx_el(node) : NULL;

	if (s->aborted)
		return VX_ENDED;
	if (++s->steps <= VX_STEPS_MAX)
		return VX_GO_ON;
	return vx_fail(s, "error.semantic", "the document went on for too many steps without input", el ? el->line : 0);
}

int64_t vx_time_ms(const char *text, int64_t def)
{
	char *end;
	double v;

	if (!text)
		return def;
	v = strtod(text, &end);
	if (end == text || v < 0 || v > 1e6)
		return def;
	return (int64_t)(strcmp(end, "ms") ? v * 1000 : v);
}

static const char *property_in(mxml_node_t *parent, const char *name)
{
	for (mxml_node_t *n = mxmlGetFirstChild(parent); n; n = mxmlGetNextSibling(n)) {
		if (vx_tag(n) == VX_PROPERTY && !strcmp(vx_attr(n, "name"), name))
			return vx_attr(n, "value");
	}
	return NULL;
}

/* The innermost <property> around `node`, then the root document's. */
const char *vx_property(struct vx_session *s, mxml_node_t *node, const char *name, const char *def)
{
	const char *value = NULL;

	for (; node && !value; node = mxmlGetParent(node))
		value = vx_el(node) ? property_in(node, name) : NULL;
	if (!value && s->ctx->root)
		value = property_in(s->ctx->root->root, name);
	return value ? value : def;
}

int64_t vx_property_ms(struct vx_session *s, mxml_node_t *node, const char *name, int64_t def)
{
	return vx_time_ms(vx_property(s, node, name, NULL), def);
}

void vx_path_add(struct vx_session *s, mxml_node_t *dialog, const char *item)
{
	const char *id = vx_attr(dialog, "id");
	char at[ZJ_RFC3339_SIZE], node[200];

	if (json_array_size(s->result.path) >= VX_PATH_MAX)
		return;
	zj_rfc3339(at, zj_now_us());
	snprintf(node, sizeof(node), "%s#%.80s%s%.80s", vx_tag_name(vx_tag(dialog)), id ? id : "",
		 item && *item ? "/" : "", item ? item : "");
	json_array_append_new(s->result.path, json_pack("{ssss}", "at", at, "node", node));
}

void vx_path_input(struct vx_session *s, const char *input)
{
	size_t n = json_array_size(s->result.path);
	const char *mask = s->item ? vx_property(s, s->item->node, "com.zongji.mask", "false") : "false";
	json_t *value =
		vx_is(mask, "true") ? json_string("*") : json_stringn(input, strlen(input) < 100 ? strlen(input) : 100);

	if (n)
		json_object_set_new(json_array_get(s->result.path, n - 1), "input", value ? value : json_string("?"));
	else
		json_decref(value);
}

static void vx_main(void *arg)
{
	struct vx_session *s = arg;
	struct vx_ctx ctx = {0};
	struct vx_jump jump = {.doc = s->start_doc};
	int ctl = VX_GO_ON;

	s->start_doc = NULL;
	s->ctx = &ctx;
	ctl = vx_js(s, NULL, json_pack("[sO]", "session", s->session_vars), NULL);
	if (ctl == VX_GO_ON && !jump.doc)
		ctl = vx_jump_to(s, NULL, s->start_uri, NULL, &jump);
	else if (ctl == VX_GO_ON)
		jump.dialog = NULL;
	if (ctl == VX_GO_ON)
		ctl = vx_document_run(s, &ctx, &jump);
	if (ctl == VX_THROWN)
		vx_fail(s, s->event.name, s->event.message, s->event.line);
	vx_jump_clear(&jump);
	if (!s->left && !s->aborted && !s->hungup && s->result.how == VX_HOW_EXIT)
		(void)vx_prompts_flush(s);
	if (s->hungup && s->result.how != VX_HOW_TRANSFER)
		s->result.how = VX_HOW_HANGUP;
	s->host->timer(s->arg, -1);
	s->ctx = NULL;
}

static void destructor(void *obj)
{
	struct vx_session *s = obj;

	if (s->fetch)
		vx_fetch_cancel(s->fetch);
	vx_script_close(s->box);
	zj_deref(s->co);
	for (size_t i = 0; i < s->n_queue; i++)
		json_decref(s->queue[i].items);
	vx_event_clear(&s->event);
	vx_jump_clear(&s->jump);
	json_decref(s->returned);
	json_decref(s->recorded);
	json_decref(s->session_vars);
	json_decref(s->result.variables);
	json_decref(s->result.path);
	zj_deref(s->result.dest);
	zj_deref(s->result.error);
	zj_deref(s->result.message);
	zj_deref(s->start_doc);
	zj_deref(s->start_uri);
	zj_deref(s->words);
	zj_deref(s->lang);
}

int vx_session_alloc(struct vx_session **sp, const struct vx_session_args *args)
{
	struct vx_session *s = zj_alloc(sizeof(*s), destructor);
	int err;

	if (!s)
		return ENOMEM;
	s->host = args->host;
	s->arg = args->arg;
	s->scripts = args->scripts;
	s->fetcher = args->fetcher;
	s->files = args->files;
	s->log = args->log;
	s->lang = zj_strdup(args->lang ? args->lang : "zh");
	s->session_vars = args->session ? json_incref(args->session) : json_object();
	s->result.variables = json_object();
	s->result.path = json_array();
	s->timeout_ms = -1;
	err = vx_script_take(&s->box, s->scripts);
	if (!err)
		err = vx_co_alloc(&s->co, vx_main, s);
	if (err) {
		zj_deref(s);
		return err;
	}
	*sp = s;
	return 0;
}

void vx_session_start(struct vx_session *s, struct vx_doc *doc, const char *uri)
{
	s->start_doc = zj_ref(doc);
	s->start_uri = zj_strdup(uri ? uri : "");
	vx_wake(s);
}

const struct vx_result *vx_session_result(const struct vx_session *s)
{
	return &s->result;
}

void vx_session_key(struct vx_session *s, char key)
{
	if (s->n_keys >= VX_KEYS_MAX)
		return;
	s->keys[s->n_keys++] = key;
	vx_wake(s);
}

void vx_session_keys(struct vx_session *s, const char *keys)
{
	for (; *keys && s->n_keys < VX_KEYS_MAX; keys++)
		s->keys[s->n_keys++] = *keys;
	vx_wake(s);
}

void vx_session_words(struct vx_session *s, const char *words)
{
	zj_deref(s->words);
	s->words = zj_strdup(words);
	vx_wake(s);
}

void vx_session_played(struct vx_session *s)
{
	s->playing = false;
	vx_wake(s);
}

void vx_session_recorded(struct vx_session *s, json_t *result)
{
	if (!s->recording)
		return;
	s->recording = false;
	json_decref(s->recorded);
	s->recorded = json_incref(result);
	vx_wake(s);
}

void vx_session_timer(struct vx_session *s)
{
	s->timer_fired = true;
	vx_wake(s);
}

void vx_session_hungup(struct vx_session *s)
{
	s->hungup = true;
	s->playing = false;
	vx_wake(s);
}

void vx_session_abort(struct vx_session *s, const char *error, const char *message)
{
	if (s->aborted || s->told)
		return;
	s->aborted = true;
	if (error)
		vx_fail(s, error, message, 0);
	vx_wake(s);
}
