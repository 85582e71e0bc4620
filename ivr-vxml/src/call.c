/* One leg: what the session asks becomes commands to mediad, mediad's events become what happened to the session. In
 * the end the leg is given back to its owner, again and again while no owner is there. */
#include "daemon.h"
#include "fetch.h"
#include "script.h"
#include "session.h"
#include "zj_time.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MS   5000
#define GRACE_MS    5000 /* for handlers after the caller hung up */
#define RETRY_MS    500  /* giving back */
#define RETRIES_MAX 60
#define RECORDS_MAX 20
#define CONTROLLER  "owner"

enum state { CALL_ANSWERING, CALL_RUNNING, CALL_RETURNING, CALL_CLOSED };
static const char *const state_names[] = {"answering", "running", "returning", "closed"};

struct vx_call {
	UT_hash_handle hh;
	struct vx_daemon *d;
	enum state state;
	char leg[ZJ_UUID_SIZE], call[ZJ_UUID_SIZE], tenant[ZJ_UUID_SIZE];
	char play[ZJ_UUID_SIZE], record[ZJ_UUID_SIZE]; /* under way; empty: none */
	char *records[RECORDS_MAX];                    /* paths of this session's recordings */
	unsigned n_records;
	int64_t epoch;
	int version;
	struct vx_session *session;
	struct vx_doc *doc;
	json_t *vars, *handback;
	uv_timer_t timer, guard;
	int handles;
	unsigned retries;
	bool hungup;
};

static void state_set(struct vx_call *c, enum state state)
{
	zj_debug("call", "old=%s new=%s", state_names[c->state], state_names[state]);
	c->state = state;
}

static struct zj_log_ctx context(struct vx_call *c)
{
	return zj_log_with((struct zj_log_ctx){.tenant = c->tenant, .call = c->call, .leg = c->leg});
}

/* What waits for an answer of mediad: the leg may be gone when it comes. */
struct asked {
	struct vx_daemon *d;
	char leg[ZJ_UUID_SIZE], id[ZJ_UUID_SIZE];
	char what[20];
};

static struct vx_call *call_find(struct vx_daemon *d, const char *leg)
{
	struct vx_call *c = NULL;

	if (leg)
		HASH_FIND_STR(d->calls, leg, c);
	return c;
}

static void handback_send(struct vx_call *c);
static void call_close(struct vx_call *c);

static void refused(struct vx_call *c, const struct asked *a, int code, const char *message)
{
	if (strcmp(a->what, "leg.stop"))
		zj_warn("call", "refused method=%s code=%d because=%s", a->what, code, zj_log_esc(message));
	if (!strcmp(a->what, "leg.play") && !strcmp(a->id, c->play)) {
		c->play[0] = '\0';
		if (c->session)
			vx_session_played(c->session);
	} else if (!strcmp(a->what, "leg.record") && !strcmp(a->id, c->record)) {
		json_t *none = json_object();

		c->record[0] = '\0';
		if (c->session)
			vx_session_recorded(c->session, none);
		json_decref(none);
	} else if (!strcmp(a->what, "leg.answer") && c->state == CALL_ANSWERING && code != ZJ_RPC_GONE) {
		c->handback = json_pack("{sss{ssss}sis{}s[]}", "how", "error", "error", "event", "error.connection",
					"message", "the leg could not be answered", "flow_version", c->version,
					"variables", "path");
		handback_send(c);
	}
}

static void handback_answered(struct vx_call *c, int code, const char *message)
{
	if (!code) {
		zj_info("call", "given back");
		call_close(c);
	} else if (code == ZJ_RPC_NOT_FOUND || code == ZJ_RPC_GONE || ++c->retries > RETRIES_MAX) {
		zj_warn("call", "cannot be given back code=%d because=%s", code, zj_log_esc(message));
		call_close(c);
	} /* else the guard tries again: no owner is there now */
}

static void answer_h(json_t *result ZJ_UNUSED, int code, const char *message, json_t *data ZJ_UNUSED, void *arg)
{
	struct asked *a = arg;
	struct vx_call *c = call_find(a->d, a->leg);

	if (c) {
		struct zj_log_ctx old = context(c);

		if (!strcmp(a->what, "leg.handover"))
			handback_answered(c, code, message);
		else if (code)
			refused(c, a, code, message);
		zj_log_with(old);
	}
	free(a);
}

