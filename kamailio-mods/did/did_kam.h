/* What the module's skin and its RPC share. */
#ifndef DID_KAM_H
#define DID_KAM_H
#include "did_explain.h"
#include "zk_kam.h"

extern struct zk_store *did_store;
extern rpc_export_t did_rpcs[];
#endif
