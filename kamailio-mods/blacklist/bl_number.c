#include "bl_number.h"
#include "zk_pattern.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

void bl_digits_read(struct bl_digits *d, const char *text)
{
	*d = (struct bl_digits){.whole = true};
	for (const char *p = text[0] == '+' ? text + 1 : text; *p; p++) {
		if (strchr("-.() ", *p))
			continue;
		if (*p < '0' || *p > '9' || d->len == BL_DIGITS_MAX) {
			d->whole = false;
			break;
		}
		d->text[d->len++] = *p;
	}
	d->whole = d->whole && d->len > 0;
}

/* Digits count 1 to 10, so that leading zeros and lengths make different codes; 15 of them stay below 2^50. */
uint64_t bl_code(const char *digits, unsigned len)
{
	uint64_t code = 0;
	if (len > BL_CODE_DIGITS)
		return 0;
	for (unsigned i = 0; i < len; i++)
		code = code * 10 + (uint64_t)(digits[i] - '0') + 1;
	return code;
}

unsigned bl_code_digits(uint64_t code, char out[BL_DIGITS_MAX + 1])
{
	char text[32];
	unsigned n = 0;
	for (; code && n < sizeof text; code = (code - 1) / 10)
		text[n++] = (char)('0' + (code - 1) % 10);
	for (unsigned i = 0; i < n; i++)
		out[i] = text[n - 1 - i];
	out[n] = '\0';
	return n;
}

/* Behind the digits of a number that is none to its end, only what stands for anything can stand. */
bool bl_pattern_fits(const char *pattern, const struct bl_digits *d)
{
	size_t len = strlen(pattern);
	bool open = len && strchr(".!", pattern[len - 1]);
	return (d->whole || open) && zk_pattern_fits(pattern, d->text);
}

/* Asked for once: looking it up costs as much as the digest itself. */
static const EVP_MD *md5(void)
{
	static _Atomic(const EVP_MD *) known;
	const EVP_MD *md = known;
	if (!md)
		known = md = EVP_MD_fetch(NULL, "MD5", NULL);
	return md;
}

bool bl_rule_name(struct zk_uuid *out, const struct zk_uuid *tenant, const char *scope, const struct zk_uuid *ref,
		  const char *match, const char *digits, const char *colour, const char *direction)
{
	char text[256], tenant_text[ZK_UUID_TEXT], ref_text[ZK_UUID_TEXT] = "";
	const char *const parts[] = {tenant_text, scope, ref_text, match, digits, colour, direction};
	unsigned size = sizeof out->b;
	size_t at = 0;
	zk_uuid_text(tenant_text, tenant);
	if (!zk_uuid_is_zero(ref))
		zk_uuid_text(ref_text, ref);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		size_t len = strlen(parts[i]);
		if (at + len + 1 > sizeof text)
			return false;
		memcpy(text + at, parts[i], len);
		text[at + len] = '|';
		at += len + 1;
	}
	return EVP_Digest(text, at - 1, out->b, &size, md5(), NULL) == 1;
}
