/* The supervisor's control socket, sock/up.sock: list, stop, start, kill. */
#include "up/up.h"
#include <errno.h>
#include <signal.h>
#include <string.h>

static json_t *describe(const struct up_child *c)
{
	return json_pack("{s:s, s:s, s:i, s:i, s:I, s:b}", "name", c->spec.name, "state", up_state_name(c->state),
			 "pid", (int)c->pid, "restarts", (int)c->restarts, "since", (json_int_t)c->since_us, "once",
			 c->spec.once);
}

static void m_list(struct zj_rpc_conn *conn ZJ_UNUSED, json_t *params ZJ_UNUSED, struct zj_rpc_call *call, void *arg)
{
	const struct up *up = arg;
	json_t *list = json_array();

	for (size_t i = 0; i < up->n; i++)
		json_array_append_new(list, describe(&up->children[i]));
	zj_rpc_reply(call, json_pack("{s:o, s:b}", "processes", list, "ready", up->announced && !up->closing));
}

static struct up_child *named(struct up *up, json_t *params, struct zj_rpc_call *call)
{
	const char *name = json_string_value(json_object_get(params, "name"));

	for (size_t i = 0; i < up->n; i++) {
		if (!strcmp(up->children[i].spec.name, name))
			return &up->children[i];
	}
	zj_rpc_fail(call, ZJ_RPC_NOT_FOUND, "no process of that name", NULL);
	return NULL;
}

static void m_stop(struct zj_rpc_conn *conn ZJ_UNUSED, json_t *params, struct zj_rpc_call *call, void *arg)
{
	struct up_child *c = named(arg, params, call);

	if (c) {
		up_child_stop(c);
		zj_rpc_reply(call, describe(c));
	}
}

static void m_start(struct zj_rpc_conn *conn ZJ_UNUSED, json_t *params, struct zj_rpc_call *call, void *arg)
{
	struct up_child *c = named(arg, params, call);

	if (c && c->up->closing) {
		zj_rpc_fail(call, ZJ_RPC_REFUSED, "everything is being stopped", NULL);
	} else if (c) {
		up_child_start(c);
		zj_rpc_reply(call, describe(c));
	}
}

static void m_kill(struct zj_rpc_conn *conn ZJ_UNUSED, json_t *params, struct zj_rpc_call *call, void *arg)
{
	struct up_child *c = named(arg, params, call);
	json_int_t number = json_integer_value(json_object_get(params, "signal"));

	if (!c)
		return;
	if (number < 1 || number > 64)
		zj_rpc_fail(call, ZJ_RPC_BAD_PARAMS, "signal: from 1 to 64", NULL);
	else if (c->pid <= 0 || kill(c->pid, (int)number))
		zj_rpc_fail(call, ZJ_RPC_REFUSED, "it is not running", NULL);
	else
		zj_rpc_reply(call, describe(c));
}

static void m_ready(struct zj_rpc_conn *conn ZJ_UNUSED, json_t *params ZJ_UNUSED, struct zj_rpc_call *call, void *arg)
{
	struct up *up = arg;

	if (!up->announced || up->closing) {
		zj_rpc_fail(call, ZJ_RPC_REFUSED, "not everything is up", NULL);
		return;
	}
	up_ready_write(up);
	zj_rpc_reply(call, json_object());
}

const struct zj_rpc_method up_methods[] = {
	{"list", "", m_list, "every process with state, pid and number of restarts; `ready` once all are up"},
	{"stop", "name:s", m_stop, "end a process and leave it down"},
	{"start", "name:s", m_start, "start a process that was stopped"},
	{"kill", "name:s signal:i", m_kill, "send a signal to a process (which is restarted if it dies of it)"},
	{"ready", "", m_ready, "write ready.json anew, with what seed.json says now"},
	{NULL, NULL, NULL, NULL},
};
