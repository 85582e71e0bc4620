/* A call with a fax machine of ours: it rings as often as the device says, is answered, and receives; or it is called
 * for a fax that waits, and sends. What became of it is a fact (`fax_attempt`) whatever happened, also when acd died
 * meanwhile: the machine in the media engine goes on by itself. */
#include "call/call.h"
#include "call/leg.h"
#include "call/outbound.h"
#include "call/segment.h"
#include "core/events.h"
#include "fax/fax.h"
#include "story/announce.h"
#include "story/story.h"
#include "zj_obj.h"
#include <stdio.h>
#include <string.h>

#define RING_PERIOD_US (5 * ACD_S) /* a second of ringing, four of silence */
#define DIAL_US        (90 * ACD_S)
#define LONGEST_MS     3600000
#define LONGEST_BYTES  50000000

/* clang-format off */
#define STATES(X) X(RINGING, "ringing") X(DIALLING, "dialling") X(VOICE, "voice") X(FAXING, "faxing") X(TOLD, "told")
/* clang-format on */
#define STATE_ID(id, text)   S_##id,
#define STATE_TEXT(id, text) (text),
enum state { STATES(STATE_ID) S_COUNT };
static const char *const state_names[] = {STATES(STATE_TEXT)};

struct fax { /* call->own */
	struct acd_call *call;
	enum state state;
	bool out;
	char id[ZJ_UUID_SIZE];  /* of the attempt, and of the job in the media engine */
	char job[ZJ_UUID_SIZE]; /* out: the row that is sent */
	char path[300], header[64];
	int64_t from;
};

static struct fax *make(struct acd_call *call)
{
	struct fax *f = zj_alloc(sizeof(*f), NULL);

	if (f)
		f->call = call;
	call->own = f;
	return f;
}

static void set_state(struct fax *f, enum state s)
{
	f->state = s;
	acd_call_dirty(f->call);
}

bool acd_fax_is_sending(const struct acd_call *call, const char *fax)
{
	const struct fax *f = call->story == &acd_story_fax ? call->own : NULL;

	return f && f->out && !strcmp(f->job, fax) && f->state != S_TOLD;
}

/* ---- what became of it ---- */

/* `p`: leg.faxed, or NULL: it never came so far. */
static void tell(struct fax *f, const char *reason, const char *because, const json_t *p)
{
	struct acd_call *call = f->call;
	struct acd_tenant *t = call->tenant;
	struct acd_fax_out *waits = f->out ? acd_fax_out_find(t, f->job) : NULL;
	json_t *o;

	if (f->state == S_TOLD)
		return;
	o = json_pack("{s:s, s:s, s:o, s:s, s:o, s:s, s:s, s:s, s:o, s:I, s:s, s:s}", "id", f->id, "call_id", call->id,
		      "fax_id", acd_json_text(f->job), "direction", f->out ? "out" : "in", "device_id",
		      acd_json_text(call->dest.id), "number", f->out ? call->callee : call->caller, "station",
		      acd_str(p, "station"), "path", f->path, "started_at",
		      acd_json_time(f->from ? f->from : call->started_at), "ms", (json_int_t)acd_int(p, "ms", 0),
		      "reason", reason, "because", because);
	json_object_update_new(
		o, json_pack("{s:I, s:I, s:o, s:I, s:b, s:I, s:I, s:I, s:s}", "pages",
			     (json_int_t)acd_int(p, "pages", 0), "bytes", (json_int_t)acd_int(p, "bytes", 0), "sha256",
			     acd_json_text(acd_str(p, "sha256")), "bit_rate", (json_int_t)acd_int(p, "bit_rate", 0),
			     "ecm", p && json_is_true(json_object_get(p, "ecm")), "width",
			     (json_int_t)acd_int(p, "width", 0), "y_dpm", (json_int_t)acd_int(p, "y_dpm", 0),
			     "bad_rows", (json_int_t)acd_int(p, "bad_rows", 0), "node", t->acd->set.node));
	acd_fact(t, "fax_attempt", o);
	if (waits)
		waits->told = true;
	acd_event(t, "fax.ended",
		  json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "id", f->out ? f->job : f->id, "call", call->id,
			    "direction", f->out ? "out" : "in", "device", call->dest.id, "reason", reason, "pages",
			    (json_int_t)acd_int(p, "pages", 0)));
	zj_info("fax", "%s call=%s fax=%s reason=%s pages=%lld", f->out ? "sent" : "received", call->id,
		f->out ? f->job : f->id, reason, (long long)acd_int(p, "pages", 0));
	set_state(f, S_TOLD);
}

