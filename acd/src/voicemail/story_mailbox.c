/* The owner of a voicemail box listens to it by phone: PIN, new and old messages, what to do with each, the greeting.
 */
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

#define TRIES_MAX   3
#define SILENT_MAX  3 /* questions without an answer */
#define GREETING_MS 120000

/* clang-format off */
#define STATES(X) X(ANSWERING, "answering") X(BOX, "box") X(PIN, "pin") X(MENU, "menu") X(MESSAGE, "message") X(SPEAKING, "speaking") \
	X(REVIEW, "review") X(LEAVING, "leaving")
/* clang-format on */
#define STATE_ID(id, text)   S_##id,
#define STATE_TEXT(id, text) (text),
enum state { STATES(STATE_ID) S_COUNT };
static const char *const state_names[] = {STATES(STATE_TEXT)};

struct listener { /* call->own */
	struct acd_call *call;
	enum state state;
	unsigned tries, silent;
	bool old; /* the old messages, not the new */
	char message[ZJ_UUID_SIZE], record[ZJ_UUID_SIZE], path[160];
};

static struct listener *make(struct acd_call *call)
{
	struct listener *l = zj_alloc(sizeof(*l), NULL);

	if (l)
		l->call = call;
	call->own = l;
	return l;
}

static void set_state(struct listener *l, enum state s)
{
	l->state = s;
	acd_call_dirty(l->call);
}

static struct acd_box *box_of(const struct listener *l)
{
	return acd_box_find(l->call->tenant, l->call->dest.id);
}

static void ask(struct listener *l, json_t *items, unsigned max, const char *term)
{
	acd_ask(l->call->main, &(struct acd_question){.items = items, .max = max, .term = term, .first_ms = 8000});
}

static json_t *phrases(const struct listener *l, enum acd_phrase a, enum acd_phrase b)
{
	json_t *items = json_pack("[o]", acd_phrase(l->call->tenant, a));

	if (b != ACD_SAY_COUNT)
		json_array_append_new(items, acd_phrase(l->call->tenant, b));
	return items;
}

static void farewell(struct listener *l, enum acd_phrase p)
{
	set_state(l, S_LEAVING);
	acd_farewell(l->call, p);
}

/* ---- the menus ---- */
static void menu(struct listener *l, enum acd_phrase first)
{
	struct acd_tenant *t = l->call->tenant;
	struct acd_box *b = box_of(l);
	json_t *items = json_array();

	if (!b) {
		farewell(l, ACD_SAY_NO_BOX);
		return;
	}
	if (first != ACD_SAY_COUNT)
		json_array_append_new(items, acd_phrase(t, first));
	json_array_append_new(items, acd_phrase(t, ACD_SAY_YOU_HAVE));
	json_array_append_new(items, acd_spoken_number(t, b->n_new));
	json_array_append_new(items, acd_phrase(t, ACD_SAY_NEW_AND));
	json_array_append_new(items, acd_spoken_number(t, b->n_old));
	json_array_append_new(items, acd_phrase(t, ACD_SAY_OLD_MESSAGES));
	json_array_append_new(items, acd_phrase(t, ACD_SAY_BOX_MENU));
	l->message[0] = 0;
	set_state(l, S_MENU);
	ask(l, items, 1, NULL);
}

static void play_message(struct listener *l, const struct acd_message *m, enum acd_phrase first)
{
	struct acd_tenant *t = l->call->tenant;
	json_t *items = json_array();

	if (!m) {
		menu(l, ACD_SAY_NO_MORE);
		return;
	}
	if (first != ACD_SAY_COUNT)
		json_array_append_new(items, acd_phrase(t, first));
	ACD_COPY(l->message, m->id);
	json_array_append_new(items, acd_phrase(t, ACD_SAY_FROM));
	json_array_append_new(items, acd_spoken_digits(t, m->caller));
	json_array_append_new(items, acd_item_file(t->acd, m->path));
	json_array_append_new(items, acd_phrase(t, ACD_SAY_MESSAGE_MENU));
	set_state(l, S_MESSAGE);
	ask(l, items, 1, NULL);
}

