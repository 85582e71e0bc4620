/* Events: which catch takes one (VoiceXML 2.0, 5.2.4), what happens when none does (5.2.5). */
#include "fia.h"
#include "zj_log.h"
#include <stdlib.h>
#include <string.h>

#define HANDLED_MAX 20 /* events that handlers of one event may throw one after the other */

enum by_default { BY_REPROMPT, BY_NOTHING, BY_EXIT, BY_HANGUP, BY_FAILURE };

/* First row whose name is the event's, or a prefix of it up to a dot. */
static const struct {
	const char *name;
	enum by_default what;
} defaults[] = {
	{"cancel", BY_NOTHING},
	{"help", BY_REPROMPT},
	{"noinput", BY_REPROMPT},
	{"nomatch", BY_REPROMPT},
	{"maxspeechtimeout", BY_REPROMPT},
	{"exit", BY_EXIT},
	{"connection.disconnect", BY_HANGUP},
	{"", BY_FAILURE},
};

void vx_event_clear(struct vx_event *e)
{
	e->name = zj_deref(e->name);
	e->message = zj_deref(e->message);
}

void vx_counts_clear(struct vx_count **list)
{
	while (*list) {
		struct vx_count *next = (*list)->next;

		free(*list);
		*list = next;
	}
}

static unsigned count_get(const struct vx_count *list, const char *name, size_t len)
{
	for (; list; list = list->next) {
		if (strlen(list->name) == len && !memcmp(list->name, name, len))
			return list->n;
	}
	return 0;
}

static void count_add(struct vx_count **list, const char *name, size_t len)
{
	struct vx_count *c;

	for (c = *list; c; c = c->next) {
		if (strlen(c->name) == len && !memcmp(c->name, name, len)) {
			c->n++;
			return;
		}
	}
	c = calloc(1, sizeof(*c) + len + 1);
	if (!c)
		return;
	memcpy(c->name, name, len);
	c->n = 1;
	c->next = *list;
	*list = c;
}

/* The event's full name, every prefix of it, and "" for handlers that take all. */
static void counts_add(struct vx_count **list, const char *event)
{
	count_add(list, "", 0);
	for (const char *p = event; *p; p++) {
		if (p[1] == '.' || !p[1])
			count_add(list, event, (size_t)(p - event) + 1);
	}
}

static bool covers(const char *name, size_t len, const char *event)
{
	if (len && name[len - 1] == '.')
		len--;
	return !strncmp(name, event, len) && (!len || event[len] == '.' || !event[len]);
}

/* Does this element catch the event, and how often has what it catches happened? 0: it does not. */
static unsigned catches(mxml_node_t *node, const char *event, const struct vx_count *counts)
{
	enum vx_tag tag = vx_tag(node);
	const char *list;

	if (tag != VX_CATCH && tag != VX_ERROR && tag != VX_HELP && tag != VX_NOINPUT && tag != VX_NOMATCH)
		return 0;
	list = tag == VX_CATCH ? vx_attr(node, "event") : vx_tag_name(tag);
	if (!list || !list[strspn(list, " \t\r\n")])
		return count_get(counts, "", 0);
	while (*list) {
		size_t len;

		list += strspn(list, " \t\r\n");
		len = strcspn(list, " \t\r\n");
		if (len && covers(list, len, event))
			return count_get(counts, list, len - (list[len - 1] == '.'));
		list += len;
	}
	return 0;
}

/* Of one scope's handlers, the first with the highest count so far becomes *best. */
static int scope_search(struct vx_session *s, mxml_node_t *scope, const struct vx_count *counts, mxml_node_t **best,
			unsigned *best_count)
{
	for (mxml_node_t *n = mxmlGetFirstChild(scope); n; n = mxmlGetNextSibling(n)) {
		unsigned now = vx_el(n) ? catches(n, s->event.name, counts) : 0, count;
		const char *attr = now ? vx_attr(n, "count") : NULL;
		bool yes;
		int ctl;

		count = attr ? (unsigned)atoi(attr) : 1;
		if (!now || count > now || count <= *best_count)
			continue;
		ctl = vx_js_bool(s, n, vx_attr(n, "cond"), &yes);
		if (ctl != VX_GO_ON)
			return ctl;
		if (yes) {
			*best = n;
			*best_count = count;
		}
	}
	return VX_GO_ON;
}

