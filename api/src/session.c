#include "session.h"
#include "api.h"
#include "zj_log.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define EXTEND_AFTER_US (300 * 1000000LL) /* how often a session's use is written to Redis */

struct entry {
	struct api_session session;
	UT_hash_handle hh; /* in order of last extension: the first is the oldest */
};
struct api_sessions {
	struct zj_redis *redis;
	struct entry *by_hash;
	size_t max;
	int64_t idle_us;
};

int api_sessions_alloc(struct api_sessions **sp, uv_loop_t *loop ZJ_UNUSED, struct zj_redis *redis, size_t max,
		       int64_t idle_us)
{
	struct api_sessions *s = zj_alloc(sizeof(*s), NULL);
	if (!s)
		return ENOMEM;
	s->redis = redis;
	s->max = max;
	s->idle_us = idle_us;
	*sp = s;
	return 0;
}

static void forget(struct api_sessions *s, struct entry *e)
{
	HASH_DEL(s->by_hash, e);
	sodium_memzero(e, sizeof(*e));
	free(e);
	zj_metric_set(&api_metrics[API_M_sessions], HASH_COUNT(s->by_hash));
}

void api_sessions_close(struct api_sessions *s)
{
	struct entry *e, *next;
	if (!s)
		return;
	HASH_ITER (hh, s->by_hash, e, next)
		forget(s, e);
	zj_deref(s);
}

static void hash_of(const char *token, char hash[65])
{
	unsigned char raw[crypto_hash_sha256_BYTES];
	crypto_hash_sha256(raw, (const unsigned char *)token, strlen(token));
	sodium_bin2hex(hash, 65, raw, sizeof(raw));
}

#define TOKEN_RAW 48 /* the tenant's 16 bytes, 32 random ones */

void api_token_make(const char *kind, const char *tenant, char token[API_TOKEN_SIZE], char hash[65])
{
	unsigned char raw[TOKEN_RAW];
	size_t n;
	sodium_hex2bin(raw, 16, tenant, strlen(tenant), "-", &n, NULL);
	randombytes_buf(raw + 16, 32);
	memcpy(token, kind, 3);
	token[3] = '_';
	sodium_bin2base64(token + 4, API_TOKEN_SIZE - 4, raw, sizeof(raw), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(raw, sizeof(raw));
	hash_of(token, hash);
}

bool api_token_read(const char *token, const char *kind, char tenant[ZJ_UUID_SIZE], char hash[65])
{
	unsigned char raw[TOKEN_RAW];
	char hex[33];
	size_t n = 0;
	if (strlen(token) != API_TOKEN_SIZE - 1 || strncmp(token, kind, 3) != 0 || token[3] != '_' ||
	    sodium_base642bin(raw, sizeof(raw), token + 4, 64, NULL, &n, NULL,
			      sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
	    n != sizeof(raw))
		return false;
	sodium_bin2hex(hex, sizeof(hex), raw, 16);
	snprintf(tenant, ZJ_UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
	hash_of(token, hash);
	return true;
}

void api_token_csrf(const char *token, char csrf[33])
{
	unsigned char raw[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state st;
	crypto_hash_sha256_init(&st);
	crypto_hash_sha256_update(&st, (const unsigned char *)"zj-csrf:", 8);
	crypto_hash_sha256_update(&st, (const unsigned char *)token, strlen(token));
	crypto_hash_sha256_final(&st, raw);
	sodium_bin2hex(csrf, 33, raw, 16);
}

static struct entry *find(struct api_sessions *s, const char *hash)
{
	struct entry *e;
	HASH_FIND_STR(s->by_hash, hash, e);
	return e;
}

static void write_through(struct api_sessions *s, const struct api_session *x)
{
	int err = zj_redis_cmd(s->redis, NULL, NULL, "SET zj:{%s}:session:%s %s:%s PX %lld", x->tenant, x->hash,
			       x->account, x->mark, (long long)(s->idle_us / 1000));
	if (err)
		zj_debug("session", "Redis is away; the session is in memory only");
}

static void keep(struct api_sessions *s, const char *tenant, const char *account, const char *mark, const char *hash)
{
	struct entry *e = find(s, hash);
	if (e)
		forget(s, e);
	if (HASH_COUNT(s->by_hash) >= s->max)
		forget(s, s->by_hash);
	e = calloc(1, sizeof(*e));
	if (!e)
		return;
	snprintf(e->session.hash, sizeof(e->session.hash), "%s", hash);
	snprintf(e->session.tenant, sizeof(e->session.tenant), "%s", tenant);
	snprintf(e->session.account, sizeof(e->session.account), "%s", account);
	snprintf(e->session.mark, sizeof(e->session.mark), "%s", mark);
	e->session.expires_us = zj_now_us() + s->idle_us;
	HASH_ADD_STR(s->by_hash, session.hash, e);
	zj_metric_set(&api_metrics[API_M_sessions], HASH_COUNT(s->by_hash));
}

void api_session_put(struct api_sessions *s, const char *tenant, const char *account, const char *mark,
		     const char *hash)
{
	keep(s, tenant, account, mark, hash);
	struct entry *e = find(s, hash);
	if (e)
		write_through(s, &e->session);
}

const struct api_session *api_session_find(struct api_sessions *s, const char *hash)
{
	struct entry *e = find(s, hash);
	int64_t now = zj_now_us();
	if (!e)
		return NULL;
	if (e->session.expires_us <= now) {
		forget(s, e);
		return NULL;
	}
	if (e->session.expires_us - s->idle_us + EXTEND_AFTER_US < now) {
		e->session.expires_us = now + s->idle_us;
		HASH_DEL(s->by_hash, e); /* to the end of the order */
		HASH_ADD_STR(s->by_hash, session.hash, e);
		write_through(s, &e->session);
	}
	return &e->session;
}

void api_session_drop(struct api_sessions *s, const char *tenant, const char *hash)
{
	struct entry *e = find(s, hash);
	if (e)
		forget(s, e);
	if (zj_redis_cmd(s->redis, NULL, NULL, "DEL zj:{%s}:session:%s", tenant, hash))
		zj_warn("session", "logged out while Redis is away: the session is void there only when it expires");
}

struct load {
	struct api_sessions *s;
	api_session_load_h *h;
	void *arg;
	char tenant[ZJ_UUID_SIZE], hash[65];
};

/* The value is account:mark. */
static void loaded(int err, redisReply *reply, void *arg)
{
	struct load *l = arg;
	if (!err && (!reply || reply->type != REDIS_REPLY_STRING || reply->len != ZJ_UUID_LEN + 1 + 16 ||
		     reply->str[ZJ_UUID_LEN] != ':'))
		err = ENOENT;
	if (!err) {
		char account[ZJ_UUID_SIZE];
		snprintf(account, sizeof(account), "%.36s", reply->str);
		keep(l->s, l->tenant, account, reply->str + ZJ_UUID_SIZE, l->hash);
	}
	l->h(err, l->arg);
	free(l);
}

int api_session_load(struct api_sessions *s, const char *tenant, const char *hash, api_session_load_h *h, void *arg)
{
	struct load *l = malloc(sizeof(*l));
	if (!l)
		return ENOMEM;
	*l = (struct load){.s = s, .h = h, .arg = arg};
	snprintf(l->tenant, sizeof(l->tenant), "%s", tenant);
	snprintf(l->hash, sizeof(l->hash), "%s", hash);
	int err = zj_redis_cmd(s->redis, loaded, l, "GET zj:{%s}:session:%s", tenant, hash);
	if (err)
		free(l);
	return err;
}
