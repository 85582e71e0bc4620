/* The connection to acd (docs/control-protocol.md): commands, and events for live.c. */
#ifndef API_ACD_H
#define API_ACD_H
#include "zj_rpc.h"
struct api;
struct api_acd;
int api_acd_alloc(struct api_acd **ap, struct api *api, const char *address) ZJ_MUST_CHECK;
void api_acd_close(struct api_acd *a);
bool api_acd_is_up(const struct api_acd *a);
/* Steals params. `h` never runs before return; away: it hears ZJ_RPC_GONE. */
void api_acd_ask(struct api_acd *a, const char *method, json_t *params, zj_rpc_answer_h *h, void *arg);
#endif
