/* What the module's files that know Kamailio share. */
#ifndef TRUNK_MOD_H
#define TRUNK_MOD_H
#include "trunk_state.h"
#include "zk_trunk.h"
#include <core/rpc.h>

extern struct zk_store *trunk_store;
extern struct trunk_state *trunk_live;
extern rpc_export_t trunk_rpcs[];
json_t *trunk_ask(enum zk_trunk_what what, json_t *params, const char **error); /* trunk_ask_mod.c */
#endif
