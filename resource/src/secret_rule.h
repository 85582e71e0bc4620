/* What a new password must be like: what a tenant's settings say, for whoever writes one (api, worker). Pure. */
#ifndef RES_SECRET_RULE_H
#define RES_SECRET_RULE_H
#include "problem.h"

struct res_secret_rules {
	int min_length; /* characters */
	int classes;    /* of capitals, small letters, digits, signs: at least so many */
	bool no_runs;   /* no 4 digits in sequence */
};

/* Adds a fault for each rule that the password breaks. `name` (may be NULL): a password that is the user name is none.
 */
void res_secret_check(const struct res_secret_rules *r, const char *field, const char *password, const char *name,
		      struct res_problem *p);
/* Has it 4 digits in sequence (1234, 4321, 1111)? */
bool res_secret_has_run(const char *password);
#endif
