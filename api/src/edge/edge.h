/* Questions to the edge: JSON-RPC in datagrams on Kamailio's socket. For people who ask, not for calls. */
#ifndef API_EDGE_H
#define API_EDGE_H
#include "zj_obj.h"
#include <jansson.h>
struct api;
struct api_edge;
int api_edge_alloc(struct api_edge **ep, struct api *api, const char *path) ZJ_MUST_CHECK;
void api_edge_close(struct api_edge *e);

/* `result` is borrowed; NULL: the edge is away, or refused (`message` says why). */
typedef void(api_edge_h)(json_t *result, const char *message, void *arg);
/* Steals params. `h` never runs before return, and within two seconds. */
void api_edge_ask(struct api_edge *e, const char *method, json_t *params, api_edge_h *h, void *arg);
#endif