static void call_back(struct listener *l, struct acd_message *m)
{
	struct acd_call *call = l->call;
	struct acd_dest dest = {0};

	if (!acd_dest_parse(call->tenant, m->caller, &dest)) {
		play_message(l, m, ACD_SAY_NOT_POSSIBLE);
		return;
	}
	ACD_COPY(call->callee, m->caller);
	acd_call_go(call, &dest, ACD_LEFT_REDIRECTED);
}

/* The next of the same kind: what has been heard meanwhile is old, so it is found by where the present one stands. */
static struct acd_message *following(struct listener *l, struct acd_message *m)
{
	return acd_message_next(box_of(l), m, l->old);
}

static void message_key(struct listener *l, char key)
{
	struct acd_message *m = acd_message_find(l->call->tenant, l->message), *next;

	if (!m || !box_of(l)) {
		menu(l, ACD_SAY_COUNT);
		return;
	}
	next = following(l, m);
	acd_message_act(l->call, m, "heard");
	switch (key) {
	case '1':
		play_message(l, m, ACD_SAY_COUNT);
		break;
	case '2':
		acd_message_act(l->call, m, "saved");
		play_message(l, next, ACD_SAY_SAVED);
		break;
	case '3':
		acd_message_act(l->call, m, "deleted");
		play_message(l, next, ACD_SAY_DELETED);
		break;
	case '4':
		play_message(l, next, ACD_SAY_COUNT);
		break;
	case '5':
		call_back(l, m);
		break;
	case 0: /* nothing was pressed */
		play_message(l, next, ACD_SAY_COUNT);
		break;
	default:
		menu(l, ACD_SAY_COUNT);
	}
}

static void speak(struct listener *l)
{
	set_state(l, S_SPEAKING);
	l->record[0] = 0;
	acd_play(l->call->main, phrases(l, ACD_SAY_SAY_GREETING, ACD_SAY_COUNT), 0, ACD_PLAY_SPEECH);
}

static void record(struct listener *l)
{
	struct acd_tenant *t = l->call->tenant;

	acd_uuid(t->acd, l->record);
	snprintf(l->path, sizeof(l->path), "%s/greetings/%s.wav", t->id, l->record);
	acd_call_dirty(l->call);
	acd_record_words(l->call->main, l->record, l->path, GREETING_MS, 5000);
}

static void menu_key(struct listener *l, char key)
{
	struct acd_box *b = box_of(l);

	if (!b || key == '#') {
		farewell(l, b ? ACD_SAY_GOOD_BYE : ACD_SAY_NO_BOX);
	} else if (key == '1' || key == '2') {
		l->old = key == '2';
		play_message(l, acd_message_next(b, NULL, l->old), ACD_SAY_COUNT);
	} else if (key == '3') {
		speak(l);
	} else if (!key && ++l->silent >= SILENT_MAX) {
		farewell(l, ACD_SAY_GOOD_BYE);
	} else {
		menu(l, ACD_SAY_COUNT);
	}
}

static void review_key(struct listener *l, char key)
{
	struct acd_tenant *t = l->call->tenant;
	struct acd_box *b = box_of(l);

	if (key == '2') {
		ask(l, json_pack("[o, o]", acd_item_file(t->acd, l->path), acd_phrase(t, ACD_SAY_REVIEW)), 1, NULL);
	} else if (key == '3') {
		speak(l);
	} else if (b && key == '1') {
		acd_greeting_set(l->call, b, l->path);
		menu(l, ACD_SAY_KEPT);
	} else {
		menu(l, ACD_SAY_COUNT);
	}
}