/* Steals `params`. */
static void command(struct vx_call *c, const char *method, const char *id, json_t *params)
{
	struct asked *a = calloc(1, sizeof(*a));
	char cmd[ZJ_UUID_SIZE];

	zj_uuid7(cmd);
	json_object_set_new(params, "leg", json_string(c->leg));
	json_object_set_new(params, "tenant", json_string(c->tenant));
	json_object_set_new(params, "epoch", json_integer(c->epoch));
	json_object_set_new(params, "cmd_id", json_string(cmd));
	if (!a) {
		json_decref(params);
		return;
	}
	a->d = c->d;
	snprintf(a->leg, sizeof(a->leg), "%s", c->leg);
	snprintf(a->id, sizeof(a->id), "%s", id ? id : "");
	snprintf(a->what, sizeof(a->what), "%s", method);
	if (zj_rpc_request(c->d->mediad, method, params, ANSWER_MS, answer_h, a))
		free(a);
}

static void on_play(void *arg, json_t *items, bool barge)
{
	struct vx_call *c = arg;

	zj_uuid7(c->play);
	command(c, "leg.play", c->play, json_pack("{sssosb}", "play", c->play, "items", items, "barge", barge));
}

static void on_stop(void *arg)
{
	struct vx_call *c = arg;

	if (c->play[0])
		command(c, "leg.stop", c->play, json_pack("{ss}", "play", c->play));
	c->play[0] = '\0';
}

static void on_record(void *arg, const struct vx_record_args *args)
{
	struct vx_call *c = arg;
	char path[200];
	json_t *p;

	zj_uuid7(c->record);
	snprintf(path, sizeof(path), "%s/ivr/%s/%s.wav", c->tenant, c->call, c->record);
	if (c->n_records < RECORDS_MAX)
		c->records[c->n_records++] = zj_strdup(path);
	p = json_pack("{sssssIsIsb}", "record", c->record, "path", path, "max_ms", (json_int_t)args->max_ms,
		      "silence_ms", (json_int_t)args->silence_ms, "beep", args->beep);
	if (args->any_key)
		json_object_set_new(p, "term", json_string("0123456789*#"));
	command(c, "leg.record", c->record, p);
}

static void on_timer_fired(uv_timer_t *t)
{
	struct vx_call *c = t->data;
	struct zj_log_ctx old = context(c);

	if (c->session)
		vx_session_timer(c->session);
	zj_log_with(old);
}

static void on_timer(void *arg, int64_t ms)
{
	struct vx_call *c = arg;

	if (ms < 0)
		uv_timer_stop(&c->timer);
	else
		uv_timer_start(&c->timer, on_timer_fired, (uint64_t)ms, 0);
}

static void on_listening(void *arg ZJ_UNUSED)
{
}

static void on_log(void *arg ZJ_UNUSED, const char *label, const char *words)
{
	zj_info("flow", "log label=%s text=%s", zj_log_esc(label ? label : ""), zj_log_esc(words));
}

static void on_event(void *arg ZJ_UNUSED, const char *name, const char *message)
{
	if (!strncmp(name, "error", 5))
		zj_warn("flow", "event=%s message=%s", zj_log_esc(name), zj_log_esc(message));
	else
		zj_debug("flow", "event=%s message=%s", zj_log_esc(name), zj_log_esc(message));
}

static void on_transfer(void *arg ZJ_UNUSED, const char *dest)
{
	zj_info("flow", "transfer dest=%s", zj_log_esc(dest));
}

static bool on_queue(void *arg, const char *number)
{
	struct vx_call *c = arg;

	return vx_flows_has_queue(c->d->flows, c->tenant, number);
}

/* "prompt:NAME" of the tenant, "record:PATH" of this session only. */
static char *on_prompt(void *arg, const char *name, const char *lang)
{
	struct vx_call *c = arg;
	const char *path = NULL;

	if (!strncmp(name, "prompt:", 7))
		path = vx_flows_prompt(c->d->flows, c->tenant, name + 7, lang);
	for (unsigned i = 0; i < c->n_records && !strncmp(name, "record:", 7); i++) {
		if (c->records[i] && !strcmp(c->records[i], name + 7))
			path = c->records[i];
	}
	return path ? zj_asprintf("%s/%s", c->d->conf.store, path) : NULL;
}

