/* What a code does: the phone is answered, the thing is done, a voice says so. A feature that changes the phone's own
 * settings needs to know whose phone it is, so it is for extensions only. */
#include "call/call.h"
#include "call/command.h"
#include "call/leg.h"
#include "call/segment.h"
#include "call/talk_record.h"
#include "core/events.h"
#include "people/agent.h"
#include "people/extension.h"
#include "people/feature.h"
#include "story/announce.h"
#include "story/story.h"
#include "zj_obj.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FEATURE_MAX (600 * ACD_S) /* nobody needs longer */
#define DIGITS_MAX  32

static struct acd_extension *own(const struct acd_call *call)
{
	return call->main->phone;
}

static void limit_h(struct acd *acd, struct acd_timer *timer)
{
	struct acd_call *call = acd_container(timer, struct acd_call, timer);

	(void)acd;
	acd_call_at(call, 0);
	acd_call_end(call, 0, "time is over");
}

/* ---- saying ---- */
static json_t *say(const struct acd_call *call, const char *zh, const char *en)
{
	return json_pack("[o]", acd_say_text(call->tenant, zh, en));
}

/* The last words; then the end. */
static void finish(struct acd_call *call, json_t *items)
{
	acd_call_result(call, ACD_RESULT_ANSWERED, acd_feature_name(call->feature));
	acd_play_items(call->main, items, ACD_PLAY_GOODBYE);
}

static void refuse(struct acd_call *call, const char *zh, const char *en)
{
	acd_call_result(call, ACD_RESULT_REJECTED, en);
	acd_play_items(call->main, say(call, zh, en), ACD_PLAY_GOODBYE);
}

static json_t *digits(const struct acd_call *call, const char *number)
{
	return json_pack("{s:s, s:s}", "digits", number, "lang", call->tenant->zh ? "zh" : "en");
}

static void done(struct acd_call *call)
{
	finish(call, say(call, "操作成功。", "Done."));
}

/* ---- the features ---- */
static void do_own_number(struct acd_call *call)
{
	json_t *items = say(call, "本机号码是", "Your number is");

	json_array_append_new(items, digits(call, own(call)->number));
	finish(call, items);
}

static void do_dnd_on(struct acd_call *call)
{
	acd_extension_set(own(call), call, "dnd", "true");
	finish(call, say(call, "免打扰已开启。", "Do not disturb is on."));
}

static void do_dnd_off(struct acd_call *call)
{
	acd_extension_set(own(call), call, "dnd", "false");
	finish(call, say(call, "免打扰已关闭。", "Do not disturb is off."));
}

static void do_forward_cancel(struct acd_call *call)
{
	for (unsigned i = 0; i < ACD_FORWARD_COUNT; i++)
		if (own(call)->forward[i][0])
			acd_extension_set(own(call), call, acd_forward_name((enum acd_forward)i), NULL);
	finish(call, say(call, "呼叫转移已全部取消。", "All call forwarding is cancelled."));
}

static void set_forward(struct acd_call *call, const char *number)
{
	json_t *items = say(call, "呼叫转移到", "Calls are forwarded to");

	if (!strcmp(number, own(call)->number)) {
		json_decref(items);
		refuse(call, "不能转移到本机。", "A phone cannot forward to itself.");
		return;
	}
	acd_extension_set(own(call), call, acd_feature_name(call->feature), number);
	json_array_append_new(items, digits(call, number));
	finish(call, items);
}

static void ask_number(struct acd_call *call)
{
	struct acd *acd = call->tenant->acd;
	char id[ZJ_UUID_SIZE];

	acd_uuid(acd, id);
	acd_play_items(call->main,
		       say(call, "请输入号码，按井号键结束。", "Please enter the number, then press the pound key."),
		       ACD_PLAY_ANNOUNCEMENT);
	acd_media(acd, call->tenant, "leg.collect",
		  json_pack("{s:s, s:s, s:i, s:s, s:i, s:i}", "leg", call->main->id, "collect", id, "max", DIGITS_MAX,
			    "term", "#", "first_ms", 10000, "inter_ms", 5000));
}

