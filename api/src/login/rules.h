/* What a new password must be like: the tenant's settings. Pure. */
#ifndef API_RULES_H
#define API_RULES_H
#include "problem.h"
#include "rights/directory.h"

/* Adds a fault for each rule that the password breaks. `name` (may be NULL): a password that is the user name is none.
 */
void api_rules_check(const struct api_setting *s, const char *field, const char *password, const char *name,
		     struct res_problem *p);
/* A random password of `n` (≥ 8) characters that keeps every rule; easy to read: no 0 O 1 l I. */
void api_rules_password(const struct api_setting *s, size_t n, char *out /* n + 1 */);
#endif
