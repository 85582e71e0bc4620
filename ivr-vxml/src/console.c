/* The interpreter without a telephone: a line of input is one deed of the caller, a JSON line of output one of the
 * flow. Time is virtual: it passes by `silence`, `wait MS` and at the end of the input only. */
#include "fetch.h"
#include "grammar.h"
#include "lint.h"
#include "script.h"
#include "session.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define AFTER_EOF_MS (10 * 60 * 1000) /* virtual time that a flow goes on alone when the input has ended */

struct console {
	uv_loop_t loop;
	struct vx_session *session;
	uv_idle_t idle; /* does what the session asked for, once the loop is free of it */
	bool played, listening, recording, ended, eof;
	int64_t now, deadline, eof_at; /* ms; deadline -1: none */
	int64_t record_max;
};

static void on_idle(uv_idle_t *idle);

static void emit(json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT | JSON_PRESERVE_ORDER);

	puts(text ? text : "{}");
	fflush(stdout);
	free(text);
	json_decref(line);
}

/* The words of a list of items, for a reader. */
static json_t *words_of(json_t *items)
{
	char text[8000];
	size_t i, len = 0;
	json_t *item;

	text[0] = '\0';
	json_array_foreach (items, i, item) {
		const char *tts = json_string_value(json_object_get(item, "tts")),
			   *file = json_string_value(json_object_get(item, "file"));
		const char *value = json_string_value(json_object_get(item, "else"));
		int n = 0;

		if (tts || value)
			n = snprintf(text + len, sizeof(text) - len, "%s%s", len ? " " : "", tts ? tts : value);
		else if (file)
			n = snprintf(text + len, sizeof(text) - len, "%s<%s>", len ? " " : "", file);
		len = n > 0 && len + (size_t)n < sizeof(text) ? len + (size_t)n : len;
	}
	text[len] = '\0';
	return json_string(text);
}

static void on_play(void *arg, json_t *items, bool barge)
{
	struct console *c = arg;

	emit(json_pack("{so*sOsb}", "prompt", words_of(items), "items", items, "bargein", barge));
	json_decref(items);
	c->played = true;
	uv_idle_start(&c->idle, on_idle);
}

static void on_stop(void *arg)
{
	struct console *c = arg;

	c->played = false;
}

static void on_record(void *arg, const struct vx_record_args *args)
{
	struct console *c = arg;

	emit(json_pack("{sb}", "recording", 1));
	c->recording = true;
	c->record_max = args->max_ms;
	uv_idle_start(&c->idle, on_idle);
}

static void on_timer(void *arg, int64_t ms)
{
	struct console *c = arg;

	c->deadline = ms < 0 ? -1 : c->now + ms;
}

static void on_listening(void *arg)
{
	struct console *c = arg;

	c->listening = true;
	uv_idle_start(&c->idle, on_idle);
}

static void on_log(void *arg ZJ_UNUSED, const char *label, const char *text)
{
	emit(json_pack("{ssss*}", "log", text, "label", label));
}

static void on_event(void *arg ZJ_UNUSED, const char *name, const char *message)
{
	emit(json_pack("{ssss*}", "event", name, "message", *message ? message : NULL));
}

static void on_transfer(void *arg ZJ_UNUSED, const char *dest)
{
	emit(json_pack("{ss}", "transfer", dest));
}

static void on_ended(void *arg)
{
	struct console *c = arg;
	const struct vx_result *r = vx_session_result(c->session);

	if (r->how == VX_HOW_ERROR)
		emit(json_pack("{sssIss*}", "error", r->error, "line", (json_int_t)r->line, "message",
			       r->message)); /* s* last: call.c */
	emit(json_pack("{s{sssOsO}}", "exit", "how", vx_how_name(r->how), "variables", r->variables, "path", r->path));
	c->ended = true;
	uv_stop(&c->loop);
}

static bool on_queue(void *arg ZJ_UNUSED, const char *number)
{
	return *number != '\0';
}

/* Stored prompts are named, not looked for; their fallback text is not read out. */
static char *on_prompt(void *arg ZJ_UNUSED, const char *name, const char *lang ZJ_UNUSED)
{
	return zj_strdup(name);
}

static struct vx_doc *on_flow(void *arg ZJ_UNUSED, const char *name ZJ_UNUSED)
{
	return NULL;
}

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

static void recorded(struct console *c, int64_t ms, const char *reason, const char *term)
{
	json_t *r = json_pack("{sssIsIssss*}", "path", "console.wav", "ms", (json_int_t)ms, "bytes",
			      (json_int_t)ms * 16 + 44, "reason", reason, "term", term);

	c->recording = false;
	c->now += ms;
	vx_session_recorded(c->session, r);
	json_decref(r);
}

/* Lets `ms` pass; timers that come due fire on the way. -1: until the next one. */
static void pass(struct console *c, int64_t ms)
{
	int64_t until = ms < 0 ? c->deadline : c->now + ms;

	if (c->deadline >= 0 && c->deadline <= until) {
		c->now = c->deadline;
		c->deadline = -1;
		vx_session_timer(c->session);
		c->now = until > c->now ? until : c->now;
	} else if (until > c->now) {
		c->now = until;
	}
}