static void do_forward(struct acd_call *call)
{
	if (call->argument[0])
		set_forward(call, call->argument);
	else
		ask_number(call);
}

static struct acd_agent *agent_here(const struct acd_call *call)
{
	return own(call)->agent;
}

/* The agent whose telephone this is: by his configuration, else by the account that owns both. A number chooses. */
static struct acd_agent *agent_for(const struct acd_call *call)
{
	const struct acd_extension *e = own(call);
	struct acd_agent *a, *next, *found = NULL;

	HASH_ITER (hh, call->tenant->agents, a, next) {
		bool his = !strcmp(a->extension_id, e->id),
		     owns = e->account_id[0] && !strcmp(a->account_id, e->account_id);

		if (a->gone || !a->enabled || (!his && !owns) ||
		    (call->argument[0] && strcmp(a->number, call->argument)))
			continue;
		if (!found || his)
			found = a;
	}
	return found;
}

static void do_agent_sign_in(struct acd_call *call)
{
	struct acd_agent *a = agent_for(call);
	const char *because = a ? acd_agent_sign_in(a, own(call), true, ACD_CAUSE_OWN, NULL) : "no agent";

	if (because) {
		zj_info("feature", "sign-in refused call=%s extension=%s because=%s", call->id, own(call)->number,
			because);
		refuse(call, "签入失败。", "The sign-in failed.");
		return;
	}
	(void)acd_agent_take(a, call->main, NULL); /* no queue rings him while he listens */
	finish(call, say(call, "签入成功。", "You are signed in."));
}

static void do_agent_sign_out(struct acd_call *call)
{
	struct acd_agent *a = agent_here(call);

	if (!a) {
		refuse(call, "没有签入的坐席。", "No agent is signed in here.");
		return;
	}
	a->leave = true; /* this very call holds him: he leaves with its end */
	acd_agent_dirty(a);
	finish(call, say(call, "签出成功。", "You are signed out."));
}

static void do_agent_state(struct acd_call *call)
{
	struct acd_agent *a = agent_here(call);
	bool busy = call->feature == ACD_DO_AGENT_BUSY;

	if (!a) {
		refuse(call, "没有签入的坐席。", "No agent is signed in here.");
		return;
	}
	acd_agent_after(a, busy, "", ACD_CAUSE_OWN, NULL);
	finish(call, busy ? say(call, "已示忙。", "You are busy.") : say(call, "已示闲。", "You are idle."));
}

static void do_time(struct acd_call *call)
{
	struct tm tm;
	char zh[64], en[64];

	acd_local_time(call->tenant, &tm);
	snprintf(zh, sizeof(zh), "现在是%d点%d分。", tm.tm_hour, tm.tm_min);
	snprintf(en, sizeof(en), "It is %d %02d.", tm.tm_hour, tm.tm_min);
	finish(call, say(call, zh, en));
}

/* What is said is recorded: kept as a recording of the call, or (echo) in one file a phone, played back at once. */
static void listen(struct acd_call *call)
{
	struct acd *acd = call->tenant->acd;
	bool echo = call->feature == ACD_DO_ECHO;
	char path[200];
	json_t *params;

	if (echo)
		snprintf(path, sizeof(path), "%s/echo/%s.wav", call->tenant->id, own(call)->number);
	else
		acd_record_path(call, path, sizeof(path));
	acd_uuid(acd, call->record);
	ACD_COPY(call->record_leg, call->main->id);
	params = json_pack("{s:s, s:s, s:s, s:i, s:i, s:s, s:b}", "leg", call->main->id, "record", call->record, "path",
			   path, "max_ms", echo ? 10000 : 300000, "silence_ms", echo ? 1500 : 10000, "term", "#",
			   "beep", 1);
	if (!echo)
		acd_record_where(call->tenant, params, path);
	acd_media(acd, call->tenant, "leg.record", params);
	acd_call_dirty(call);
}

