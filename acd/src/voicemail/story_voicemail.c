/* Somebody leaves a message: greeting, beep, words, and a look at them. What was said is kept whatever happens after
 * it, also when the caller hangs up at once or acd dies meanwhile. */
#include "call/call.h"
#include "call/leg.h"
#include "call/segment.h"
#include "core/events.h"
#include "story/announce.h"
#include "story/dialogue.h"
#include "story/story.h"
#include "voicemail/voicemail.h"
#include "zj_obj.h"
#include <stdio.h>
#include <string.h>

#define SHORTEST_MS 1000
#define TRIES_MAX   3

/* clang-format off */
#define STATES(X) X(ANSWERING, "answering") X(GREETING, "greeting") X(RECORDING, "recording") X(REVIEW, "review") X(LEAVING, "leaving")
/* clang-format on */
#define STATE_ID(id, text)   S_##id,
#define STATE_TEXT(id, text) (text),
enum state { STATES(STATE_ID) S_COUNT };
static const char *const state_names[] = {STATES(STATE_TEXT)};

struct message { /* call->own */
	struct acd_call *call;
	enum state state;
	char id[ZJ_UUID_SIZE], path[160];
	unsigned tries;
	int64_t from, ms, bytes; /* of what was recorded; ms 0: nothing yet */
	char sha256[65], how[12];
};

static struct message *make(struct acd_call *call)
{
	struct message *m = zj_alloc(sizeof(*m), NULL);

	if (m)
		m->call = call;
	call->own = m;
	return m;
}

static void set_state(struct message *m, enum state s)
{
	m->state = s;
	acd_call_dirty(m->call);
}

static void farewell(struct message *m, enum acd_phrase p)
{
	set_state(m, S_LEAVING);
	acd_farewell(m->call, p);
}

/* ---- keeping ---- */
static void keep(struct message *m)
{
	struct acd_call *call = m->call;
	struct acd_tenant *t = call->tenant;
	struct acd_box *b = NULL;
	struct acd_message row = {.left_at = m->from, .ms = m->ms};

	if (m->ms < SHORTEST_MS)
		return;
	acd_fact(t, "voicemail",
		 json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:o, s:I, s:I, s:o, s:s, s:s, s:s, s:o}", "id",
			   m->id, "call_id", call->id, "box_id", call->dest.id, "caller", call->caller, "caller_name",
			   call->caller_name, "callee", call->callee, "did", acd_json_text(call->did), "language",
			   t->zh ? "zh" : "en", "left_at", acd_json_time(m->from), "ms", (json_int_t)m->ms, "bytes",
			   (json_int_t)m->bytes, "sha256", acd_json_text(m->sha256), "node", t->acd->set.node, "path",
			   m->path, "state", m->how, "queue_id", acd_json_text(call->first_queue)));
	zj_info("voicemail", "kept call=%s box=%s message=%s ms=%lld", call->id, call->dest.id, m->id,
		(long long)m->ms);
	ACD_COPY(row.id, m->id);
	ACD_COPY(row.caller, call->caller);
	ACD_COPY(row.path, m->path);
	m->ms = 0;
	acd_call_dirty(call);
	HASH_FIND_STR(t->boxes, call->dest.id, b);
	if (b)
		acd_message_add(b, &row);
}

/* ---- the dialogue ---- */
static void record_on(struct message *m, const struct acd_box *b)
{
	acd_record_words(m->call->main, m->id, m->path, b ? b->max_ms : 180000, b ? b->silence_ms : 5000);
}

static void record(struct message *m, const struct acd_box *b)
{
	struct acd_call *call = m->call;
	struct acd_tenant *t = call->tenant;

	acd_uuid(t->acd, m->id);
	snprintf(m->path, sizeof(m->path), "%s/voicemail/%s.wav", t->id, m->id);
	m->ms = 0;
	call->recording = true; /* the call waits for its last word */
	set_state(m, S_RECORDING);
	record_on(m, b);
}

static void greet(struct message *m, const struct acd_box *b)
{
	struct acd_tenant *t = m->call->tenant;
	json_t *items = json_array(), *prompt = b->greeting_path[0] ? acd_item_file(t->acd, b->greeting_path)
								    : acd_item_prompt(t, b->greeting);

	json_array_append_new(items, prompt ? prompt : acd_phrase(t, ACD_SAY_LEAVE_MESSAGE));
	if (b->ask_first)
		json_array_append_new(items, acd_phrase(t, ACD_SAY_PRESS_ONE));
	set_state(m, S_GREETING);
	acd_ask(m->call->main, &(struct acd_question){.items = items, .max = 1, .first_ms = b->ask_first ? 8000 : 1});
}