/* ---- the machine ---- */
static void machine(struct fax *f, const struct acd_fax_device *d)
{
	struct acd_call *call = f->call;
	struct acd_tenant *t = call->tenant;
	json_t *p = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "leg", call->main->id, "fax", f->id, "do",
			      f->out ? "send" : "receive", "path", f->path, "station", d ? d->station : "", "max_pages",
			      (json_int_t)(d ? d->max_pages : 100), "max_ms", (json_int_t)LONGEST_MS, "max_bytes",
			      (json_int_t)LONGEST_BYTES);

	if (d && d->t38 && !f->out)
		json_object_set_new(p, "t38", json_true());
	if (f->header[0])
		json_object_set_new(p, "header", json_string(f->header));
	if (!f->from)
		f->from = call->last_at;
	call->recording = true; /* the call waits for its last word */
	set_state(f, S_FAXING);
	acd_media(t->acd, t, "leg.fax", p);
}

static void begin(struct fax *f)
{
	struct acd_call *call = f->call;
	const struct acd_fax_device *d = acd_fax_device_find(call->tenant, call->dest.id);

	acd_timer_stop(&call->timer);
	acd_call_set_where(call, ACD_AT_FAX);
	acd_segment_put(call->main, ACD_SEG_FAX, "fax");
	acd_call_result(call, ACD_RESULT_ANSWERED, NULL);
	if (!call->answered_at)
		call->answered_at = call->main->answered_at;
	if (f->out && d && d->voice[0] && acd_play_prompt(call->main, d->voice, 0, ACD_PLAY_SPEECH))
		set_state(f, S_VOICE);
	else
		machine(f, d);
}

static void pick_up_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_call *call = acd_container(timer, struct acd_call, timer);

	(void)acd;
	acd_call_at(call, 0);
	if (call->main && acd_leg_is_alive(call->main))
		acd_leg_answer(call->main);
}

static void start(struct acd_call *call)
{
	const struct acd_fax_device *d = acd_fax_device_find(call->tenant, call->dest.id);
	struct acd *acd = call->tenant->acd;
	struct fax *f;

	if (!d) {
		acd_call_bye(call, 404, ACD_RESULT_FAILED, "no such fax device", ACD_LEFT_FAILED);
		return;
	}
	if (acd_fax_is_full(d, call->tenant, call)) {
		acd_call_bye(call, 486, ACD_RESULT_BUSY, "every channel of the fax device is busy", ACD_LEFT_FAILED);
		return;
	}
	f = make(call);
	if (!f) {
		acd_call_bye(call, 503, ACD_RESULT_FAILED, "no memory", ACD_LEFT_FAILED);
		return;
	}
	acd_uuid(acd, f->id);
	snprintf(f->path, sizeof(f->path), "%s/fax/%s.tif", call->tenant->id, f->id);
	if (acd_leg_is_answered(call->main)) {
		begin(f);
		return;
	}
	acd_call_set_where(call, ACD_AT_RING);
	acd_call_alert(call, "");
	acd_timer_start(acd, &call->timer, acd->now + d->rings * RING_PERIOD_US, pick_up_h);
}

static void answered(struct acd_call *call, struct acd_leg *leg)
{
	struct fax *f = call->own;

	if (f && leg == call->main && (f->state == S_RINGING || f->state == S_DIALLING))
		begin(f);
}

static void played(struct acd_call *call, struct acd_leg *leg, enum acd_play what)
{
	struct fax *f = call->own;

	if (f && leg == call->main && f->state == S_VOICE && what == ACD_PLAY_SPEECH)
		machine(f, acd_fax_device_find(call->tenant, call->dest.id));
}

