/* Between the files of the log-in: login.c, logout.c, me.c, impersonate.c. */
#ifndef API_LOGIN_H
#define API_LOGIN_H
#include "login/limit.h"
#include "server/api.h"

/* What a session still lacks before it may do anything: 0, RES_P_MUST_CHANGE, RES_P_MUST_TOTP. */
int api_account_lacks(const struct api *api, const struct api_account *a);
/* Makes a session for the account: sets the cookie, returns the session object with its token. `actor` (may be NULL) is
 * who logs in as somebody else, with its session's hash. NULL: memory is out. */
json_t *api_login_open(struct api_req *req, const struct api_account *a, const struct api_account *actor,
		       const char *parent);
void api_login_cookie(struct api_req *req, const char *token /* NULL: none any more */);
/* Fills what the limit counts: this request's source, the account as the log-in names it. */
void api_login_try(struct api_req *req, const char *tenant, const char *username, const struct api_account *a,
		   struct api_try *t);

/* Compares the present password of an account (NULL: there is none, so it is wrong): `h` is called when it is good, or
 * it was answered (wrong, too often, overload). Counted like a log-in. The account is found again by its id. */
typedef void(api_password_good_h)(struct api_req *req, const struct api_account *a, void *arg);
void api_password_ask(struct api_req *req, const struct api_account *account, const char *password, const char *field,
		      api_password_good_h *h, void *arg);

/* Ends sessions of an account but `keep` (NULL: none), telling their event sockets why, then runs `h`. */
typedef void(api_sessions_ended_h)(size_t n, void *arg);
void api_sessions_end(struct api *api, const char *tenant, const char *account, const char *keep, const char *why,
		      api_sessions_ended_h *h, void *arg);
/* Ends one. */
struct api_session;
void api_session_end(struct api *api, const struct api_session *s, const char *why);
/* What the session store tells (api_session_timeout_h); `arg` is the api. */
void api_session_timed_out(const char *tenant, const char *account, const char *hash, void *arg);
#endif
