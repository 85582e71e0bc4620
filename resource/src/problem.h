/* Errors as application/problem+json (RFC 9457), naming field and rule in zh and en. */
#ifndef RES_PROBLEM_H
#define RES_PROBLEM_H
#include "schema.h"

/* Kinds: X(enum, type, status, title) */
#define RES_PROBLEMS(X)                                                                                                \
	X(RES_P_JSON, "json", 400, "The body is not well-formed JSON")                                                 \
	X(RES_P_UNKNOWN_FIELD, "unknown_field", 400, "There is no such field")                                         \
	X(RES_P_TYPE, "type", 400, "A value has the wrong type")                                                       \
	X(RES_P_QUERY, "query", 400, "The query is not understood")                                                    \
	X(RES_P_REQUEST, "request", 400, "The request is not understood")                                              \
	X(RES_P_LOGIN, "login", 401, "Tenant, user name or password is wrong")                                         \
	X(RES_P_SESSION, "session", 401, "Please log in")                                                              \
	X(RES_P_TOTP, "totp", 401, "A one-time code is needed, or it is wrong")                                        \
	X(RES_P_PERMISSION, "permission", 403, "Your role does not allow this")                                        \
	X(RES_P_MUST_CHANGE, "password", 403, "Set a new password first")                                              \
	X(RES_P_MUST_TOTP, "totp_required", 403, "Set up one-time codes first")                                        \
	X(RES_P_ACTING, "acting", 403, "Not while logged in as somebody else")                                         \
	X(RES_P_CSRF, "csrf", 403, "The CSRF token is missing or wrong")                                               \
	X(RES_P_ENTER, "enter", 403, "You cannot act inside that tenant")                                              \
	X(RES_P_BEYOND, "beyond_own", 403, "This goes beyond your own permissions")                                    \
	X(RES_P_EXPORT_WINDOW, "export_window", 403, "You may not export at this time of day")                         \
	X(RES_P_NOT_FOUND, "not_found", 404, "Not found")                                                              \
	X(RES_P_METHOD, "method", 405, "This cannot be done here")                                                     \
	X(RES_P_CONFLICT, "conflict", 409, "This exists already")                                                      \
	X(RES_P_REFERENCED, "referenced", 409, "This is still in use")                                                 \
	X(RES_P_REFUSED, "refused", 409, "This cannot be done now")                                                    \
	X(RES_P_QUOTA, "quota", 409, "The tenant's quota is used up")                                                  \
	X(RES_P_CHANGED, "changed", 412, "Somebody has changed this meanwhile")                                        \
	X(RES_P_TOO_LARGE, "too_large", 413, "The body is too large")                                                  \
	X(RES_P_MEDIA, "media_type", 415, "This content type is not taken here")                                       \
	X(RES_P_RANGE, "range", 416, "The range lies outside of the file")                                             \
	X(RES_P_INVALID, "invalid", 422, "The request has faults")                                                     \
	X(RES_P_TOO_MANY, "too_many", 429, "Too many tries; wait a little")                                            \
	X(RES_P_INTERNAL, "internal", 500, "Something went wrong here")                                                \
	X(RES_P_AWAY, "away", 503, "A part of the system is away; try again")
enum res_problem_kind {
#define X(e, t, s, d) e,
	RES_PROBLEMS(X)
#undef X
		RES_P_COUNT
};

/* Faults told of one request; the rest are left out, for a refusal must not be larger than what it refuses. */
#define RES_FAULTS_MAX 100
struct res_problem {
	enum res_problem_kind kind;
	char detail[512];
	json_t *errors; /* owned; NULL: none */
	json_t *more;   /* further members of the document; owned; NULL: none */
};
int res_problem_status(enum res_problem_kind kind);
const char *res_problem_type(enum res_problem_kind kind);
void res_problem_set(struct res_problem *p, enum res_problem_kind kind, const char *fmt, ...) ZJ_PRINTF(3, 4);
/* Adds one fault; rule texts in both languages come from the table. `value` (stolen, may be NULL) is the rule's figure.
 */
void res_problem_add(struct res_problem *p, const char *field, const char *rule, json_t *value);
/* The same with texts of its own. */
void res_problem_add_text(struct res_problem *p, const char *field, const char *rule, const char *zh, const char *en,
			  json_t *more);
bool res_problem_any(const struct res_problem *p);
char *res_problem_text(const struct res_problem *p, const char *request); /* malloc'd */
void res_problem_clear(struct res_problem *p);

/* What PostgreSQL said, as a problem about the resource's fields. `v` (NULL: everything): what the caller may see; of
 * other fields neither name nor value is told. */
struct res_pg_error {
	const char *sqlstate, *message, *detail, *hint, *constraint, *column, *table;
};
struct res_view;
void res_problem_pg(struct res_problem *p, const struct res_def *r, const struct res_view *v,
		    const struct res_pg_error *e, bool deleting);
#endif
