/* The server of api and zongji: commands, boards, and events for those who subscribed. */
#include "call/command.h"
#include "call/outbound.h"
#include "core/events.h"
#include "shell/daemon.h"
#include "zj_obj.h"
#include <errno.h>
#include <string.h>
#include <utlist.h>

struct subscriber { /* one connection; its user pointer */
	struct subscriber *next, *prev;
	struct zj_rpc_conn *conn;
	json_t *tenants; /* {tenant: true} */
};

/* An answer that is not given before Redis has what it speaks of: whoever has heard it may rely on it, also after a
 * kill -9. A Redis that is slow or away holds nobody up for long. */
#define ANSWER_PATIENCE_MS 300
struct answer {
	struct answer *next, *prev;
	struct zj_rpc_call *call;
	json_t *result;
	int64_t step; /* given once so many steps are confirmed */
	uint64_t at_ms;
};

struct acd_api {
	struct acd_daemon *d;
	struct zj_rpc_server *server;
	struct subscriber *subscribers;
	struct answer *answers; /* oldest first */
	uv_timer_t late;
};

static void hello_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct acd_api *api = arg;

	(void)conn;
	(void)p;
	zj_rpc_reply(call, json_pack("{s:s, s:I}", "acd", api->d->conf.node, "epoch", (json_int_t)api->d->acd->epoch));
}

static void status_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct acd_daemon *d = ((struct acd_api *)arg)->d;

	(void)conn;
	(void)p;
	zj_rpc_reply(call, json_pack("{s:I, s:o, s:i, s:i, s:i, s:I, s:b, s:b, s:[{s:s, s:b}]}", "epoch",
				     (json_int_t)d->acd->epoch, "up_since", acd_json_time(d->up_since), "calls",
				     (int)HASH_COUNT(d->acd->calls), "waiting", (int)d->acd->n_waiting, "agents",
				     (int)d->acd->n_signed_in, "spool", (json_int_t)zj_spool_waiting(d->spool), "redis",
				     acd_mirror_is_up(d->mirror), "postgres", zj_pg_is_up(d->pg), "mediads", "address",
				     d->conf.mediad, "up", d->acd->media_up));
}

static void send_h(json_t *event, void *arg)
{
	zj_rpc_notify(((struct subscriber *)arg)->conn, "event", json_incref(event));
}

static void subscribe_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct acd_api *api = arg;
	struct subscriber *s = zj_rpc_user(conn);
	struct acd_tenant *t = acd_tenant_get(api->d->acd, acd_str(p, "tenant"));
	const char *after = acd_str(p, "after");
	char cursor[48], at[ZJ_RFC3339_SIZE];

	if (!t || !s) {
		zj_rpc_fail(call, ZJ_RPC_NOT_FOUND, "no such tenant", NULL);
		return;
	}
	zj_rpc_reply(call, json_pack("{s:s}", "cursor", acd_cursor(t, cursor)));
	json_object_set_new(s->tenants, t->id, json_true());
	if (!*after || acd_events_since(t, after, send_h, s))
		return;
	zj_rfc3339(at, api->d->acd->now);
	zj_rpc_notify(conn, "event",
		      json_pack("{s:s, s:s, s:s, s:s, s:{s:s}}", "tenant", t->id, "cursor", acd_cursor(t, cursor), "at",
				at, "type", "gap", "data", "after", after));
}

static void unsubscribe_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct subscriber *s = zj_rpc_user(conn);

	(void)arg;
	if (s)
		json_object_del(s->tenants, acd_str(p, "tenant"));
	zj_rpc_reply(call, json_object());
}

static void board_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct acd_api *api = arg;
	struct acd_tenant *t = acd_tenant_get(api->d->acd, acd_str(p, "tenant"));
	json_t *board = t ? acd_board(t) : NULL;

	(void)conn;
	if (!board) {
		zj_rpc_fail(call, ZJ_RPC_NOT_FOUND, "no such tenant", NULL);
		return;
	}
	json_object_set_new(board, "stale", json_boolean(acd_mirror_is_stale(api->d->mirror)));
	zj_rpc_reply(call, board);
}

static void calls_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct acd_api *api = arg;
	const char *tenant = acd_str(p, "tenant");

	(void)conn;
	zj_rpc_reply(call, json_pack("{s:o}", "calls", acd_board_calls(api->d->acd, *tenant ? tenant : NULL)));
}

static void trunks_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	(void)conn;
	acd_trunks_now(((struct acd_api *)arg)->d, acd_str(p, "tenant"), call);
}

static void explain_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	struct acd_tenant *t = acd_tenant_find(((struct acd_api *)arg)->d->acd, acd_str(p, "tenant"));
	json_t *told = t ? acd_outbound_explain(t, p) : NULL;

	(void)conn;
	if (told)
		zj_rpc_reply(call, told);
	else
		zj_rpc_fail(call, ZJ_RPC_NOT_FOUND, t ? "no such extension" : "no such tenant", NULL);
}

static void phones_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	(void)conn;
	acd_phones(((struct acd_api *)arg)->d, p, call);
}

