/* What the module's files that know Kamailio share. */
#ifndef TRUNK_MOD_H
#define TRUNK_MOD_H
#include "trunk_line.h"
#include "trunk_state.h"
#include "zk_kam.h"
#include "zk_trunk.h"
#include <core/rpc.h>
#include <modules/tm/tm_load.h>

extern char *trunk_tls_socket,
	*trunk_tls_contact; /* what is over TLS leaves by, and is to come back to; Kamailio's words */
extern struct zk_store *trunk_store;
extern struct trunk_state *trunk_live;
extern rpc_export_t trunk_rpcs[];
json_t *trunk_ask(enum zk_trunk_what what, json_t *params, const char **error); /* trunk_ask_mod.c */

struct trunk_said { /* of the message in hand in this process */
	struct trunk_hop hop;
	char next[TRUNK_NEXT_MAX], attempts[2048], headers[TRUNK_HEADERS_MAX + 64];
	int code;
	const char *reason, *because;
};
extern struct trunk_said trunk_said;
extern struct tm_binds trunk_tmb;

/* trunk_call_mod.c: the script's functions. */
bool trunk_call_id(struct sip_msg *msg, char *out, size_t size);
bool trunk_enter(struct sip_msg *msg, const struct zk_uuid *trunk, int64_t now_us);
int trunk_w_route(struct sip_msg *msg, char *p1, char *p2);
int trunk_w_next(struct sip_msg *msg, char *p1, char *p2);
int trunk_w_again(struct sip_msg *msg, char *p1, char *p2);
int trunk_w_answer(struct sip_msg *msg, char *code, char *heard);
int trunk_w_end(struct sip_msg *msg, char *p1, char *p2);
int trunk_w_in(struct sip_msg *msg, char *trunk, char *p2);
int trunk_w_emergency(struct sip_msg *msg, char *tenant, char *number);

/* trunk_say_mod.c */
void trunk_say(void); /* writes what the branch to trunk_said.hop says */
int trunk_pv_name(pv_spec_t *sp, str *in);
int trunk_pv_get(struct sip_msg *msg, pv_param_t *param, pv_value_t *res);

/* The number that is shown: of the pool the one whose turn it is, or the caller that acd named, with the limits of that
 * number. False: none of the pool is free. */
bool trunk_choose(struct trunk_query *q, unsigned turn, struct trunk_chosen *chosen);
void trunk_rpc_explain(rpc_t *rpc, void *ctx);
#endif
