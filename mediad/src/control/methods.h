/* What the *_methods.c files share: from a request to a command on a leg or room. */
#ifndef MD_METHODS_H
#define MD_METHODS_H
#include "control/control.h"
#include <string.h>

#define MD_C "leg:u tenant:u epoch:i cmd_id:s"
#define MD_R "room:u tenant:u epoch:i cmd_id:s"

/* What a command does; fills `res` (zeroed: done). Runs once a cmd_id. */
typedef void(md_leg_cmd_h)(struct md_leg *l, const json_t *p, struct md_peer *peer, struct md_result *res);
typedef void(md_room_cmd_h)(struct md_room *r, const json_t *p, struct md_peer *peer, struct md_result *res);

void md_leg_command(struct md_control *c, struct zj_rpc_conn *conn, json_t *params, struct zj_rpc_call *call,
		    md_leg_cmd_h *h);
void md_room_command(struct md_control *c, struct zj_rpc_conn *conn, json_t *params, struct zj_rpc_call *call,
		     md_room_cmd_h *h);
/* NULL, and the call answered, when the connection has not said hello. */
struct md_peer *md_peer_of(struct zj_rpc_conn *conn, struct zj_rpc_call *call);
/* False, with `res` filled: an owner's command below the epoch of the tenant's slot. */
bool md_epoch_check(struct md_control *c, const struct md_peer *peer, const json_t *p, struct md_result *res);
void md_answer(struct zj_rpc_call *call, const struct md_result *res);

static inline const char *md_str(const json_t *p, const char *key)
{
	return json_string_value(json_object_get(p, key));
}
static inline int64_t md_int(const json_t *p, const char *key, int64_t def)
{
	const json_t *v = json_object_get(p, key);
	return v ? json_integer_value(v) : def;
}
static inline void md_refuse(struct md_result *res, const char *because)
{
	res->code = ZJ_RPC_REFUSED;
	res->because = because;
}
static inline void md_bad(struct md_result *res, const char *because)
{
	res->code = ZJ_RPC_BAD_PARAMS;
	res->because = because;
}
/* False, with `res` filled: the value is not within bounds. `what` is static and names field and rule. */
static inline bool md_within(int64_t v, int64_t lo, int64_t hi, const char *what, struct md_result *res)
{
	if (v >= lo && v <= hi)
		return true;
	md_bad(res, what);
	return false;
}

static inline bool md_is_alive(const struct md_leg *l, struct md_result *res)
{
	if (l->state != MD_L_ENDED)
		return true;
	md_refuse(res, "ended");
	return false;
}

static inline bool md_are_keys(const char *s, size_t max)
{
	return strlen(s) <= max && s[strspn(s, "0123456789*#ABCD")] == 0;
}

#define MD_LEG_METHOD(name)                                                                                            \
	static void m_leg_##name(struct zj_rpc_conn *conn, json_t *params, struct zj_rpc_call *call, void *arg)        \
	{                                                                                                              \
		md_leg_command(arg, conn, params, call, leg_##name);                                                   \
	}
#define MD_ROOM_METHOD(name)                                                                                           \
	static void m_room_##name(struct zj_rpc_conn *conn, json_t *params, struct zj_rpc_call *call, void *arg)       \
	{                                                                                                              \
		md_room_command(arg, conn, params, call, room_##name);                                                 \
	}

/* Rows of md_methods from each file. */
extern const struct zj_rpc_method md_session_methods[], md_leg_methods[], md_play_methods[], md_record_methods[],
	md_room_methods[], md_refer_methods[], md_fax_methods[], md_detect_methods[];
#endif
