#include "voicemail/voicemail.h"
#include "call/call.h"
#include "core/events.h"
#include "people/extension.h"
#include "zj_obj.h"
#include <string.h>
#include <utlist.h>

struct acd_box *acd_box_find(const struct acd_tenant *t, const char *id)
{
	struct acd_box *b = NULL;

	HASH_FIND_STR(t->boxes, id, b);
	return b && !b->gone && b->enabled ? b : NULL;
}

struct acd_message *acd_message_find(const struct acd_tenant *t, const char *id)
{
	struct acd_message *m = NULL;

	HASH_FIND_STR(t->messages, id, m);
	return m;
}

static struct acd_box *box_get(struct acd_tenant *t, const char *id)
{
	struct acd_box *b = NULL;

	HASH_FIND_STR(t->boxes, id, b);
	if (b)
		return b;
	b = zj_alloc(sizeof(*b), NULL);
	if (!b)
		return NULL;
	ACD_COPY(b->id, id);
	b->tenant = t;
	b->gone = true; /* until its row comes: a message may come before it */
	HASH_ADD_STR(t->boxes, id, b);
	return b;
}

/* The phone whose lamp it is: the box's, or the only one of nobody. */
static const struct acd_extension *phone_of(const struct acd_box *b)
{
	return b->extension[0] ? acd_extension_find(b->tenant, b->extension) : NULL;
}

/* How many wait has changed. Whoever switches lamps uses this event. */
static void tell(struct acd_box *b)
{
	const struct acd_extension *e = phone_of(b);
	json_t *o = json_pack("{s:s, s:s, s:i, s:i}", "id", b->id, "name", b->name, "new", (int)b->n_new, "old",
			      (int)b->n_old);

	if (b->number[0])
		json_object_set_new(o, "number", json_string(b->number));
	if (e)
		json_object_set_new(o, "extension", json_string(e->number));
	if (b->account[0])
		json_object_set_new(o, "account", json_string(b->account));
	if (b->queue[0])
		json_object_set_new(o, "queue", json_string(b->queue));
	acd_event(b->tenant, "voicemail.waiting", o);
	acd_touch(b->tenant);
}

static void count(struct acd_box *b)
{
	unsigned n_new = 0, n_old = 0;
	const struct acd_message *m;

	DL_FOREACH (b->messages, m)
		*(m->heard ? &n_old : &n_new) += 1;
	if (n_new == b->n_new && n_old == b->n_old)
		return;
	b->n_new = n_new;
	b->n_old = n_old;
	if (!b->gone) {
		struct acd_extension *e = acd_extension_find(b->tenant, b->extension);

		tell(b);
		if (e)
			acd_extension_dirty(e); /* its message lamp */
	}
}

void acd_box_row(struct acd_tenant *t, const char *id, const json_t *row)
{
	struct acd_box *b = row ? box_get(t, id) : NULL;

	if (!row)
		HASH_FIND_STR(t->boxes, id, b);
	if (!b)
		return;
	b->gone = !row;
	if (!row)
		return;
	ACD_COPY(b->number, acd_str(row, "number"));
	ACD_COPY(b->name, acd_str(row, "name"));
	ACD_COPY(b->pin, acd_str(row, "pin"));
	ACD_COPY(b->extension, acd_str(row, "extension_id"));
	ACD_COPY(b->account, acd_str(row, "account_id"));
	ACD_COPY(b->queue, acd_str(row, "queue_id"));
	ACD_COPY(b->greeting, acd_str(row, "greeting_id"));
	ACD_COPY(b->greeting_path, acd_str(row, "greeting_path"));
	b->max_ms = acd_int(row, "max_s", 180) * 1000;
	b->silence_ms = acd_int(row, "silence_s", 5) * 1000;
	b->max_messages = acd_int(row, "max_messages", 100);
	b->ask_first = json_is_true(json_object_get(row, "ask_first"));
	b->enabled = json_is_true(json_object_get(row, "enabled"));
}

static int older_first(const struct acd_message *a, const struct acd_message *b)
{
	return a->left_at != b->left_at ? (a->left_at < b->left_at ? -1 : 1) : strcmp(a->id, b->id);
}

static void take_out(struct acd_tenant *t, struct acd_message *m)
{
	struct acd_box *b = NULL;

	HASH_FIND_STR(t->boxes, m->box, b);
	HASH_DEL(t->messages, m);
	if (b) {
		DL_DELETE(b->messages, m);
		count(b);
	}
	zj_deref(m);
}

static struct acd_message *put_in(struct acd_box *b, const char *id)
{
	struct acd_message *m = zj_alloc(sizeof(*m), NULL);

	if (!m)
		return NULL;
	ACD_COPY(m->id, id);
	ACD_COPY(m->box, b->id);
	HASH_ADD_STR(b->tenant->messages, id, m);
	return m;
}

