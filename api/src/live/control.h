/* What commands to acd share (control.c). */
#ifndef API_CONTROL_H
#define API_CONTROL_H
#include "server/api.h"

/* Members a command takes beside the common ones: name, JSON type (JSON_TRUE: boolean), needed. */
struct api_member {
	const char *name;
	json_type type;
	bool needed;
};
/* The body with the members allowed, and nothing else; NULL: answered. */
json_t *api_command_body(struct api_req *req, const struct api_member *members, size_t n);
/* `agent` (an id, or "me") calls; steals params: {to, number?, service?, anonymous?}. */
void api_call_place(struct api_req *req, const char *agent, json_t *params);
/* Steals params; adds who asks. A repeated Idempotency-Key is the same request to acd. */
void api_command(struct api_req *req, const char *method, json_t *params);
#endif
