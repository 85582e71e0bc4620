/* One-time codes (TOTP, RFC 6238: SHA-1, 6 digits, 30 s) as a second factor. */
#ifndef API_TOTP_H
#define API_TOTP_H
#include "zj_redis.h"
#include "zj_time.h"
#include <stdbool.h>
#include <stdint.h>

struct api_totp;
/* `key`: any text; secrets are sealed with what is derived from it. */
int api_totp_alloc(struct api_totp **tp, struct zj_redis *redis, const char *key) ZJ_MUST_CHECK;

/* A new secret: sealed for the account (an object) as it is kept, and base32 for the app. NULL: memory is out. */
#define API_TOTP_BASE32 33
char *api_totp_make(const struct api_totp *t, const char *account, char base32[API_TOTP_BASE32]);

/* Does the code fit the sealed secret now (one step of 30 s early or late is allowed), and was it never used before?
 * `h` runs exactly once, perhaps before return. While Redis is away, only this process knows what was used. */
typedef void(api_totp_h)(bool good, void *arg);
void api_totp_check(struct api_totp *t, const char *tenant, const char *account, const char *sealed, const char *code,
		    api_totp_h *h, void *arg);
#endif