static struct vx_doc *on_flow(void *arg, const char *name)
{
	struct vx_call *c = arg;

	return vx_flows_by_name(c->d->flows, c->tenant, name);
}

static void on_ended(void *arg);

static const struct vx_host host = {
	.play = on_play,
	.stop = on_stop,
	.record = on_record,
	.timer = on_timer,
	.listening = on_listening,
	.log = on_log,
	.event = on_event,
	.transfer = on_transfer,
	.ended = on_ended,
	.queue_is_known = on_queue,
	.prompt_file = on_prompt,
	.flow = on_flow,
};

static void on_guard_retry(uv_timer_t *t)
{
	struct vx_call *c = t->data;
	struct zj_log_ctx old = context(c);

	handback_send(c);
	zj_log_with(old);
}

/* Sends the hand-over, now and every RETRY_MS until it is taken. */
static void handback_send(struct vx_call *c)
{
	state_set(c, CALL_RETURNING);
	uv_timer_stop(&c->timer);
	uv_timer_start(&c->guard, on_guard_retry, RETRY_MS, 0);
	command(c, "leg.handover", NULL, json_pack("{sssO}", "to", CONTROLLER, "data", c->handback));
}

static json_t *handback_make(struct vx_call *c, const struct vx_result *r)
{
	/* `s*` only as the last: jansson 2.14 loses count of its arguments behind it. */
	json_t *out = json_pack("{sssisOsOss*}", "how", vx_how_name(r->how), "flow_version", c->version, "variables",
				r->variables, "path", r->path, "dest", r->how == VX_HOW_TRANSFER ? r->dest : NULL);
	json_t *error;

	if (r->how != VX_HOW_ERROR)
		return out;
	error = json_pack("{ssss?sI}", "event", r->error ? r->error : "error", "message", r->message ? r->message : "",
			  "line", (json_int_t)r->line);
	json_object_set_new(out, "error", error ? error : json_pack("{ssss}", "event", "error", "message", ""));
	return out;
}

/* The session's last word. Runs outside its coroutine. */
static void on_ended(void *arg)
{
	struct vx_call *c = arg;
	const struct vx_result *r = vx_session_result(c->session);

	if (r->how == VX_HOW_ERROR) {
		zj_metric_add(&vx_metrics[VX_M_FAILED], 1);
		zj_warn("call", "flow failed event=%s line=%u message=%s", zj_log_esc(r->error), r->line,
			zj_log_esc(r->message));
	}
	zj_info("call", "flow ended how=%s dest=%s", vx_how_name(r->how), zj_log_esc(r->dest ? r->dest : ""));
	c->handback = handback_make(c, r);
	c->session = zj_deref(c->session);
	zj_metric_add(&vx_metrics[VX_M_SESSIONS], -1);
	if (c->state != CALL_CLOSED)
		handback_send(c);
}

static void on_closed(uv_handle_t *h)
{
	struct vx_call *c = h->data;

	if (--c->handles)
		return;
	for (unsigned i = 0; i < c->n_records; i++)
		zj_deref(c->records[i]);
	zj_deref(c->doc);
	json_decref(c->vars);
	json_decref(c->handback);
	free(c);
}

static void call_close(struct vx_call *c)
{
	if (c->state == CALL_CLOSED)
		return;
	state_set(c, CALL_CLOSED);
	HASH_DEL(c->d->calls, c);
	if (c->session)
		vx_session_abort(c->session, NULL, NULL);
	uv_close((uv_handle_t *)&c->timer, on_closed);
	uv_close((uv_handle_t *)&c->guard, on_closed);
}

static void on_time_up(uv_timer_t *t)
{
	struct vx_call *c = t->data;
	struct zj_log_ctx old = context(c);

	if (c->session)
		vx_session_abort(c->session, c->hungup ? NULL : "error.com.zongji.time", "the session lasted too long");
	zj_log_with(old);
}

