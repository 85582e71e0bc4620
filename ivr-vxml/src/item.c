/* Executing one form item: block, field and menu, record, transfer, subdialog. */
#include "fia.h"
#include "zj_log.h"
#include <string.h>

static int block_run(struct vx_session *s, struct vx_item *item)
{
	return vx_exec_scoped(s, item->node, json_pack("[[sssb]]", "set", "dialog", item->name, 1));
}

/* Collects an utterance or an event; a utterance is then processed. */
int vx_field_run(struct vx_session *s, struct vx_item *item)
{
	struct vx_active *list = zj_alloc(VX_ACTIVE_MAX * sizeof(*list), NULL);
	struct vx_input in = {0};
	size_t n = 0;
	int ctl = list ? vx_active_build(s, item, list, &n) : VX_ENDED;

	if (ctl == VX_GO_ON)
		ctl = vx_collect(s, item, list, n, &in);
	if (ctl == VX_GO_ON && in.what == VX_HEARD_NOTHING) {
		ctl = vx_throw(s, item->node, "noinput", "%s", "");
	} else if (ctl == VX_GO_ON && in.what == VX_HEARD_NOMATCH) {
		vx_path_input(s, in.text);
		ctl = vx_throw(s, item->node, "nomatch", "%s", in.text);
	} else if (ctl == VX_GO_ON) {
		ctl = vx_input_process(s, list, &in);
	}
	json_decref(in.meaning);
	if (list)
		vx_active_clear(list, n);
	zj_deref(list);
	return ctl;
}

static json_t *record_shadow(json_t *r)
{
	const char *reason = json_string_value(json_object_get(r, "reason")),
		   *term = json_string_value(json_object_get(r, "term"));

	return json_pack("{sIsIsbss*}", "duration", json_integer_value(json_object_get(r, "ms")), "size",
			 json_integer_value(json_object_get(r, "bytes")), "maxtime", vx_is(reason, "max"), "termchar",
			 vx_is(reason, "term") ? term : NULL);
}

static int record_take(struct vx_session *s, struct vx_item *item)
{
	json_t *r = s->recorded;
	const char *path = json_string_value(json_object_get(r, "path"));
	char shadow[84], value[300];
	json_t *ops;
	int ctl;

	if (!path || !json_integer_value(json_object_get(r, "ms"))) {
		if (s->hungup)
			return VX_GO_ON;
		return vx_throw(s, item->node, "noinput", "%s", "nothing was recorded");
	}
	snprintf(shadow, sizeof(shadow), "%s$", item->name);
	snprintf(value, sizeof(value), "record:%s", path);
	ops = json_pack("[[ssss][ssso]]", "set", "dialog", item->name, value, "set", "dialog", shadow,
			record_shadow(r));
	ctl = vx_js_all(s, item->node, ops, NULL);
	vx_path_input(s, value);
	return ctl;
}

static int hangup(struct vx_session *s, mxml_node_t *node)
{
	s->hangup_told = true;
	s->left = true;
	return vx_throw(s, node, "connection.disconnect.hangup", "%s", "the caller hung up");
}

static int record_run(struct vx_session *s, struct vx_item *item)
{
	struct vx_record_args args = {
		.max_ms = vx_time_ms(vx_attr(item->node, "maxtime"), 60000),
		.silence_ms = vx_time_ms(vx_attr(item->node, "finalsilence"),
					 vx_property_ms(s, item->node, "finalsilence", 4000)),
		.beep = vx_is(vx_attr(item->node, "beep"), "true"),
		.any_key = !vx_is(vx_attr(item->node, "dtmfterm"), "false"),
	};
	int ctl = vx_prompts_flush(s);

	if (ctl != VX_GO_ON)
		return ctl;
	if (s->left)
		return VX_ENDED;
	s->n_keys = 0; /* what was typed before it would end the recording at once */
	s->recording = true;
	s->steps = 0;
	s->host->record(s->arg, &args);
	while (s->recording && !s->aborted)
		vx_wait(s);
	if (s->aborted)
		return VX_ENDED;
	s->n_keys = 0;
	ctl = record_take(s, item);
	json_decref(s->recorded);
	s->recorded = NULL;
	if (ctl == VX_GO_ON && s->hungup && !s->hangup_told)
		return hangup(s, item->node);
	item->just_filled = true;
	return ctl == VX_GO_ON ? vx_item_visit_filled(s) : ctl;
}

static const char *const schemes[] = {"tel:", "sip:", "sips:", "queue:", "extension:"};

static int dest_check(struct vx_session *s, mxml_node_t *node, const char *dest)
{
	if (!dest || !*dest)
		return vx_throw(s, node, "error.connection.baddestination", "the destination is empty");
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(schemes); i++) {
		size_t n = strlen(schemes[i]);

		if (strncmp(dest, schemes[i], n))
			continue;
		if (!dest[n] || strlen(dest) > 255 || strpbrk(dest, " \t\r\n<>\""))
			return vx_throw(s, node, "error.connection.baddestination", "%s", zj_log_esc(dest));
		if (!strcmp(schemes[i], "queue:") && !s->host->queue_is_known(s->arg, dest + n))
			return vx_throw(s, node, "error.connection.baddestination", "there is no queue %s",
					zj_log_esc(dest + n));
		return VX_GO_ON;
	}
	return vx_throw(s, node, "error.unsupported.uri", "%s: only tel: sip: queue: extension: are known",
			zj_log_esc(dest));
}

