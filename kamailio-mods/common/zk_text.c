#include "zk_text.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static uint64_t hash_seed = 0x9e3779b97f4a7c15u;

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Reads the usual text with its four hyphens, in either case. */
bool zk_uuid_parse(struct zk_uuid *u, const char *text)
{
	struct zk_uuid got;
	size_t at = 0;
	for (size_t i = 0; i < 16; i++) {
		if ((i == 4 || i == 6 || i == 8 || i == 10) && text[at++] != '-')
			return false;
		int hi = hex_value(text[at]);
		int lo = hi < 0 ? -1 : hex_value(text[at + 1]);
		if (lo < 0)
			return false;
		got.b[i] = (unsigned char)(hi << 4 | lo);
		at += 2;
	}
	if (text[at])
		return false;
	*u = got;
	return true;
}

void zk_uuid_text(char out[ZK_UUID_TEXT], const struct zk_uuid *u)
{
	static const char hex[] = "0123456789abcdef";
	char *p = out;
	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = hex[u->b[i] >> 4];
		*p++ = hex[u->b[i] & 15];
	}
	*p = '\0';
}

/* No order within one millisecond is promised: workers are several processes. */
void zk_uuid7(struct zk_uuid *u)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	while (getrandom(u->b, sizeof u->b, 0) !=
	       (ssize_t)sizeof u->b) /* 16 bytes: only a signal before start-up's entropy */
		;
	for (int i = 0; i < 6; i++)
		u->b[i] = (unsigned char)(ms >> (40 - 8 * i));
	u->b[6] = (unsigned char)(0x70 | (u->b[6] & 0x0f));
	u->b[8] = (unsigned char)(0x80 | (u->b[8] & 0x3f));
}

void zk_rfc3339(char out[ZK_RFC3339])
{
	struct timespec now;
	struct tm tm;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	size_t n = strftime(out, ZK_RFC3339, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, ZK_RFC3339 - n, ".%06uZ", (unsigned)(now.tv_nsec / 1000) % 1000000);
}

int64_t zk_mono_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void zk_hash_seed(uint64_t seed)
{
	hash_seed = seed;
}

static uint64_t mix(uint64_t h)
{
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93u;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93u;
	return h ^ h >> 32;
}

static uint64_t hash_bytes(uint64_t h, const unsigned char *p, size_t len)
{
	for (; len >= 8; p += 8, len -= 8) {
		uint64_t word;
		memcpy(&word, p, 8);
		h = mix(h ^ word);
	}
	uint64_t tail = len;
	for (size_t i = 0; i < len; i++)
		tail = tail << 8 | p[i];
	return mix(h ^ tail);
}

/* Never 0, so that 0 can mean "none". */
uint64_t zk_hash(const void *prefix, size_t prefix_len, const char *text, size_t text_len)
{
	uint64_t h = hash_bytes(hash_seed, prefix, prefix_len);
	h = hash_bytes(h, (const unsigned char *)text, text_len);
	return h ? h : 1;
}

bool zk_copy(char *out, size_t size, const char *text, size_t len)
{
	size_t n = len < size ? len : size - 1;
	if (n)
		memcpy(out, text, n);
	out[n] = '\0';
	return n == len;
}

bool zk_copy_lower(char *out, size_t size, const char *text, size_t len)
{
	bool fits = zk_copy(out, size, text, len);
	for (char *p = out; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return fits;
}

void zk_escape(char *out, size_t size, const char *text, size_t len)
{
	size_t at = 0;
	for (size_t i = 0; i < len && at + 5 < size; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c > ' ' && c < 0x7f && c != '"' && c != '\\')
			out[at++] = (char)c;
		else
			at += (size_t)snprintf(out + at, size - at, "\\x%02x", c);
	}
	out[at] = '\0';
}