void acd_fax_event(struct acd_call *call, struct acd_leg *leg, const char *method, const json_t *p)
{
	struct fax *f = call->story == &acd_story_fax ? call->own : NULL;
	bool here = leg && acd_leg_is_alive(leg) && call->where < ACD_AT_ENDING;

	if (!f || strcmp(f->id, acd_str(p, "fax")) != 0)
		return;
	if (!strcmp(method, "leg.fax_page")) {
		acd_event(call->tenant, "fax.page",
			  json_pack("{s:s, s:s, s:s, s:s, s:I}", "id", f->out ? f->job : f->id, "call", call->id,
				    "direction", f->out ? "out" : "in", "device", call->dest.id, "pages",
				    (json_int_t)acd_int(p, "pages", 0)));
		acd_touch(call->tenant);
		return;
	}
	tell(f, acd_str(p, "reason"), acd_str(p, "because"), p);
	call->recording = false;
	acd_call_dirty(call);
	if (here && !call->hangup_by[0])
		ACD_COPY(call->hangup_by, "system");
	if (here)
		acd_call_end(call, 0, NULL);
}

void acd_fax_refused(struct acd_call *call, const char *because)
{
	struct fax *f = call->story == &acd_story_fax ? call->own : NULL;

	if (!f || f->state != S_FAXING)
		return;
	tell(f,
	     !strcmp(because, "no_such_file") ? "document"
	     : !strcmp(because, "disk")       ? "disk"
					      : "refused",
	     because, NULL);
	call->recording = false;
	acd_call_bye(call, 503, ACD_RESULT_FAILED, "the fax cannot begin", ACD_LEFT_FAILED);
}

static const char *why_not(const struct acd_leg *leg)
{
	switch (acd_outcome_of(leg->sip_code)) {
	case ACD_OFFER_BUSY:
		return "busy";
	case ACD_OFFER_REJECTED:
		return "rejected";
	case ACD_OFFER_UNREACHABLE:
		return "unreachable";
	default:
		return "no_answer";
	}
}

static void ended(struct acd_call *call, struct acd_leg *leg)
{
	struct fax *f = call->own;

	if (leg != call->main)
		return;
	if (f && f->out && (f->state == S_DIALLING || f->state == S_VOICE))
		tell(f,
		     leg->because[0]       ? leg->because
		     : f->state == S_VOICE ? "hungup"
					   : why_not(leg),
		     call->hangup_reason, NULL);
	acd_call_result(call, ACD_RESULT_NO_ANSWER, NULL); /* unless it was answered */
	acd_call_end(call, 0, NULL);
}

static void leave(struct acd_call *call, enum acd_left how)
{
	struct fax *f = call->own;
	struct acd_tenant *t = call->tenant;

	(void)how;
	acd_timer_stop(&call->timer);
	if (f && f->state == S_FAXING && call->main && acd_leg_is_alive(call->main)) {
		acd_media(t->acd, t, "leg.fax_stop", json_pack("{s:s, s:s}", "leg", call->main->id, "fax", f->id));
		tell(f, "stopped", "the call went elsewhere", NULL);
		call->recording = false;
	}
}

/* ---- sending ---- */
static void dial_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_call *call = acd_container(timer, struct acd_call, timer);
	struct fax *f = call->own;

	(void)acd;
	acd_call_at(call, 0);
	tell(f, "no_answer", "ring timeout", NULL);
	acd_call_bye(call, 480, ACD_RESULT_NO_ANSWER, "ring timeout", ACD_LEFT_FAILED);
}

/* Before anything was dialled: the leg ends where it began. */
static void refuse(struct fax *f, int64_t code, const char *reason, const char *because)
{
	struct acd_call *call = f->call;
	json_t *final;

	tell(f, reason, because, NULL);
	acd_call_result(call, ACD_RESULT_FAILED, because);
	final = json_pack("{s:s, s:I, s:i, s:s}", "by", "system", "sip_code", (json_int_t)code, "cause", 41, "reason",
			  because);
	acd_leg_end(call->main, final); /* and with it the call */
	json_decref(final);
}