static void run(struct vx_call *c)
{
	struct vx_session_args args = {
		.host = &host, .arg = c, .scripts = c->d->scripts, .fetcher = c->d->fetcher, .session = c->vars};
	int err;

	args.lang = vx_flows_lang(c->d->flows, c->tenant);
	args.log = (struct zj_log_ctx){.tenant = c->tenant, .call = c->call, .leg = c->leg};
	err = vx_session_alloc(&c->session, &args);
	if (err) {
		zj_error("call", "no session err=%s", strerror(err));
		c->handback =
			json_pack("{sss{ssss}sis{}s[]}", "how", "error", "error", "event", "error.noresource",
				  "message", "too many sessions", "flow_version", c->version, "variables", "path");
		handback_send(c);
		return;
	}
	state_set(c, CALL_RUNNING);
	zj_metric_add(&vx_metrics[VX_M_SESSIONS], 1);
	zj_metric_add(&vx_metrics[VX_M_STARTED], 1);
	uv_timer_start(&c->guard, on_time_up, (uint64_t)c->d->conf.session_max_s * 1000, 0);
	vx_session_start(c->session, c->doc, NULL);
}

static json_t *session_vars(json_t *params, json_t *data)
{
	const char *caller = json_string_value(json_object_get(data, "caller")),
		   *callee = json_string_value(json_object_get(data, "callee"));
	const char *sip = json_string_value(json_object_get(json_object_get(params, "state"), "sip_call_id"));
	json_t *given = json_object_get(data, "variables");
	char local[300], remote[300];

	snprintf(local, sizeof(local), "tel:%.200s", callee ? callee : "");
	snprintf(remote, sizeof(remote), "tel:%.200s", caller ? caller : "");
	return json_pack("{s{s{ss}s{ss}s{ssss}ss}sssss{ssss}sO*}", "connection", "local", "uri", local, "remote", "uri",
			 remote, "protocol", "name", "sip", "version", "2.0", "callid", sip ? sip : "", "caller",
			 caller ? caller : "", "callee", callee ? callee : "", "zongji", "call",
			 json_string_value(json_object_get(params, "call")), "flow",
			 json_string_value(json_object_get(data, "flow")), "variables",
			 json_is_object(given) ? given : NULL);
}

static struct vx_call *call_make(struct vx_daemon *d, json_t *params, json_t *data)
{
	struct vx_call *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->d = d;
	snprintf(c->leg, sizeof(c->leg), "%s", json_string_value(json_object_get(params, "leg")));
	snprintf(c->tenant, sizeof(c->tenant), "%s", json_string_value(json_object_get(params, "tenant")));
	snprintf(c->call, sizeof(c->call), "%s", json_string_value(json_object_get(params, "call")));
	c->epoch = json_integer_value(json_object_get(data, "epoch"));
	c->vars = session_vars(params, data);
	uv_timer_init(d->loop, &c->timer);
	uv_timer_init(d->loop, &c->guard);
	c->timer.data = c->guard.data = c;
	c->handles = 2;
	HASH_ADD_STR(d->calls, leg, c);
	return c;
}

static void begin(struct vx_call *c, const char *flow, const char *leg_state)
{
	struct vx_faults *faults = zj_alloc(sizeof(*faults), NULL);
	int err = faults ? vx_flows_document(c->d->flows, c->tenant, flow, &c->doc, &c->version, faults) : ENOMEM;
	const char *why = err == ENOENT         ? "no such flow, or it is not enabled"
			  : faults && faults->n ? faults->list[0].message
						: "out of memory";

	zj_info("call", "handed flow=%s version=%d", zj_log_esc(flow), c->version);
	if (!err && HASH_COUNT(c->d->calls) > c->d->conf.sessions_max) {
		err = EAGAIN;
		why = "too many sessions";
	}
	if (err) {
		zj_warn("call", "the flow cannot be run why=%s", zj_log_esc(why));
		zj_metric_add(&vx_metrics[VX_M_FAILED], 1);
		c->handback = json_pack("{sss{sssssi}sis{}s[]}", "how", "error", "error", "event",
					err == EAGAIN ? "error.noresource" : "error.badfetch", "message", why, "line",
					faults && faults->n ? (int)faults->list[0].line : 0, "flow_version", c->version,
					"variables", "path");
		handback_send(c);
	} else if (vx_attr(c->doc->root, "version") && leg_state && !strcmp(leg_state, "answered")) {
		run(c);
	} else {
		command(c, "leg.answer", NULL, json_object());
	}
	zj_deref(faults);
}