static int search(struct vx_session *s, mxml_node_t *scope, const struct vx_count *counts, mxml_node_t **best)
{
	unsigned count = 0;
	int ctl = VX_GO_ON;

	*best = NULL;
	for (; scope && ctl == VX_GO_ON; scope = mxmlGetParent(scope)) {
		if (vx_el(scope))
			ctl = scope_search(s, scope, counts, best, &count);
	}
	if (ctl == VX_GO_ON && s->ctx->root)
		ctl = scope_search(s, s->ctx->root->root, counts, best, &count);
	return ctl;
}

static int handle_default(struct vx_session *s)
{
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(defaults); i++) {
		if (!covers(defaults[i].name, strlen(defaults[i].name), s->event.name))
			continue;
		switch (defaults[i].what) {
		case BY_REPROMPT:
			s->reprompt = true;
			return VX_GO_ON;
		case BY_NOTHING:
			return VX_GO_ON;
		case BY_EXIT:
		case BY_HANGUP:
			return VX_ENDED;
		case BY_FAILURE:
			return vx_fail(s, s->event.name, s->event.message ? s->event.message : "", s->event.line);
		}
	}
	return VX_ENDED;
}

static int handler_run(struct vx_session *s, mxml_node_t *handler)
{
	json_t *ops = json_pack("[[ssss][ssss]]", "set", "", "_event", s->event.name, "set", "", "_message",
				s->event.message ? s->event.message : "");

	if (!ops)
		return vx_fail(s, "error.semantic", "the event's message is no text", 0);
	return vx_exec_scoped(s, handler, ops);
}

/* Handles s->event as thrown at `scope`; counters are the item's, or without one the dialog's. VX_GO_ON: a handler ran
 * and led nowhere else (s->reprompt says whether it asked for prompts). */
int vx_event_handle(struct vx_session *s, mxml_node_t *scope, struct vx_item *item)
{
	struct vx_count *none = NULL, **counts = item             ? &item->events
						 : s->ctx->dialog ? &s->ctx->dialog->events
								  : &none;
	int ctl = VX_THROWN;

	for (int i = 0; i < HANDLED_MAX && ctl == VX_THROWN; i++) {
		mxml_node_t *best;

		s->reprompt = false;
		ctl = vx_step(s, scope);
		if (ctl != VX_GO_ON)
			break;
		s->host->event(s->arg, s->event.name, s->event.message ? s->event.message : "");
		counts_add(counts, s->event.name);
		ctl = search(s, scope, *counts, &best);
		if (ctl == VX_GO_ON)
			ctl = best ? handler_run(s, best) : handle_default(s);
	}
	if (counts == &none)
		vx_counts_clear(&none);
	return ctl == VX_THROWN
		       ? vx_fail(s, s->event.name, "handlers of events throw events without end", s->event.line)
		       : ctl;
}

/* Makes s->event what event|eventexpr and message|messageexpr say. VX_THROWN: they cannot be evaluated, and that is the
 * event now. */
int vx_event_element(struct vx_session *s, mxml_node_t *node)
{
	char *name = NULL, *message = NULL;
	int ctl = vx_js_attr(s, node, "event", "eventexpr", &name);

	if (ctl == VX_GO_ON)
		ctl = vx_js_attr(s, node, "message", "messageexpr", &message);
	if (ctl == VX_GO_ON && (!name || !*name || strpbrk(name, " \t\r\n")))
		ctl = vx_throw(s, node, "error.semantic", "the event's name is empty or has spaces");
	else if (ctl == VX_GO_ON)
		(void)vx_throw(s, node, name, "%s", message ? message : "");
	zj_deref(name);
	zj_deref(message);
	return ctl;
}

int vx_throw_element(struct vx_session *s, mxml_node_t *node)
{
	int ctl = vx_event_element(s, node);

	return ctl == VX_GO_ON ? VX_THROWN : ctl;
}