/* ---- who may ---- */
static void ask_pin(struct listener *l, enum acd_phrase first)
{
	set_state(l, S_PIN);
	ask(l,
	    first == ACD_SAY_COUNT ? phrases(l, ACD_SAY_ENTER_PIN, ACD_SAY_COUNT)
				   : phrases(l, first, ACD_SAY_ENTER_PIN),
	    17, "#");
}

/* Without a PIN a box is opened from its own phone only. */
static void enter(struct listener *l)
{
	struct acd_box *b = box_of(l);

	if (!b || (!b->pin[0] && !acd_box_is_own(b, l->call)))
		farewell(l, ACD_SAY_NO_BOX);
	else if (b->pin[0])
		ask_pin(l, ACD_SAY_COUNT);
	else
		menu(l, ACD_SAY_COUNT);
}

static void pin_came(struct listener *l, const char *digits)
{
	struct acd_box *b = box_of(l);

	if (b && !strcmp(digits, b->pin)) {
		menu(l, ACD_SAY_COUNT);
	} else if (++l->tries < TRIES_MAX) {
		ask_pin(l, ACD_SAY_WRONG_PIN);
	} else {
		zj_warn("voicemail", "wrong PINs call=%s box=%s caller=%s", l->call->id, l->call->dest.id,
			zj_log_esc(l->call->caller));
		farewell(l, ACD_SAY_WRONG_PIN_BYE);
	}
}

static void box_came(struct listener *l, const char *number)
{
	struct acd_box *b = acd_box_by_number(l->call->tenant, number);

	if (b) {
		ACD_COPY(l->call->dest.id, b->id);
		enter(l);
	} else if (++l->tries < TRIES_MAX) {
		ask(l, phrases(l, ACD_SAY_NO_BOX, ACD_SAY_ENTER_BOX), 16, "#");
	} else {
		farewell(l, ACD_SAY_NO_BOX);
	}
}

static void begin(struct acd_call *call)
{
	struct listener *l = call->own;

	acd_call_set_where(call, ACD_AT_VOICEMAIL);
	acd_segment_put(call->main, ACD_SEG_VOICEMAIL, "mailbox");
	acd_call_result(call, ACD_RESULT_ANSWERED, NULL);
	if (!call->answered_at)
		call->answered_at = call->main->answered_at;
	if (call->dest.id[0]) {
		enter(l);
		return;
	}
	set_state(l, S_BOX);
	ask(l, phrases(l, ACD_SAY_ENTER_BOX, ACD_SAY_COUNT), 16, "#");
}

/* ---- what happens ---- */
static void start(struct acd_call *call)
{
	if (!make(call)) {
		acd_call_bye(call, 503, ACD_RESULT_FAILED, "no memory", ACD_LEFT_FAILED);
	} else if (acd_leg_is_answered(call->main)) {
		begin(call);
	} else {
		acd_call_set_where(call, ACD_AT_RING);
		acd_leg_answer(call->main);
	}
}

void acd_mailbox_open(struct acd_call *call, const struct acd_box *b)
{
	ACD_COPY(call->dest.id, b ? b->id : NULL);
	acd_call_tell(call, &acd_story_mailbox, ACD_LEFT_REDIRECTED);
}

/* A code that a phone dials. Without a number it is asked for. */
bool acd_voicemail_listen(struct acd_call *call, const char *number)
{
	struct acd_box *b = acd_box_by_number(call->tenant, number);

	if (!b && number[0])
		return false;
	acd_mailbox_open(call, b);
	return true;
}

static void answered(struct acd_call *call, struct acd_leg *leg)
{
	if (leg == call->main && call->where == ACD_AT_RING)
		begin(call);
}