static void do_record(struct acd_call *call)
{
	acd_play_items(call->main,
		       call->feature == ACD_DO_ECHO ? say(call, "请在提示音后说话，您将听到自己的声音。",
							  "Speak after the tone, and you will hear yourself.")
						    : say(call, "请在提示音后开始录音，按井号键结束。",
							  "Record after the tone; end with the pound key."),
		       ACD_PLAY_ANNOUNCEMENT);
}

static void do_simulate(struct acd_call *call)
{
	finish(call, say(call, "请挂机，系统将呼叫本机。", "Please hang up; you will be called."));
}

static void do_pickup(struct acd_call *call)
{
	refuse(call, "没有可以抢接的电话。", "There is no call to pick up.");
}

static void do_voicemail(struct acd_call *call)
{
	struct acd_leg *main = call->main;

	(void)main;
	if (!acd_voicemail_listen(call, call->feature == ACD_DO_MY_VOICEMAIL ? own(call)->number : call->argument))
		refuse(call, "没有语音信箱。", "There is no voice mail box.");
}

static void (*const doings[ACD_DO_COUNT])(struct acd_call *call) = {
	[ACD_DO_PICKUP] = do_pickup,
	[ACD_DO_OWN_NUMBER] = do_own_number,
	[ACD_DO_RECORD] = do_record,
	[ACD_DO_AGENT_SIGN_IN] = do_agent_sign_in,
	[ACD_DO_AGENT_SIGN_OUT] = do_agent_sign_out,
	[ACD_DO_SIMULATE_CALL] = do_simulate,
	[ACD_DO_DND_ON] = do_dnd_on,
	[ACD_DO_DND_OFF] = do_dnd_off,
	[ACD_DO_FORWARD_CANCEL] = do_forward_cancel,
	[ACD_DO_FORWARD_ALL] = do_forward,
	[ACD_DO_FORWARD_BUSY] = do_forward,
	[ACD_DO_FORWARD_UNREACHABLE] = do_forward,
	[ACD_DO_FORWARD_NO_ANSWER] = do_forward,
	[ACD_DO_MY_VOICEMAIL] = do_voicemail,
	[ACD_DO_VOICEMAIL] = do_voicemail,
	[ACD_DO_AGENT_IDLE] = do_agent_state,
	[ACD_DO_AGENT_BUSY] = do_agent_state,
	[ACD_DO_ECHO] = do_record,
	[ACD_DO_TIME] = do_time,
};

/* ---- the story ---- */
static void begin(struct acd_call *call)
{
	acd_call_set_where(call, ACD_AT_IVR);
	acd_segment_put(call->main, ACD_SEG_IVR, "feature");
	acd_timer_start(call->tenant->acd, &call->timer, call->tenant->acd->now + FEATURE_MAX, limit_h);
	zj_info("feature", "do call=%s feature=%s extension=%s argument=%s", call->id, acd_feature_name(call->feature),
		own(call)->number, zj_log_esc(call->argument));
	doings[call->feature](call);
}

static void start(struct acd_call *call)
{
	const char *argument = "";
	enum acd_feature f = call->dest.id[0] ? acd_code_feature(call->tenant, &call->dest, &argument) : call->feature;

	call->feature = f;
	ACD_COPY(call->argument, argument);
	if (!doings[f]) {
		acd_call_bye(call, 404, ACD_RESULT_FAILED, "no such application", ACD_LEFT_FAILED);
	} else if (!own(call)) {
		acd_call_bye(call, 403, ACD_RESULT_REJECTED, "only an extension can do this", ACD_LEFT_FAILED);
	} else if (f == ACD_DO_PICKUP && acd_pickup(call->main, call->argument)) {
		return; /* the leg is another call's now */
	} else if (acd_leg_is_answered(call->main)) {
		begin(call);
	} else {
		acd_call_set_where(call, ACD_AT_RING);
		acd_leg_answer(call->main);
	}
}

static void answered(struct acd_call *call, struct acd_leg *leg)
{
	if (leg == call->main)
		begin(call);
}

