/* Sessions: in memory, written through to Redis so that they survive this process. A token carries its tenant, so that
 * its key in Redis (zj:{tenant}:session:<hash>) can be told from the token alone. All of it on the loop. */
#ifndef API_SESSION_H
#define API_SESSION_H
#include "zj_redis.h"
#include "zj_time.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define API_TOKEN_SIZE 69 /* zjs_ or zjt_, 64 characters, zero */

/* A new random token of `kind` ("zjs", "zjt") for the tenant, and its hash. */
void api_token_make(const char *kind, const char *tenant, char token[API_TOKEN_SIZE], char hash[65]);
/* Takes a token apart. False: it is none. */
bool api_token_read(const char *token, const char *kind, char tenant[ZJ_UUID_SIZE], char hash[65]);
void api_token_csrf(const char *token, char csrf[33]);

struct api_session {
	char hash[65], tenant[ZJ_UUID_SIZE], account[ZJ_UUID_SIZE], mark[17];
	char actor[ZJ_UUID_SIZE], actor_mark[17]; /* who logged in as `account`; empty: itself */
	char parent[65];                          /* the actor's own session */
	char source[46], program[100];            /* address and User-Agent of the log-in */
	int64_t made_us, used_us;
};
struct api_sessions;
/* How long a tenant's sessions live without a request, in microseconds. */
typedef int64_t(api_session_idle_h)(const char *tenant, void *arg);
/* One ended because nobody used it. Told once, also when it was in Redis only. */
typedef void(api_session_timeout_h)(const char *tenant, const char *account, const char *hash, void *arg);
struct api_session_hooks {
	api_session_idle_h *idle_h;
	api_session_timeout_h *timeout_h;
	void *arg;
};
/* `max` in memory at a time; more stay in Redis. */
int api_sessions_alloc(struct api_sessions **sp, uv_loop_t *loop, struct zj_redis *redis, size_t max,
		       const struct api_session_hooks *hooks) ZJ_MUST_CHECK;
void api_sessions_close(struct api_sessions *s);

/* Copied; `made_us` and `used_us` are set to now. Makes room by forgetting the oldest (it stays in Redis). */
void api_session_put(struct api_sessions *s, const struct api_session *session);
/* Borrowed until the loop's next turn; NULL: not in memory, or its time is over. Uses extend the session. */
const struct api_session *api_session_find(struct api_sessions *s, const char *hash);
/* The same, without being a use. */
const struct api_session *api_session_peek(struct api_sessions *s, const char *hash);
int64_t api_session_expires_us(const struct api_sessions *s, const struct api_session *session);
void api_session_drop(struct api_sessions *s, const char *tenant, const char *account, const char *hash);
/* Looks in Redis. `h` runs later, exactly once; 0: it is in memory now; ENOENT; ENOTCONN: Redis is away. */
typedef void(api_session_load_h)(int err, void *arg);
int api_session_load(struct api_sessions *s, const char *tenant, const char *hash, api_session_load_h *h,
		     void *arg) ZJ_MUST_CHECK;
/* The living sessions of an account (NULL: of the tenant, the 200 that live longest), from Redis, or from memory while
 * Redis is away. `h` runs exactly once, perhaps before return; `v` is borrowed. */
#define API_SESSIONS_LISTED 200
typedef void(api_session_list_h)(const struct api_session *v, size_t n, void *arg);
void api_session_list(struct api_sessions *s, const char *tenant, const char *account, api_session_list_h *h,
		      void *arg);
/* Ends in time: looks for sessions of the tenant in Redis whose time is over. (Those in memory are found by itself.) */
void api_session_sweep(struct api_sessions *s, const char *tenant);
#endif
