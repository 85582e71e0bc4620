/* Quick edit of agents: passwords made of prefix, agent number and suffix, hashed for the accounts that they belong to.
 */
#ifndef API_QUICK_PASSWORD_H
#define API_QUICK_PASSWORD_H
#include "server/api.h"

/* `items`: [{"account_id","hash"}]. Runs once, or the request was answered. */
typedef void(api_quick_passwords_h)(struct api_req *req, const json_t *items, void *arg);
struct api_quick_words {             /* borrowed for as long as the request lives */
	const char *prefix, *suffix; /* of the password */
	const char *before, *behind; /* what the same edit puts around the number */
};
struct api_quick_passwords;
/* The object that is made is the caller's to release, with the request. */
void api_quick_passwords(struct api_req *req, const struct api_quick_words *w, const char *ids,
			 api_quick_passwords_h *h, void *arg, struct api_quick_passwords **qp);
#endif