void vx_call_handed(struct vx_daemon *d, json_t *params)
{
	json_t *data = json_object_get(params, "data"), *state = json_object_get(params, "state");
	const char *flow = json_string_value(json_object_get(data, "flow"));
	const char *leg = json_string_value(json_object_get(params, "leg"));
	struct vx_call *c;
	struct zj_log_ctx old;

	if (!zj_uuid_is_valid(leg) || !zj_uuid_is_valid(json_string_value(json_object_get(params, "tenant"))) ||
	    !zj_uuid_is_valid(json_string_value(json_object_get(params, "call")))) {
		zj_error("call", "leg.handed without leg, tenant or call");
		return;
	}
	if (call_find(d, leg))
		return; /* told twice */
	c = call_make(d, params, data);
	if (!c)
		return;
	old = context(c);
	begin(c, flow ? flow : "", json_string_value(json_object_get(state, "state")));
	zj_log_with(old);
}

static const char *str(json_t *params, const char *key)
{
	const char *s = json_string_value(json_object_get(params, key));

	return s ? s : "";
}

static void answered_h(struct vx_call *c, json_t *params ZJ_UNUSED)
{
	if (c->state == CALL_ANSWERING)
		run(c);
}

static void dtmf_h(struct vx_call *c, json_t *params)
{
	if (c->session && *str(params, "digit"))
		vx_session_key(c->session, *str(params, "digit"));
}

static void played_h(struct vx_call *c, json_t *params)
{
	json_t *errors = json_object_get(params, "errors");

	if (strcmp(str(params, "play"), c->play))
		return; /* an earlier one */
	if (json_array_size(errors))
		zj_warn("call", "not everything could be played n=%zu because=%s", json_array_size(errors),
			zj_log_esc(json_string_value(json_object_get(json_array_get(errors, 0), "because"))));
	c->play[0] = '\0';
	if (c->session)
		vx_session_played(c->session);
}

static void recorded_h(struct vx_call *c, json_t *params)
{
	if (strcmp(str(params, "record"), c->record))
		return;
	c->record[0] = '\0';
	if (!strcmp(str(params, "reason"), "hungup")) {
		c->hungup = true; /* leg.hungup follows; what was recorded is kept, but the flow shall know */
		if (c->session)
			vx_session_hungup(c->session);
	}
	if (c->session)
		vx_session_recorded(c->session, params);
}

static void hungup_h(struct vx_call *c, json_t *params ZJ_UNUSED)
{
	c->hungup = true;
	if (c->state == CALL_ANSWERING) {
		c->handback =
			json_pack("{sssis{}s[]}", "how", "hangup", "flow_version", c->version, "variables", "path");
		handback_send(c);
	} else if (c->session) {
		uv_timer_start(&c->guard, on_time_up, GRACE_MS, 0);
		vx_session_hungup(c->session);
		if (c->session && c->record[0]) { /* its leg.recorded was lost or comes too late */
			json_t *none = json_object();

			c->record[0] = '\0';
			vx_session_recorded(c->session, none);
			json_decref(none);
		}
	}
}

static const struct {
	const char *method;
	void (*h)(struct vx_call *c, json_t *params);
} handlers[] = {
	{"leg.answered", answered_h}, {"leg.dtmf", dtmf_h},     {"leg.played", played_h},
	{"leg.recorded", recorded_h}, {"leg.hungup", hungup_h},
};

void vx_call_event(struct vx_daemon *d, const char *method, json_t *params)
{
	struct vx_call *c = call_find(d, str(params, "leg"));
	struct zj_log_ctx old;

	if (!c)
		return;
	old = context(c);
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(handlers); i++) {
		if (!strcmp(handlers[i].method, method)) {
			handlers[i].h(c, params);
			break;
		}
	}
	zj_log_with(old);
}

void vx_calls_drop(struct vx_daemon *d, const char *why)
{
	struct vx_call *c, *next;

	if (d->calls)
		zj_warn("call", "dropped n=%u why=%s", HASH_COUNT(d->calls), why);
	HASH_ITER (hh, d->calls, c, next)
		call_close(c);
}

void vx_calls_close(struct vx_daemon *d)
{
	vx_calls_drop(d, "the process ends");
}
