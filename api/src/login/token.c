/* Tokens of sessions (zjs_…) and of programs (zjt_…): made, taken apart, hashed. */
#include "login/session.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static bool take_apart(const char *token, const char *kind, char tenant[ZJ_UUID_SIZE], char hash[65])
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

/* The same few tokens come with every request, and SHA-256 is a fifth of what a read costs: what came of them is kept,
 * under a keyed digest of 128 bits, so that no token lies in memory. */
#define KEPT_MAX 4096
struct kept {
	unsigned char digest[crypto_shorthash_siphashx24_BYTES];
	char tenant[ZJ_UUID_SIZE], hash[65];
};

bool api_token_read(const char *token, const char *kind, char tenant[ZJ_UUID_SIZE], char hash[65])
{
	static unsigned char key[crypto_shorthash_siphashx24_KEYBYTES];
	static struct kept *kept;
	unsigned char digest[crypto_shorthash_siphashx24_BYTES];
	size_t n = strlen(token);
	if (!kept) {
		kept = calloc(KEPT_MAX, sizeof(*kept));
		randombytes_buf(key, sizeof(key));
	}
	if (!kept || n != API_TOKEN_SIZE - 1 || strncmp(token, kind, 3) != 0)
		return take_apart(token, kind, tenant, hash);
	crypto_shorthash_siphashx24(digest, (const unsigned char *)token, n, key);
	struct kept *k = &kept[(digest[0] | (unsigned)digest[1] << 8) % KEPT_MAX];
	if (!k->hash[0] || memcmp(k->digest, digest, sizeof(digest)) != 0) {
		struct kept new = {0};
		if (!take_apart(token, kind, new.tenant, new.hash))
			return false;
		memcpy(new.digest, digest, sizeof(digest));
		*k = new;
	}
	strcpy(tenant, k->tenant);
	strcpy(hash, k->hash);
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