static void collected(struct acd_call *call, struct acd_leg *leg, const json_t *p)
{
	struct listener *l = call->own;
	const char *digits = acd_str(p, "digits");

	if (!l || leg != call->main || !acd_is_answer(leg, p))
		return;
	if (l->state == S_BOX)
		box_came(l, digits);
	else if (l->state == S_PIN)
		pin_came(l, digits);
	else if (l->state == S_MENU)
		menu_key(l, digits[0]);
	else if (l->state == S_MESSAGE)
		message_key(l, digits[0]);
	else if (l->state == S_REVIEW)
		review_key(l, digits[0]);
}

static void recorded(struct acd_call *call, struct acd_leg *leg, const json_t *p)
{
	struct listener *l = call->own;

	if (!l || !leg || l->state != S_SPEAKING)
		return;
	if (acd_str(p, "path")[0])
		ACD_COPY(l->path, acd_str(p, "path"));
	if (acd_int(p, "ms", 0) < 500) {
		menu(l, ACD_SAY_NOT_POSSIBLE);
		return;
	}
	set_state(l, S_REVIEW); /* the key that ended the words is no answer */
	acd_ask(leg,
		&(struct acd_question){
			.items = phrases(l, ACD_SAY_REVIEW, ACD_SAY_COUNT), .max = 1, .first_ms = 8000, .clear = true});
}

static void played(struct acd_call *call, struct acd_leg *leg, enum acd_play what)
{
	struct listener *l = call->own;
	struct acd_message *m;

	if (!l || leg != call->main)
		return;
	if (l->state == S_LEAVING && what == ACD_PLAY_GOODBYE) {
		acd_call_end(call, 0, NULL);
	} else if (l->state == S_SPEAKING && what == ACD_PLAY_SPEECH && !l->record[0]) {
		record(l);
	} else if (l->state == S_MESSAGE && what == ACD_PLAY_SPEECH && !l->old) {
		m = acd_message_find(call->tenant, l->message); /* to its end, or a key ended it */
		if (m)
			acd_message_act(call, m, "heard");
	}
}

static void ended(struct acd_call *call, struct acd_leg *leg)
{
	if (leg == call->main)
		acd_call_end(call, 0, NULL);
}

static void leave(struct acd_call *call, enum acd_left how)
{
	(void)how;
	acd_dialogue_leave(call);
}

static json_t *save(const struct acd_call *call)
{
	const struct listener *l = call->own;

	return json_pack("{s:s, s:i, s:b, s:s, s:s, s:s}", "state", state_names[l->state], "tries", (int)l->tries,
			 "old", (int)l->old, "message", l->message, "record", l->record, "path", l->path);
}

static void load(struct acd_call *call, const json_t *o)
{
	struct listener *l = make(call);

	if (!l)
		return;
	for (unsigned i = 0; i < S_COUNT; i++)
		if (!strcmp(state_names[i], acd_str(o, "state")))
			l->state = (enum state)i;
	l->tries = (unsigned)acd_int(o, "tries", 0);
	l->old = json_is_true(json_object_get(o, "old"));
	ACD_COPY(l->message, acd_str(o, "message"));
	ACD_COPY(l->record, acd_str(o, "record"));
	ACD_COPY(l->path, acd_str(o, "path"));
}

/* The question is asked again. */
static void resume(struct acd_call *call, const json_t *snapshot, const json_t *leg)
{
	struct listener *l = call->own;

	(void)snapshot;
	if (!leg || !call->main || !acd_leg_is_answered(call->main))
		return;
	if (!l || call->where == ACD_AT_RING)
		start(call);
	else if (l->state == S_LEAVING)
		acd_call_end(call, 0, NULL);
	else if (l->state == S_PIN)
		ask_pin(l, ACD_SAY_COUNT);
	else if (l->state == S_MESSAGE)
		play_message(l, acd_message_find(call->tenant, l->message), ACD_SAY_COUNT);
	else if (l->state == S_BOX || l->state == S_ANSWERING)
		begin(call);
	else
		menu(l, ACD_SAY_COUNT);
}

const struct acd_story acd_story_mailbox = {.name = "mailbox",
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
