#include "fax/fax.h"
#include "call/call.h"
#include "core/events.h"
#include "story/story.h"
#include "zj_obj.h"
#include "zj_time.h"
#include <string.h>

#define FULL_US (5 * ACD_S) /* every channel is busy: tried again so soon */
#define SOON_US (2 * ACD_S) /* after a start the calls that live are known before */

struct acd_fax_device *acd_fax_device_find(const struct acd_tenant *t, const char *id)
{
	struct acd_fax_device *d = NULL;

	HASH_FIND_STR(t->fax_devices, id, d);
	return d && d->enabled ? d : NULL;
}

struct acd_fax_out *acd_fax_out_find(const struct acd_tenant *t, const char *id)
{
	struct acd_fax_out *f = NULL;

	HASH_FIND_STR(t->fax_out, id, f);
	return f;
}

void acd_fax_device_row(struct acd_tenant *t, const char *id, const json_t *row)
{
	struct acd_fax_device *d = NULL;

	HASH_FIND_STR(t->fax_devices, id, d);
	if (!row && d) {
		HASH_DEL(t->fax_devices, d);
		zj_deref(d);
	}
	if (!row)
		return;
	if (!d) {
		d = zj_alloc(sizeof(*d), NULL);
		if (!d)
			return;
		ACD_COPY(d->id, id);
		HASH_ADD_STR(t->fax_devices, id, d);
	}
	ACD_COPY(d->number, acd_str(row, "number"));
	ACD_COPY(d->name, acd_str(row, "name"));
	ACD_COPY(d->station, acd_str(row, "station_id"));
	ACD_COPY(d->caller, acd_str(row, "caller_number"));
	ACD_COPY(d->caller_name, acd_str(row, "caller_name"));
	ACD_COPY(d->voice, acd_str(row, "sending_voice_id"));
	ACD_COPY(d->account, acd_str(row, "account_id"));
	d->max_channels = acd_int(row, "max_channels", 1);
	d->max_pages = acd_int(row, "max_pages", 100);
	d->rings = acd_int(row, "answer_rings", 1);
	d->t38 = json_is_true(json_object_get(row, "t38"));
	d->enabled = json_is_true(json_object_get(row, "enabled"));
}

bool acd_fax_is_full(const struct acd_fax_device *d, const struct acd_tenant *t, const struct acd_call *but)
{
	const struct acd_call *c, *next;
	int64_t n = 0;

	HASH_ITER (in_t, t->calls, c, next)
		n += c != but && c->story == &acd_story_fax && c->where < ACD_AT_ENDING && !strcmp(c->dest.id, d->id);
	return n >= d->max_channels;
}

static bool is_under_way(const struct acd_fax_out *f)
{
	const struct acd_call *c, *next;

	HASH_ITER (in_t, f->tenant->calls, c, next)
		if (acd_fax_is_sending(c, f->id))
			return true;
	return false;
}

static void due_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_fax_out *f = acd_container(timer, struct acd_fax_out, due);
	struct acd_tenant *t = f->tenant;
	const struct acd_fax_device *d = acd_fax_device_find(t, f->device);

	if (f->told || is_under_way(f))
		return;
	if (!d || acd_fax_is_full(d, t, NULL) || (int64_t)HASH_CNT(in_t, t->calls) >= t->max_calls)
		acd_timer_start(acd, &f->due, acd->now + FULL_US, due_h);
	else
		acd_fax_send(f, d);
}

static void take_out(struct acd_fax_out *f)
{
	acd_timer_stop(&f->due);
	HASH_DEL(f->tenant->fax_out, f);
	zj_deref(f->path);
	zj_deref(f);
}

void acd_fax_row(struct acd_tenant *t, const char *id, const json_t *row)
{
	struct acd_fax_out *f = acd_fax_out_find(t, id);
	bool waits = row && !strcmp(acd_str(row, "direction"), "out") && !strcmp(acd_str(row, "state"), "queued") &&
		     acd_str(row, "path")[0];
	int64_t due = waits ? zj_rfc3339_parse(acd_str(row, "due_at")) : 0, soon = t->acd->now + SOON_US;

	if (f && !waits)
		take_out(f);
	if (!waits)
		return;
	if (!f) {
		f = zj_alloc(sizeof(*f), NULL);
		if (!f)
			return;
		ACD_COPY(f->id, id);
		f->tenant = t;
		HASH_ADD_STR(t->fax_out, id, f);
	}
	f->told = false;
	zj_deref(f->path);
	f->path = zj_strdup(acd_str(row, "path"));
	ACD_COPY(f->device, acd_str(row, "device_id"));
	ACD_COPY(f->account, acd_str(row, "account_id"));
	ACD_COPY(f->to, acd_str(row, "number"));
	ACD_COPY(f->header, acd_str(row, "header"));
	acd_timer_start(t->acd, &f->due, due > soon ? due : soon, due_h);
}

void acd_faxes_free(struct acd_tenant *t)
{
	struct acd_fax_out *f, *nf;
	struct acd_fax_device *d, *nd;

	HASH_ITER (hh, t->fax_out, f, nf)
		take_out(f);
	HASH_ITER (hh, t->fax_devices, d, nd) {
		HASH_DEL(t->fax_devices, d);
		zj_deref(d);
	}
}
