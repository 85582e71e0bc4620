/* Between session.c (memory) and session_store.c (Redis). */
#ifndef API_SESSION_PRIV_H
#define API_SESSION_PRIV_H
#include "login/session.h"
#include "zj_hash.h"

struct api_session_entry {
	struct api_session session;
	int64_t written_us; /* when its last use was written to Redis */
	UT_hash_handle hh;  /* in order of arrival and extension: the first was used longest ago */
};
struct api_sessions {
	struct zj_redis *redis;
	uv_timer_t timer;
	struct api_session_entry *by_hash;
	size_t max;
	struct api_session_hooks hooks;
};
/* How often a session's use is written to Redis: what a restart may add to its life. */
int64_t api_session_grain_us(int64_t idle_us);
void api_session_keep(struct api_sessions *s, const struct api_session *x);
void api_session_write(struct api_sessions *s, const struct api_session *x);
/* Takes the session out of Redis; whoever really took it out tells that it timed out. */
void api_session_expire(struct api_sessions *s, const char *tenant, const char *account, const char *hash);
#endif