/* Blind: the call leaves us with the session's result; the document's handlers run, but nobody hears them. */
static int transfer_run(struct vx_session *s, struct vx_item *item)
{
	const char *type = vx_attr(item->node, "type");
	char *dest = NULL;
	int ctl;

	if (vx_is(vx_attr(item->node, "bridge"), "true") || (type && strcmp(type, "blind")))
		return vx_throw(s, item->node,
				vx_is(type, "consultation") ? "error.unsupported.transfer.consultation"
							    : "error.unsupported.transfer.bridge",
				"only blind transfer is known");
	ctl = vx_js_attr(s, item->node, "dest", "destexpr", &dest);
	if (ctl == VX_GO_ON)
		ctl = dest_check(s, item->node, dest);
	if (ctl == VX_GO_ON)
		ctl = vx_prompts_flush(s);
	if (ctl == VX_GO_ON && s->left)
		ctl = VX_ENDED;
	if (ctl == VX_GO_ON) {
		s->result.how = VX_HOW_TRANSFER;
		s->result.dest = dest;
		s->left = true;
		s->hangup_told = true;
		vx_path_input(s, dest);
		s->host->transfer(s->arg, dest);
		return vx_throw(s, item->node, "connection.disconnect.transfer", "%s", dest);
	}
	zj_deref(dest);
	return ctl;
}

static int params_read(struct vx_session *s, mxml_node_t *node, json_t *params)
{
	int ctl = VX_GO_ON;

	for (mxml_node_t *n = mxmlGetFirstChild(node); n && ctl == VX_GO_ON; n = mxmlGetNextSibling(n)) {
		json_t *value = NULL;

		if (vx_tag(n) != VX_PARAM)
			continue;
		if (vx_attr(n, "expr"))
			ctl = vx_js(s, n, json_pack("[ss]", "json", vx_attr(n, "expr")), &value);
		else
			value = json_string(vx_attr(n, "value"));
		if (ctl == VX_GO_ON)
			json_object_set(params, vx_attr(n, "name"), value);
		json_decref(value);
	}
	return ctl;
}

/* What the subdialog gave back becomes the item's variable, or an event here. */
static int subdialog_take(struct vx_session *s, struct vx_item *item)
{
	json_t *value = s->returned;
	int ctl;

	s->returned = NULL;
	if (!value)
		return VX_THROWN; /* s->event is what <return event> asked for */
	ctl = vx_js(s, item->node, json_pack("[ssso]", "set", "dialog", item->name, value), NULL);
	if (ctl != VX_GO_ON)
		return ctl;
	item->just_filled = true;
	return vx_item_visit_filled(s);
}

static int subdialog_enter(struct vx_session *s, struct vx_item *item, struct vx_jump *jump, json_t *params)
{
	struct vx_ctx ctx = {.parent = s->ctx, .params = params};
	int ctl = vx_js(s, item->node, json_pack("[s]", "ctx"), NULL);

	if (ctl != VX_GO_ON) {
		json_decref(params);
		return ctl;
	}
	if (!jump->doc) { /* a dialog of this document, in a context of its own */
		jump->doc = zj_ref(s->ctx->doc);
		jump->root = zj_ref(s->ctx->root);
	}
	ctl = vx_document_run(s, &ctx, jump);
	json_decref(ctx.params);
	s->item = item;
	if (ctl == VX_ENDED)
		return ctl;
	if (vx_js(s, item->node, json_pack("[s]", "unctx"), NULL) != VX_GO_ON)
		return VX_ENDED;
	return ctl == VX_RETURNED ? subdialog_take(s, item) : ctl;
}

static int subdialog_run(struct vx_session *s, struct vx_item *item)
{
	struct vx_jump jump = {0};
	json_t *params = json_object();
	char *uri = NULL;
	unsigned depth = 0;
	int ctl;

	for (struct vx_ctx *c = s->ctx; c; c = c->parent)
		depth++;
	if (depth > VX_SUBDIALOG_MAX) {
		json_decref(params);
		return vx_throw(s, item->node, "error.semantic", "subdialogs are nested too deep");
	}
	ctl = vx_js_attr(s, item->node, "src", "srcexpr", &uri);
	if (ctl == VX_GO_ON)
		ctl = params_read(s, item->node, params);
	if (ctl == VX_GO_ON)
		ctl = vx_submit_jump(s, item->node, uri ? uri : "", &jump);
	zj_deref(uri);
	if (ctl != VX_GO_ON)
		json_decref(params);
	else
		ctl = subdialog_enter(s, item, &jump, params);
	vx_jump_clear(&jump);
	return ctl;
}

int vx_item_execute(struct vx_session *s, struct vx_item *item)
{
	switch (vx_tag(item->node)) {
	case VX_BLOCK:
		return block_run(s, item);
	case VX_FIELD:
	case VX_MENU:
		return vx_field_run(s, item);
	case VX_RECORD:
		return record_run(s, item);
	case VX_TRANSFER:
		return transfer_run(s, item);
	case VX_SUBDIALOG:
		return subdialog_run(s, item);
	case VX_OBJECT:
		return vx_throw(s, item->node, "error.unsupported.objectname", "no objects are known");
	default:
		return vx_throw(s, item->node, "error.unsupported.initial", "mixed initiative is not known");
	}
}