void acd_message_row(struct acd_tenant *t, const char *id, const json_t *row)
{
	struct acd_message *m = acd_message_find(t, id);
	struct acd_box *b = row ? box_get(t, acd_str(row, "box_id")) : NULL;
	int64_t left_at;

	if (!row) {
		if (m)
			take_out(t, m);
		return;
	}
	if (!b)
		return;
	if (!m) {
		m = put_in(b, id);
		if (!m)
			return;
		left_at = zj_rfc3339_parse(acd_str(row, "left_at"));
		m->left_at = left_at > 0 ? left_at : t->acd->now;
		m->ms = acd_int(row, "ms", 0);
		ACD_COPY(m->caller, acd_str(row, "caller"));
		ACD_COPY(m->path, acd_str(row, "path"));
		DL_INSERT_INORDER(b->messages, m, older_first);
	}
	m->heard = json_is_true(json_object_get(row, "heard"));
	m->saved = json_is_true(json_object_get(row, "saved"));
	count(b);
}

void acd_message_add(struct acd_box *b, const struct acd_message *from)
{
	struct acd_message *m = acd_message_find(b->tenant, from->id) ? NULL : put_in(b, from->id);

	if (!m)
		return;
	ACD_COPY(m->caller, from->caller);
	ACD_COPY(m->path, from->path);
	m->left_at = from->left_at;
	m->ms = from->ms;
	DL_INSERT_INORDER(b->messages, m, older_first);
	count(b);
}

struct acd_message *acd_message_next(const struct acd_box *b, const struct acd_message *after, bool heard)
{
	struct acd_message *m;

	for (m = after ? after->next : b->messages; m; m = m->next)
		if (m->heard == heard)
			return m;
	return NULL;
}

static void fact(struct acd_call *call, const char *box, const char *message, const char *what, const char *path)
{
	char id[ZJ_UUID_SIZE];

	acd_uuid(call->tenant->acd, id);
	acd_fact(call->tenant, "voicemail_act",
		 json_pack("{s:s, s:s, s:s, s:o, s:s, s:o, s:o}", "id", id, "call_id", call->id, "box_id", box,
			   "voicemail_id", acd_json_text(message), "what", what, "path", acd_json_text(path), "at",
			   acd_json_time(call->tenant->acd->now)));
}

void acd_message_act(struct acd_call *call, struct acd_message *m, const char *what)
{
	struct acd_box *b = NULL;
	bool heard = !strcmp(what, "heard"), saved = !strcmp(what, "saved");

	if ((heard && m->heard) || (saved && m->saved))
		return;
	HASH_FIND_STR(call->tenant->boxes, m->box, b);
	fact(call, m->box, m->id, what, "");
	if (!heard && !saved) {
		take_out(call->tenant, m);
		return;
	}
	m->heard = true;
	m->saved = m->saved || saved;
	if (b)
		count(b);
}

void acd_greeting_set(struct acd_call *call, struct acd_box *b, const char *path)
{
	ACD_COPY(b->greeting_path, path);
	b->greeting[0] = 0;
	fact(call, b->id, "", "greeting", path);
}

static const struct acd_extension *caller_phone(const struct acd_call *call)
{
	return call->direction == ACD_DIR_INTERNAL ? acd_extension_by_number(call->tenant, call->caller) : NULL;
}

bool acd_box_is_own(const struct acd_box *b, const struct acd_call *call)
{
	const struct acd_extension *e = caller_phone(call);

	return e && (!strcmp(b->extension, e->id) || (b->account[0] && !strcmp(b->account, e->account_id)));
}

struct acd_box *acd_box_of(const struct acd_call *call)
{
	struct acd_box *b, *next, *by_account = NULL;
	const struct acd_extension *e = caller_phone(call);

	HASH_ITER (hh, call->tenant->boxes, b, next) {
		if (!e || b->gone || !b->enabled)
			continue;
		if (!strcmp(b->extension, e->id))
			return b;
		if (b->account[0] && !strcmp(b->account, e->account_id))
			by_account = b;
	}
	return by_account;
}

struct acd_box *acd_box_by_number(const struct acd_tenant *t, const char *number)
{
	const struct acd_extension *e = acd_extension_by_number(t, number);
	struct acd_box *b, *next;

	HASH_ITER (hh, t->boxes, b, next)
		if (!b->gone && b->enabled && number[0] &&
		    (!strcmp(b->number, number) || (e && !strcmp(b->extension, e->id))))
			return b;
	return NULL;
}

bool acd_dest_voicemail(const struct acd_extension *e, struct acd_dest *dest)
{
	struct acd_box *b, *next;

	HASH_ITER (hh, e->tenant->boxes, b, next)
		if (!b->gone && b->enabled && !strcmp(b->extension, e->id)) {
			acd_dest_make(dest, "voicemail", b->id);
			return true;
		}
	return false;
}

bool acd_voicemail_waiting(const struct acd_tenant *t, const char *number, unsigned *fresh, unsigned *old)
{
	const struct acd_extension *e = acd_extension_by_number(t, number);
	struct acd_box *b, *next;

	HASH_ITER (hh, t->boxes, b, next)
		if (e && !b->gone && b->enabled && !strcmp(b->extension, e->id)) {
			*fresh = b->n_new;
			*old = b->n_old;
			return true;
		}
	return false;
}

void acd_boxes_free(struct acd_tenant *t)
{
	struct acd_message *m, *nm;
	struct acd_box *b, *nb;

	HASH_ITER (hh, t->messages, m, nm) {
		HASH_DEL(t->messages, m);
		zj_deref(m);
	}
	HASH_ITER (hh, t->boxes, b, nb) {
		HASH_DEL(t->boxes, b);
		zj_deref(b);
	}
}