static void begin(struct acd_call *call)
{
	struct acd_box *b = acd_box_find(call->tenant, call->dest.id);
	struct message *m = call->own;

	if (!b) {
		acd_call_bye(call, 404, ACD_RESULT_FAILED, "no such voicemail box", ACD_LEFT_FAILED);
		return;
	}
	if (acd_box_is_own(b, call)) {
		acd_mailbox_open(call, b);
		return;
	}
	acd_call_set_where(call, ACD_AT_VOICEMAIL);
	acd_segment_put(call->main, ACD_SEG_VOICEMAIL, "voicemail");
	acd_call_result(call, ACD_RESULT_ANSWERED, NULL);
	if (!call->answered_at)
		call->answered_at = call->main->answered_at;
	if (b->n_new + b->n_old >= b->max_messages)
		farewell(m, ACD_SAY_BOX_FULL);
	else
		greet(m, b);
}

static void start(struct acd_call *call)
{
	struct acd_box *own = call->dest.id[0] ? NULL : acd_box_of(call);

	if (!call->dest.id[0] && own)
		ACD_COPY(call->dest.id, own->id);
	if (!call->dest.id[0]) { /* a phone without a box of its own: which one? */
		acd_mailbox_open(call, NULL);
		return;
	}
	if (!acd_box_find(call->tenant, call->dest.id)) {
		acd_call_bye(call, 404, ACD_RESULT_FAILED, "no such voicemail box", ACD_LEFT_FAILED);
	} else if (!make(call)) {
		acd_call_bye(call, 503, ACD_RESULT_FAILED, "no memory", ACD_LEFT_FAILED);
	} else if (acd_leg_is_answered(call->main)) {
		begin(call);
	} else {
		acd_call_set_where(call, ACD_AT_RING);
		acd_leg_answer(call->main);
	}
}

static void answered(struct acd_call *call, struct acd_leg *leg)
{
	if (leg == call->main && call->where == ACD_AT_RING)
		begin(call);
}

static void review(struct message *m, bool hear)
{
	struct acd_tenant *t = m->call->tenant;
	json_t *items = json_array();

	if (hear)
		json_array_append_new(items, acd_item_file(t->acd, m->path));
	json_array_append_new(items, acd_phrase(t, ACD_SAY_REVIEW));
	set_state(m, S_REVIEW);
	acd_ask(m->call->main, &(struct acd_question){.items = items, .max = 1, .first_ms = 5000, .clear = true});
}

static void greeting_answered(struct message *m, const char *digits)
{
	struct acd_call *call = m->call;
	struct acd_box *b = acd_box_find(call->tenant, call->dest.id);

	if (digits[0] == '*' && b && b->pin[0])
		acd_mailbox_open(call, b);
	else if (b && b->ask_first && digits[0] != '1')
		farewell(m, ACD_SAY_GOOD_BYE);
	else
		record(m, b);
}

static void review_answered(struct message *m, const char *digits)
{
	struct acd_box *b = acd_box_find(m->call->tenant, m->call->dest.id);

	if (digits[0] == '2') {
		review(m, true);
	} else if (digits[0] == '3' && ++m->tries < TRIES_MAX) {
		record(m, b);
	} else {
		keep(m);
		farewell(m, ACD_SAY_KEPT_BYE);
	}
}

static void collected(struct acd_call *call, struct acd_leg *leg, const json_t *p)
{
	struct message *m = call->own;

	if (!m || leg != call->main || !acd_is_answer(leg, p))
		return;
	if (m->state == S_GREETING)
		greeting_answered(m, acd_str(p, "digits"));
	else if (m->state == S_REVIEW)
		review_answered(m, acd_str(p, "digits"));
}

/* ---- what was recorded ---- */
static const char *how_of(const char *reason)
{
	return !strcmp(reason, "hungup")    ? "hungup"
	       : !strcmp(reason, "max")     ? "max"
	       : !strcmp(reason, "silence") ? "silence"
	       : !strcmp(reason, "disk")    ? "cut"
					    : "completed";
}

/* The words without the silence that ended them. */
static int64_t words_ms(const struct acd_call *call, const json_t *p)
{
	struct acd_box *b = NULL;
	int64_t ms = acd_int(p, "ms", 0);

	HASH_FIND_STR(call->tenant->boxes, call->dest.id, b);
	return !strcmp(acd_str(p, "reason"), "silence") && b ? ms - b->silence_ms : ms;
}

static void went_on(struct message *m, const json_t *p)
{
	struct acd_box *b = acd_box_find(m->call->tenant, m->call->dest.id);

	if (!strcmp(acd_str(p, "reason"), "disk")) {
		keep(m);
		acd_call_bye(m->call, 503, ACD_RESULT_FAILED, "the message cannot be written", ACD_LEFT_FAILED);
	} else if (m->ms) {
		review(m, false);
	} else if (++m->tries < TRIES_MAX && strcmp(acd_str(p, "reason"), "silence") != 0) {
		acd_ask(m->call->main, &(struct acd_question){.items = json_pack("[o]", acd_phrase(m->call->tenant,
												   ACD_SAY_TOO_SHORT)),
							      .max = 1,
							      .first_ms = 1,
							      .clear = true});
		set_state(m, S_GREETING);
		if (b && b->ask_first)
			record(m, b);
	} else {
		farewell(m, ACD_SAY_GOOD_BYE);
	}
}