static void answers_give(struct acd_api *api, bool all)
{
	int64_t confirmed = acd_mirror_confirmed(api->d->mirror);
	uint64_t late = uv_now(api->d->loop) - ANSWER_PATIENCE_MS;
	struct answer *a, *next;

	DL_FOREACH_SAFE (api->answers, a, next) {
		if (!all && a->step > confirmed && a->at_ms > late)
			return;
		DL_DELETE(api->answers, a);
		zj_rpc_reply(a->call, a->result);
		zj_deref(a);
	}
	uv_timer_stop(&api->late);
}

void acd_api_confirmed(struct acd_api *api)
{
	if (api && api->answers)
		answers_give(api, false);
}

static void late_h(uv_timer_t *timer)
{
	answers_give(timer->data, false);
}

static void command(struct acd_api *api, const struct acd_command *c, json_t *p, struct zj_rpc_call *call)
{
	json_t *result = acd_command(api->d->acd, c, p);
	int64_t issued = acd_mirror_issued(api->d->mirror);
	bool kept = !api->answers && issued == acd_mirror_confirmed(api->d->mirror);
	struct answer *a = kept ? NULL : zj_alloc(sizeof(*a), NULL);

	if (a) {
		*a = (struct answer){.call = call, .result = result, .step = issued, .at_ms = uv_now(api->d->loop)};
		DL_APPEND(api->answers, a);
		if (!uv_is_active((uv_handle_t *)&api->late))
			uv_timer_start(&api->late, late_h, ANSWER_PATIENCE_MS, ANSWER_PATIENCE_MS / 3);
	} else {
		zj_rpc_reply(call, result);
	}
	acd_wake(api->d);
}

/* All rows of the engine's table of commands come here. */
static void command_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg);

#define COMMANDS_MAX 64
#define OWN_METHODS  9
static struct zj_rpc_method methods[OWN_METHODS + COMMANDS_MAX + 1] = {
	{"hello", "name:s token?:s", hello_h, "who is there"},
	{"status", "", status_h, "this acd and its peers"},
	{"subscribe", "tenant:u after?:s", subscribe_h, "events of a tenant from now on, or after a cursor"},
	{"unsubscribe", "tenant:u", unsubscribe_h, "no more of them"},
	{"board", "tenant:u", board_h, "everything a board shows"},
	{"calls", "tenant?:u", calls_h, "living calls"},
	{"trunks", "tenant?:u", trunks_h, "trunks as the edges see them: state, calls now, hosts"},
	{"explain", "tenant:u extension:s number:s trunk_number?:u service?:u click?:b anonymous?:b", explain_h,
	 "what would happen to a call that an extension dials, and which rows decide"},
	{"phones", "tenant:u extensions?:a agent?:u", phones_h,
	 "extensions' telephones: registered, reachable, round trip"},
};

static void command_h(struct zj_rpc_conn *conn, json_t *p, struct zj_rpc_call *call, void *arg)
{
	command(arg, &acd_commands[zj_rpc_method(conn) - methods - OWN_METHODS], p, call);
}

static int add_commands(void)
{
	for (size_t i = 0; acd_commands[i].name; i++) {
		const struct acd_command *c = &acd_commands[i];

		if (i == COMMANDS_MAX)
			return E2BIG;
		methods[OWN_METHODS + i] = (struct zj_rpc_method){c->name, c->params, command_h, c->help};
	}
	return 0;
}

static void conn_h(struct zj_rpc_conn *conn, bool up, void *arg)
{
	struct acd_api *api = arg;
	struct subscriber *s = zj_rpc_user(conn);

	if (up) {
		s = zj_alloc(sizeof(*s), NULL);
		if (!s)
			return;
		s->conn = conn;
		s->tenants = json_object();
		DL_APPEND(api->subscribers, s);
		zj_rpc_set_user(conn, s);
	} else if (s) {
		zj_rpc_set_user(conn, NULL);
		DL_DELETE(api->subscribers, s);
		json_decref(s->tenants);
		zj_deref(s);
	}
}

void acd_api_cork(struct acd_api *api, bool on)
{
	struct subscriber *s;

	if (api)
		DL_FOREACH (api->subscribers, s)
			zj_rpc_cork(s->conn, on);
}

void acd_api_event(struct acd_api *api, const char *tenant, const char *text)
{
	struct subscriber *s, *next;

	DL_FOREACH_SAFE (api->subscribers, s, next)
		if (json_object_get(s->tenants, tenant))
			zj_rpc_notify_text(s->conn, "event", text);
}

int acd_api_alloc(struct acd_api **ap, struct acd_daemon *d)
{
	struct acd_api *api = zj_alloc(sizeof(*api), NULL);
	int err;

	if (!api)
		return ENOMEM;
	api->d = d;
	err = add_commands();
	if (!err)
		err = zj_rpc_listen(&api->server, d->loop, d->conf.listen, methods, conn_h, api);
	if (err) {
		zj_deref(api);
		return err;
	}
	uv_timer_init(d->loop, &api->late);
	api->late.data = api;
	*ap = api;
	return 0;
}

static void late_closed_h(uv_handle_t *timer)
{
	zj_deref(timer->data);
}

void acd_api_close(struct acd_api *api)
{
	if (!api)
		return;
	answers_give(api, true);
	zj_rpc_server_close(api->server);
	uv_close((uv_handle_t *)&api->late, late_closed_h);
}
