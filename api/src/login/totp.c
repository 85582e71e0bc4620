#include "login/totp.h"
#include "zj_log.h"
#include <errno.h>
#include <liboath/oath.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECRET   20
#define STEP_S   30
#define WINDOW   1
#define NONCE    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG      crypto_aead_xchacha20poly1305_ietf_ABYTES
#define SEALED   (NONCE + SECRET + TAG)
#define VERSION  "1:"
#define USED_MAX 4096 /* codes remembered here; a code is good for 90 s */

/* The last step that an account used, in memory: a ring that is searched whole, for log-ins are rare. */
struct used {
	char account[ZJ_UUID_SIZE];
	int64_t step;
};
struct api_totp {
	struct zj_redis *redis;
	unsigned char key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
	struct used used[USED_MAX];
	size_t next;
};

static void destructor(void *obj)
{
	struct api_totp *t = obj;
	sodium_memzero(t->key, sizeof(t->key));
}

int api_totp_alloc(struct api_totp **tp, struct zj_redis *redis, const char *key)
{
	struct api_totp *t = zj_alloc(sizeof(*t), destructor);
	if (!t)
		return ENOMEM;
	t->redis = redis;
	crypto_generichash(t->key, sizeof(t->key), (const unsigned char *)key, strlen(key), NULL, 0);
	*tp = t;
	return 0;
}

static void base32_of(const unsigned char secret[SECRET], char out[API_TOTP_BASE32])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	for (size_t i = 0; i < SECRET * 8 / 5; i++) {
		size_t bit = i * 5, byte = bit / 8;
		unsigned pair = (unsigned)secret[byte] << 8 | (byte + 1 < SECRET ? secret[byte + 1] : 0);
		out[i] = digits[pair >> (11 - bit % 8) & 31];
	}
	out[SECRET * 8 / 5] = 0;
}

/* Sealed for its account: another account's row cannot use it. */
char *api_totp_make(const struct api_totp *t, const char *account, char base32[API_TOTP_BASE32])
{
	unsigned char secret[SECRET], raw[SEALED];
	char text[sizeof(VERSION) + SEALED * 2];
	randombytes_buf(secret, sizeof(secret));
	randombytes_buf(raw, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(raw + NONCE, NULL, secret, sizeof(secret),
						   (const unsigned char *)account, strlen(account), NULL, raw, t->key);
	base32_of(secret, base32);
	sodium_memzero(secret, sizeof(secret));
	strcpy(text, VERSION);
	sodium_bin2base64(text + strlen(VERSION), sizeof(text) - strlen(VERSION), raw, sizeof(raw),
			  sodium_base64_VARIANT_ORIGINAL);
	return zj_strdup(text);
}

static bool open_sealed(const struct api_totp *t, const char *account, const char *sealed, unsigned char secret[SECRET])
{
	unsigned char raw[SEALED];
	size_t n = 0;
	return strncmp(sealed, VERSION, strlen(VERSION)) == 0 &&
	       sodium_base642bin(raw, sizeof(raw), sealed + strlen(VERSION), strlen(sealed) - strlen(VERSION), NULL, &n,
				 NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
	       n == sizeof(raw) &&
	       crypto_aead_xchacha20poly1305_ietf_decrypt(secret, NULL, NULL, raw + NONCE, SECRET + TAG,
							  (const unsigned char *)account, strlen(account), raw,
							  t->key) == 0;
}

/* The step of time that the code belongs to; -1: none. */
static int64_t step_of(const unsigned char secret[SECRET], const char *code)
{
	int pos = 0;
	time_t now = time(NULL);
	if (strlen(code) != 6 || strspn(code, "0123456789") != 6)
		return -1;
	if (oath_totp_validate2((const char *)secret, SECRET, now, STEP_S, 0, WINDOW, &pos, code) < 0)
		return -1;
	return now / STEP_S + pos;
}

static bool used_here(struct api_totp *t, const char *account, int64_t step)
{
	for (size_t i = 0; i < USED_MAX; i++)
		if (t->used[i].step == step && strcmp(t->used[i].account, account) == 0)
			return true;
	snprintf(t->used[t->next].account, ZJ_UUID_SIZE, "%s", account);
	t->used[t->next].step = step;
	t->next = (t->next + 1) % USED_MAX;
	return false;
}

struct check {
	api_totp_h *h;
	void *arg;
};

/* SET … NX answers nil when somebody used the code already. */
static void marked(int err, redisReply *reply, void *arg)
{
	struct check *c = arg;
	c->h(err || reply->type != REDIS_REPLY_NIL, c->arg);
	free(c);
}

void api_totp_check(struct api_totp *t, const char *tenant, const char *account, const char *sealed, const char *code,
		    api_totp_h *h, void *arg)
{
	unsigned char secret[SECRET];
	int64_t step = sealed && open_sealed(t, account, sealed, secret) ? step_of(secret, code) : -1;
	struct check *c;
	sodium_memzero(secret, sizeof(secret));
	if (step < 0 || used_here(t, account, step)) {
		h(false, arg);
		return;
	}
	c = malloc(sizeof(*c));
	if (c)
		*c = (struct check){h, arg};
	if (c && zj_redis_cmd(t->redis, marked, c, "SET zj:{%s}:totp:%s:%lld 1 NX EX 120", tenant, account,
			      (long long)step) == 0)
		return;
	free(c);
	h(true, arg);
}
