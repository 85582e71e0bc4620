/* Whoever sees a field only masked may ask whether it is a value that he knows, not try all values: so many questions a
 * minute for an account, whatever the resource. In memory of this process. */
#include "rights/guess.h"
#include "server/api.h"
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define GUESSES_MAX 60
#define WINDOW_US   (60 * 1000000LL)
#define ASKERS_MAX  20000

struct asker {
	char account[ZJ_UUID_SIZE];
	int64_t since_us;
	unsigned asked;
	UT_hash_handle hh;
};
static struct asker *askers;

static void forget_old(int64_t now_us)
{
	struct asker *a, *next;
	HASH_ITER (hh, askers, a, next) {
		if (now_us - a->since_us < WINDOW_US)
			continue;
		HASH_DEL(askers, a);
		free(a);
	}
}

static struct asker *asker_of(const char *account, int64_t now_us)
{
	struct asker *a;
	HASH_FIND_STR(askers, account, a);
	if (a)
		return a;
	if (HASH_COUNT(askers) >= ASKERS_MAX)
		forget_old(now_us);
	a = HASH_COUNT(askers) < ASKERS_MAX ? calloc(1, sizeof(*a)) : NULL;
	if (!a)
		return NULL;
	strcpy(a->account, account);
	a->since_us = now_us;
	HASH_ADD_STR(askers, account, a);
	return a;
}

bool api_guess_allowed(struct api_req *req)
{
	int64_t now_us = zj_mono_us();
	struct asker *a = asker_of(req->who.account, now_us);
	if (a && now_us - a->since_us >= WINDOW_US) {
		a->since_us = now_us;
		a->asked = 0;
	}
	if (a && a->asked < GUESSES_MAX) {
		a->asked++;
		return true;
	}
	api_header(req, "retry-after", "60");
	api_fail(req, RES_P_TOO_MANY, "masked fields may be asked for %d times a minute", GUESSES_MAX);
	return false;
}
