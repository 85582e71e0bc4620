/* The passwords of a form for many people, hashed a few at a time, so that log-ins go on meanwhile. */
#ifndef API_PASSWORDS_H
#define API_PASSWORDS_H
#include "server/api.h"

typedef void(api_passwords_h)(struct api_req *req, void *arg);
/* Each item's text `from` is hashed into its `hash`. Then `next`, once; or the request was answered. `arg` lives as
 * long as the request. */
void api_passwords_hash(struct api_req *req, json_t *items, const char *from, api_passwords_h *next, void *arg);
#endif
