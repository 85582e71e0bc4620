/* Holds back who guesses passwords: a finite table of failures per source and account, and per source. */
#ifndef API_LIMIT_H
#define API_LIMIT_H
#include "zj_obj.h"
#include <stdint.h>

struct api_limit;
int api_limit_alloc(struct api_limit **lp) ZJ_MUST_CHECK;
/* Seconds to wait before another try is taken; 0: now. */
unsigned api_limit_wait_s(const struct api_limit *l, const char *source, const char *account, int64_t now_us);
void api_limit_failed(struct api_limit *l, const char *source, const char *account, int64_t now_us);
void api_limit_succeeded(struct api_limit *l, const char *source, const char *account);
#endif