/* While a recording runs: what is said lasts a second, a key ends it, silence ends it. */
static void record_line(struct console *c, const char *word, const char *rest)
{
	char key[2] = {*rest, 0};

	if (!strcmp(word, "hangup")) {
		vx_session_hungup(c->session);
		recorded(c, 1000, "hungup", NULL);
	} else if (!strcmp(word, "dtmf")) {
		recorded(c, 1000, "term", key);
	} else if (!strcmp(word, "wait")) {
		recorded(c, atoll(rest) < c->record_max ? atoll(rest) : c->record_max,
			 atoll(rest) < c->record_max ? "silence" : "max", NULL);
	} else {
		recorded(c, strcmp(word, "say") ? 0 : 1000, "silence", NULL);
	}
}

static void line_do(struct console *c, char *line)
{
	char *rest = line + strcspn(line, " \r\n"), *from, *to;

	if (*rest)
		*rest++ = '\0';
	rest += strspn(rest, " ");
	rest[strcspn(rest, "\r\n")] = '\0';
	if (c->recording) {
		record_line(c, line, rest);
	} else if (!strcmp(line, "say")) {
		vx_session_words(c->session, rest);
	} else if (!strcmp(line, "dtmf")) {
		for (from = to = rest; *from; from++) {
			if (*from != ' ')
				*to++ = *from;
		}
		*to = '\0';
		vx_session_keys(c->session, rest);
	} else if (!strcmp(line, "silence")) {
		pass(c, -1);
	} else if (!strcmp(line, "wait")) {
		pass(c, atoll(rest));
	} else if (!strcmp(line, "hangup")) {
		vx_session_hungup(c->session);
	} else if (*line) {
		fprintf(stderr, "console: `%s` is not understood: say, dtmf, silence, wait, hangup\n", line);
		c->listening = true;
	}
}

/* The next deed of the caller; the input is read only when the flow waits for it. */
static void next_line(struct console *c)
{
	char line[4096];

	emit(json_pack("{sb}", "listening", 1));
	c->listening = false;
	if (!c->eof && fgets(line, sizeof(line), stdin)) {
		line_do(c, line);
		if (!c->ended && !c->recording && !c->listening)
			c->listening = c->deadline >= 0;
		return;
	}
	if (!c->eof)
		c->eof_at = c->now;
	c->eof = true;
	if (c->now - c->eof_at > AFTER_EOF_MS)
		vx_session_abort(c->session, "error.com.zongji.time", "the flow goes on for too long without a caller");
	else if (c->recording)
		recorded(c, 0, "silence", NULL);
	else
		pass(c, -1);
}

static void on_idle(uv_idle_t *idle)
{
	struct console *c = idle->data;

	if (c->ended)
		return;
	if (c->played) {
		c->played = false;
		vx_session_played(c->session);
	} else if (c->listening || c->recording) {
		next_line(c);
	} else {
		uv_idle_stop(idle); /* a script or document is on its way; what the session then asks starts it again */
	}
}

static json_t *session_variables(void)
{
	return json_pack("{s{s{ss}s{ss}s{ssss}}s{}}", "connection", "local", "uri", "sip:console@localhost", "remote",
			 "uri", "sip:caller@localhost", "protocol", "name", "sip", "version", "2.0", "variables");
}

static char *address_of(const char *given)
{
	char path[PATH_MAX];

	if (strstr(given, "://"))
		return zj_strdup(given);
	return realpath(given, path) ? zj_asprintf("file://%s", path) : zj_asprintf("file://%s", given);
}

int vx_console_main(int argc, char **argv)
{
	struct console c = {.deadline = -1};
	struct vx_fetcher_args fetch = {.allow_private = true, .max_ms = 10000};
	struct vx_session_args args = {.host = &host, .arg = &c, .lang = "en", .files = true};
	char *uri;
	int err;

	if (argc != 2) {
		fprintf(stderr, "usage: ivr-vxml console FILE|URL\n");
		return 2;
	}
	uv_loop_init(&c.loop);
	uv_idle_init(&c.loop, &c.idle);
	c.idle.data = &c;
	err = vx_script_pool_alloc(&args.scripts, &c.loop, "/proc/self/exe", 1, 4);
	if (!err)
		err = vx_fetcher_alloc(&args.fetcher, &c.loop, &fetch);
	args.session = session_variables();
	if (!err)
		err = vx_session_alloc(&c.session, &args);
	json_decref(args.session);
	if (err) {
		fprintf(stderr, "ivr-vxml: %s\n", strerror(err));
		return 1;
	}
	uri = address_of(argv[1]);
	vx_session_start(c.session, NULL, uri);
	zj_deref(uri);
	if (!c.ended)
		uv_run(&c.loop, UV_RUN_DEFAULT);
	err = vx_session_result(c.session)->how == VX_HOW_ERROR;
	zj_deref(c.session);
	uv_close((uv_handle_t *)&c.idle, NULL);
	vx_script_pool_close(args.scripts);
	vx_fetcher_close(args.fetcher);
	uv_run(&c.loop, UV_RUN_DEFAULT);
	uv_loop_close(&c.loop);
	return err;
}
