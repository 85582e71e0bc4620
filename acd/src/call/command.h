#ifndef ACD_COMMAND_H
#define ACD_COMMAND_H
#include "core/acd.h"

struct acd_request { /* an answer that is given again when the request comes again */
	UT_hash_handle hh;
	char id[ACD_TEXT_SIZE];
	int64_t at;
	json_t *answer;
};

struct acd_command {
	const char *name, *params, *help;
	json_t *(*h)(struct acd_tenant *t, const json_t *p); /* {state} or {refused, because} */
};
extern const struct acd_command acd_commands[]; /* ends with name NULL */

/* Entry. A repeated request gets the first answer. The result is the caller's. */
json_t *acd_command(struct acd *acd, const struct acd_command *c, const json_t *params);
void acd_requests_free(struct acd_tenant *t);
json_t *acd_save_request(const struct acd_request *r);
void acd_load_request(struct acd_tenant *t, const char *id, const json_t *o);
#endif
