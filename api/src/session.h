/* Sessions: in memory, written through to Redis so that they survive this process. A token carries its tenant, so that
 * its key in Redis (zj:{tenant}:session:<hash>) can be told from the token alone. */
#ifndef API_SESSION_H
#define API_SESSION_H
#include "zj_redis.h"
#include "zj_time.h"
#include <stdbool.h>
#include <stdint.h>

#define API_TOKEN_SIZE 69 /* zjs_ or zjt_, 64 characters, zero */

struct api_session {
	char hash[65], tenant[ZJ_UUID_SIZE], account[ZJ_UUID_SIZE], mark[17];
	int64_t expires_us;
};
struct api_sessions;
int api_sessions_alloc(struct api_sessions **sp, uv_loop_t *loop, struct zj_redis *redis, size_t max,
		       int64_t idle_us) ZJ_MUST_CHECK;
void api_sessions_close(struct api_sessions *s);

/* A new random token of `kind` ("zjs", "zjt") for the tenant, and its hash. */
void api_token_make(const char *kind, const char *tenant, char token[API_TOKEN_SIZE], char hash[65]);
/* Takes a token apart. False: it is none. */
bool api_token_read(const char *token, const char *kind, char tenant[ZJ_UUID_SIZE], char hash[65]);
void api_token_csrf(const char *token, char csrf[33]);

/* Makes room by forgetting the oldest (it stays in Redis). */
void api_session_put(struct api_sessions *s, const char *tenant, const char *account, const char *mark,
		     const char *hash);
/* Borrowed; NULL: not in memory. Uses extend the session. */
const struct api_session *api_session_find(struct api_sessions *s, const char *hash);
void api_session_drop(struct api_sessions *s, const char *tenant, const char *hash);
/* Looks in Redis. `h` runs later, exactly once; 0: it is in memory now; ENOENT; ENOTCONN: Redis is away. */
typedef void(api_session_load_h)(int err, void *arg);
int api_session_load(struct api_sessions *s, const char *tenant, const char *hash, api_session_load_h *h,
		     void *arg) ZJ_MUST_CHECK;
#endif
