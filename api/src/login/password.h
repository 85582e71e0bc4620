/* argon2id on worker threads, a few at a time. Handlers run on the loop, later. */
#ifndef API_PASSWORD_H
#define API_PASSWORD_H
#include "zj_obj.h"
#include <stdbool.h>
#include <uv.h>

typedef void(api_password_h)(int err, bool matches, const char *hash, void *arg);
/* Both copy their texts. EAGAIN: too many are waiting. */
int api_password_verify(uv_loop_t *loop, const char *hash, const char *password, api_password_h *h,
			void *arg) ZJ_MUST_CHECK;
int api_password_hash(uv_loop_t *loop, const char *password, api_password_h *h, void *arg) ZJ_MUST_CHECK;
/* For the first account of an installation: reads a password from stdin, prints its hash. An exit code. */
int api_password_main(void);
#endif