static void recorded(struct acd_call *call, struct acd_leg *leg, const json_t *p)
{
	struct message *m = call->own;
	bool gone = !leg || !acd_leg_is_alive(leg) || call->where >= ACD_AT_ENDING;

	if (!m || m->state != S_RECORDING)
		return;
	if (strcmp(m->id, acd_str(p, "record")) != 0 && acd_str(p, "path")[0]) { /* begun by one who died unheard */
		acd_media(call->tenant->acd, call->tenant, "leg.record_stop",
			  json_pack("{s:s, s:s}", "leg", acd_str(p, "leg"), "record", m->id));
		ACD_COPY(m->id, acd_str(p, "record"));
		ACD_COPY(m->path, acd_str(p, "path"));
	}
	call->recording = false;
	m->from = acd_int(p, "from_at", call->last_at);
	m->ms = words_ms(call, p) >= SHORTEST_MS ? acd_int(p, "ms", 0) : 0;
	m->bytes = acd_int(p, "bytes", 0);
	ACD_COPY(m->sha256, acd_str(p, "sha256"));
	ACD_COPY(m->how, how_of(acd_str(p, "reason")));
	acd_call_dirty(call);
	if (gone)
		keep(m);
	else
		went_on(m, p);
}

static void played(struct acd_call *call, struct acd_leg *leg, enum acd_play what)
{
	struct message *m = call->own;

	if (m && leg == call->main && m->state == S_LEAVING && what == ACD_PLAY_GOODBYE)
		acd_call_end(call, 0, NULL);
}

static void ended(struct acd_call *call, struct acd_leg *leg)
{
	struct message *m = call->own;

	if (leg != call->main)
		return;
	if (m && m->state == S_REVIEW)
		keep(m);
	acd_call_result(call, ACD_RESULT_ANSWERED, NULL);
	acd_call_end(call, 0, NULL);
}

static void leave(struct acd_call *call, enum acd_left how)
{
	struct message *m = call->own;

	(void)how;
	if (m && m->state == S_REVIEW)
		keep(m);
	if (m && m->state == S_RECORDING && call->main && acd_leg_is_alive(call->main))
		acd_media(call->tenant->acd, call->tenant, "leg.record_stop",
			  json_pack("{s:s, s:s}", "leg", call->main->id, "record", m->id));
	call->recording = false;
	acd_dialogue_leave(call);
}

static json_t *save(const struct acd_call *call)
{
	const struct message *m = call->own;

	return json_pack("{s:s, s:s, s:s, s:i, s:I, s:I, s:I, s:s, s:s}", "state", state_names[m->state], "id", m->id,
			 "path", m->path, "tries", (int)m->tries, "from", (json_int_t)m->from, "ms", (json_int_t)m->ms,
			 "bytes", (json_int_t)m->bytes, "sha256", m->sha256, "how", m->how);
}

static void load(struct acd_call *call, const json_t *o)
{
	struct message *m = make(call);

	if (!m)
		return;
	for (unsigned i = 0; i < S_COUNT; i++)
		if (!strcmp(state_names[i], acd_str(o, "state")))
			m->state = (enum state)i;
	ACD_COPY(m->id, acd_str(o, "id"));
	ACD_COPY(m->path, acd_str(o, "path"));
	m->tries = (unsigned)acd_int(o, "tries", 0);
	m->from = acd_int(o, "from", 0);
	m->ms = acd_int(o, "ms", 0);
	m->bytes = acd_int(o, "bytes", 0);
	ACD_COPY(m->sha256, acd_str(o, "sha256"));
	ACD_COPY(m->how, acd_str(o, "how"));
}

/* What is being recorded goes on by itself; a question is asked again. */
static void resume(struct acd_call *call, const json_t *snapshot, const json_t *leg)
{
	struct acd_box *b = acd_box_find(call->tenant, call->dest.id);
	struct message *m = call->own;

	(void)snapshot;
	if (!leg || !call->main || !acd_leg_is_answered(call->main))
		return;
	if (!m || call->where == ACD_AT_RING)
		start(call);
	else if (m->state == S_LEAVING || !b)
		acd_call_end(call, 0, NULL);
	else if (m->state == S_REVIEW)
		review(m, false);
	else if (m->state == S_GREETING)
		greet(m, b);
	else if (m->state == S_RECORDING) /* refused when it runs; begun when the command was lost */
		record_on(m, b);
}

const struct acd_story acd_story_voicemail = {.name = "voicemail",
					      .to = ACD_TO_VOICEMAIL,
					      .start = start,
					      .ringing = acd_leg_nothing,
					      .answered = answered,
					      .ended = ended,
					      .played = played,
					      .collected = collected,
					      .recorded = recorded,
					      .save = save,
					      .load = load,
					      .leave = leave,
					      .resume = resume};
