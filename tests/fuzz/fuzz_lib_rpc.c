/* A peer may send anything: lines of the control protocol, with the parameter lists of a real method table. */
#include "rpc_priv.h"
#include "zj_log.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void later_h(struct zj_rpc_conn *conn ZJ_UNUSED, json_t *params, struct zj_rpc_call *call, void *arg ZJ_UNUSED)
{
	zj_rpc_reply(call, json_incref(params));
}

static const struct zj_rpc_method methods[] = {
	{"hello", "name:s token?:s seen?:i", later_h, ""},
	{"leg.play", "leg:u tenant:u epoch:i cmd_id:s play:u items:a loop?:i barge?:b gain?:n data?:o any?:*", later_h,
	 ""},
	{NULL, NULL, NULL, NULL},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zj_rpc_conn *c;

	zj_log_set_level(ZJ_ERROR);
	if (zj_rpc_conn_alloc(&c, uv_default_loop(), methods, NULL, NULL))
		return 0;
	zj_rpc_conn_line((const char *)data, size, c);
	zj_deref(c);
	return 0;
}