/* The phone is called as if somebody had dialled it; what answers is an echo. */
static void call_back(struct acd_tenant *t, const char *number)
{
	struct acd_call *c = acd_call_add(t, NULL, ACD_DIR_INTERNAL);

	if (!c)
		return;
	ACD_COPY(c->caller, number);
	ACD_COPY(c->callee, number);
	c->dest.kind = ACD_TO_APPLICATION;
	c->feature = ACD_DO_ECHO;
	c->story = &acd_story_callout;
	c->main = acd_leg_originate(c, number, ACD_ROLE_AGENT, t->acd->set.dial_ring_us);
	if (!c->main)
		acd_call_free(c);
}

static void played(struct acd_call *call, struct acd_leg *leg, enum acd_play what)
{
	if (leg != call->main)
		return;
	if (what == ACD_PLAY_GOODBYE) {
		acd_call_end(call, 0, NULL);
		if (call->feature == ACD_DO_SIMULATE_CALL)
			call_back(call->tenant, leg->ext);
	} else if (what == ACD_PLAY_ANNOUNCEMENT && (call->feature == ACD_DO_RECORD || call->feature == ACD_DO_ECHO))
		listen(call);
}

static void collected(struct acd_call *call, struct acd_leg *leg, const json_t *p)
{
	const char *number = acd_str(p, "digits");

	if (leg != call->main || call->argument[0])
		return;
	ACD_COPY(call->argument, number);
	if (number[0] && strspn(number, "0123456789") == strlen(number))
		set_forward(call, number);
	else
		refuse(call, "号码无效。", "That is no number.");
}

static void recorded(struct acd_call *call, struct acd_leg *leg, const json_t *p)
{
	const char *path = acd_str(p, "path");
	char file[600];

	call->record[0] = 0;
	if (call->feature == ACD_DO_RECORD)
		acd_recording_fact(call->tenant, call, p);
	if (!acd_leg_is_alive(leg))
		return;
	snprintf(file, sizeof(file), "%s/%s", call->tenant->acd->set.store, path);
	if (call->feature == ACD_DO_ECHO && !strcmp(acd_str(p, "reason"), "term"))
		done(call);
	else if (call->feature == ACD_DO_ECHO && acd_int(p, "ms", 0) > 0)
		acd_play_items(leg, json_pack("[{s:s}]", "file", file), ACD_PLAY_ANNOUNCEMENT); /* and again */
	else if (call->feature == ACD_DO_RECORD)
		finish(call, json_pack("[o, {s:s}]", acd_say_text(call->tenant, "录音完成。", "This was recorded."),
				       "file", file));
	else
		done(call);
}

static void ended(struct acd_call *call, struct acd_leg *leg)
{
	bool simulate = call->feature == ACD_DO_SIMULATE_CALL && leg == call->main && leg->answered_at;

	acd_call_result(call, ACD_RESULT_ANSWERED, NULL);
	acd_call_end(call, 0, NULL);
	if (simulate)
		call_back(call->tenant, leg->ext);
}

static void leave(struct acd_call *call, enum acd_left how)
{
	(void)how;
	if (call->main && call->record[0])
		acd_media(call->tenant->acd, call->tenant, "leg.record_stop",
			  json_pack("{s:s, s:s}", "leg", call->main->id, "record", call->record));
	call->record[0] = 0;
	if (call->main)
		acd_play_stop(call->main);
}

/* A code is dialled again sooner than half of it could be taken up. */
static void resume(struct acd_call *call, const json_t *snapshot, const json_t *leg)
{
	(void)snapshot;
	(void)leg;
	if (call->main && !acd_leg_is_answered(call->main))
		acd_leg_answer(call->main);
	else
		acd_call_end(call, 0, "interrupted");
}

const struct acd_story acd_story_feature = {.name = "feature",
					    .to = ACD_TO_APPLICATION,
					    .start = start,
					    .ringing = acd_leg_nothing,
					    .answered = answered,
					    .ended = ended,
					    .played = played,
					    .collected = collected,
					    .recorded = recorded,
					    .leave = leave,
					    .resume = resume};
