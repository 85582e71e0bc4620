#include "core/acd.h"
#include "call/call.h"
#include "core/events.h"
#include "people/agent.h"
#include "queue/dispatch.h"
#include "zj_obj.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static void destructor(void *obj)
{
	struct acd *acd = obj;

	acd_calls_free(acd);
	acd_tenants_free(acd);
	json_decref(acd->relays_down);
}

/* An engine without configuration and calls. `fx` is copied; `set` and its texts are borrowed. */
int acd_alloc(struct acd **ap, const struct acd_settings *set, const struct acd_effects *fx, void *fx_arg)
{
	struct acd *acd = zj_alloc(sizeof(*acd), destructor);

	if (!acd)
		return ENOMEM;
	acd->set = *set;
	acd->fx = *fx;
	acd->fx_arg = fx_arg;
	acd->work_end = &acd->work;
	acd->want_end = &acd->want;
	acd->now = fx->now(fx_arg);
	*ap = acd;
	return 0;
}

void acd_enter(struct acd *acd)
{
	if (acd->depth++ == 0)
		acd->now = acd->fx.now(acd->fx_arg);
}

void acd_leave(struct acd *acd)
{
	if (acd->depth > 1) {
		acd->depth--;
		return;
	}
	if (acd->media_up) /* nobody is offered what cannot be rung */
		acd_dispatch(acd);
	while (acd->touched) {
		struct acd_tenant *t = acd->touched;

		acd->touched = t->touched_next;
		t->touched = false;
		acd_tell(t);
		acd->fx.commit(t->id, acd->fx_arg);
	}
	acd->depth--;
}

/* Something of this tenant must be written and told when the present entry leaves. */
void acd_touch(struct acd_tenant *t)
{
	if (t->touched)
		return;
	t->touched = true;
	t->touched_next = t->acd->touched;
	t->acd->touched = t;
}

struct acd_tenant *acd_tenant_find(struct acd *acd, const char *id)
{
	struct acd_tenant *t;

	HASH_FIND_STR(acd->tenants, id, t);
	return t;
}

void acd_fact(struct acd_tenant *t, const char *table, json_t *row)
{
	json_object_set_new(row, "tenant_id", json_string(t->id));
	acd_touch(t);
	t->acd->fx.fact(t->id, table, row, t->acd->fx_arg);
}

void acd_uuid(struct acd *acd, char out[ZJ_UUID_SIZE])
{
	acd->fx.uuid(out, acd->fx_arg);
}

void acd_media(struct acd *acd, struct acd_tenant *t, const char *method, json_t *params)
{
	char cmd[48];

	snprintf(cmd, sizeof(cmd), "%lld-%lld", (long long)acd->epoch, (long long)++acd->cmd);
	json_object_set_new(params, "tenant", json_string(t->id));
	json_object_set_new(params, "epoch", json_integer(acd->epoch));
	json_object_set_new(params, "cmd_id", json_string(cmd));
	acd->fx.media(method, params, acd->fx_arg);
}

/* Copies what fits; a character that does not fit whole is left out. */
void acd_copy(char *to, size_t size, const char *from)
{
	size_t n;

	if (!from) {
		to[0] = 0;
		return;
	}
	n = strlen(from);
	if (n >= size) {
		n = size - 1;
		while (n && ((unsigned char)from[n] & 0xc0) == 0x80)
			n--;
	}
	memmove(to, from, n);
	to[n] = 0;
}

json_t *acd_json_time(int64_t us)
{
	char text[ZJ_RFC3339_SIZE];

	if (!us)
		return json_null();
	zj_rfc3339(text, us);
	return json_string(text);
}

json_t *acd_json_text(const char *s)
{
	json_t *j = *s ? json_string(s) : NULL;

	return j ? j : json_null();
}

const char *acd_str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

int64_t acd_int(const json_t *o, const char *key, int64_t def)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? json_integer_value(v) : def;
}
