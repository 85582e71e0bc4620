/* Tokens of sessions (zjs_…) and of programs (zjt_…): made, taken apart, hashed. */
#include "session.h"
#include <sodium.h>
#include <stdio.h>
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