static void dial(struct fax *f, const struct acd_fax_device *d)
{
	struct acd_call *call = f->call;
	struct acd_tenant *t = call->tenant;
	struct acd_out_why why = {.code = 404, .text = "the number does not lead outside"};
	struct acd_dest elsewhere = {0};
	struct acd_out out = {0};
	bool outside = call->dest.kind == ACD_TO_EXTERNAL && acd_outbound(call, &out, &elsewhere, &why) == ACD_OUT_DIAL;

	call->dest = (struct acd_dest){.kind = ACD_TO_FAX};
	ACD_COPY(call->dest.id, d->id);
	acd_call_set_where(call, ACD_AT_RING);
	acd_segment_put(call->main, ACD_SEG_RING, "fax");
	if (!outside) {
		refuse(f, why.code, "barred", why.text);
		return;
	}
	if (d->caller[0])
		ACD_COPY(out.caller, d->caller);
	if (d->caller_name[0])
		ACD_COPY(out.name, d->caller_name);
	ACD_COPY(call->caller, out.caller);
	acd_timer_start(t->acd, &call->timer, t->acd->now + DIAL_US, dial_h);
	acd_media(t->acd, t, "leg.originate", acd_out_leg(call->main, &out, DIAL_US + 5 * ACD_S));
}

void acd_fax_send(struct acd_fax_out *waits, const struct acd_fax_device *d)
{
	struct acd_tenant *t = waits->tenant;
	struct acd_call *call = acd_call_add(t, NULL, ACD_DIR_OUT);
	struct fax *f = call ? make(call) : NULL;

	if (f)
		call->main = acd_leg_add(call, NULL, ACD_ROLE_CUSTOMER, true);
	if (!f || !call->main) {
		if (call)
			acd_call_free(call);
		return;
	}
	call->story = &acd_story_fax;
	ACD_COPY(call->callee, waits->to);
	f->out = true;
	f->state = S_DIALLING;
	acd_uuid(t->acd, f->id);
	ACD_COPY(f->job, waits->id);
	ACD_COPY(f->path, waits->path ? waits->path : "");
	ACD_COPY(f->header, waits->header);
	zj_info("fax", "sending call=%s fax=%s to=%s", call->id, f->job, zj_log_esc(waits->to));
	if (!acd_dest_parse(t, waits->to, &call->dest))
		call->dest.kind = ACD_TO_NOTHING;
	dial(f, d);
	acd_call_dirty(call);
}

/* ---- living on after a restart ---- */
static json_t *save(const struct acd_call *call)
{
	const struct fax *f = call->own;

	return json_pack("{s:s, s:b, s:s, s:s, s:s, s:s, s:I}", "state", state_names[f->state], "out", (int)f->out,
			 "id", f->id, "job", f->job, "path", f->path, "header", f->header, "from", (json_int_t)f->from);
}

static void load(struct acd_call *call, const json_t *o)
{
	struct fax *f = make(call);

	if (!f)
		return;
	for (unsigned i = 0; i < S_COUNT; i++)
		if (!strcmp(state_names[i], acd_str(o, "state")))
			f->state = (enum state)i;
	f->out = json_is_true(json_object_get(o, "out"));
	ACD_COPY(f->id, acd_str(o, "id"));
	ACD_COPY(f->job, acd_str(o, "job"));
	ACD_COPY(f->path, acd_str(o, "path"));
	ACD_COPY(f->header, acd_str(o, "header"));
	f->from = acd_int(o, "from", 0);
}

static void resume(struct acd_call *call, const json_t *snapshot, const json_t *leg)
{
	struct fax *f = call->own;
	struct acd *acd = call->tenant->acd;

	(void)snapshot;
	if (!leg || !call->main)
		return;
	if (!f) {
		start(call);
	} else if (f->state == S_TOLD) {
		acd_call_end(call, 0, NULL);
	} else if (!acd_leg_is_answered(call->main)) {
		acd_timer_start(acd, &call->timer, acd->now + (f->out ? DIAL_US : RING_PERIOD_US),
				f->out ? dial_h : pick_up_h);
	} else if (f->state == S_FAXING) { /* refused when it runs; begun when the command was lost */
		machine(f, acd_fax_device_find(call->tenant, call->dest.id));
	} else {
		begin(f);
	}
}

const struct acd_story acd_story_fax = {.name = "fax",
					.to = ACD_TO_FAX,
					.start = start,
					.ringing = acd_leg_nothing,
					.answered = answered,
					.ended = ended,
					.played = played,
					.save = save,
					.load = load,
					.leave = leave,
					.resume = resume};
