/* Clocks and ids (zj_time.h). */
#include "zj_obj.h"
#include "zj_time.h"
#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static int64_t clock_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t zj_now_us(void)
{
	return clock_us(CLOCK_REALTIME);
}

int64_t zj_mono_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

void zj_rfc3339(char out[ZJ_RFC3339_SIZE], int64_t us)
{
	static const int64_t year_10000 = 253402300800;
	time_t s = (time_t)(us / 1000000);
	int frac = (int)(us % 1000000);
	struct tm tm;

	if (frac < 0) {
		frac += 1000000;
		s--;
	}
	if (s < 0 || s >= year_10000) /* what four digits of year cannot say */
		s = s < 0 ? 0 : (time_t)(year_10000 - 1);
	gmtime_r(&s, &tm);
	snprintf(out, ZJ_RFC3339_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ", (unsigned)(tm.tm_year + 1900) % 10000,
		 (unsigned)(tm.tm_mon + 1) % 100, (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
		 (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100, (unsigned)frac % 1000000);
}

/* Reads exactly `n` digits; moves `s` behind them. -1: there are fewer. */
static int digits(const char **s, int n)
{
	int value = 0;

	while (n-- > 0) {
		if (!isdigit((unsigned char)**s))
			return -1;
		value = value * 10 + (*(*s)++ - '0');
	}
	return value;
}

/* ".123456…" → microseconds; digits beyond the sixth are read and dropped. -1: a point without a digit. */
static int fraction_us(const char **s)
{
	int value = 0, n = 0;

	if (**s != '.')
		return 0;
	for ((*s)++; isdigit((unsigned char)**s); (*s)++, n++) {
		if (n < 6)
			value = value * 10 + (**s - '0');
	}
	if (!n)
		return -1;
	for (; n < 6; n++)
		value *= 10;
	return value;
}

/* "Z", "+hh:mm", and PostgreSQL's "+hh" → seconds east of UTC. */
static bool zone_s(const char **s, int *east)
{
	int sign, h, m = 0;

	if (**s == 'Z' || **s == 'z') {
		(*s)++;
		*east = 0;
		return true;
	}
	if (**s != '+' && **s != '-')
		return false;
	sign = *(*s)++ == '-' ? -1 : 1;
	h = digits(s, 2);
	if (**s == ':') {
		(*s)++;
		m = digits(s, 2);
	}
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return false;
	*east = sign * (h * 3600 + m * 60);
	return true;
}

int64_t zj_rfc3339_parse(const char *s)
{
	struct tm tm = {0}, back;
	int part[6], us, east;
	static const char *const sep = "--T::";
	time_t t;

	for (int i = 0; i < 6; i++) {
		part[i] = digits(&s, i ? 2 : 4);
		if (part[i] < 0)
			return -1;
		if (i == 5)
			break;
		if (*s != sep[i] && !(i == 2 && (*s == 't' || *s == ' ')))
			return -1;
		s++;
	}
	us = fraction_us(&s);
	if (us < 0 || !zone_s(&s, &east) || *s)
		return -1;
	tm.tm_year = part[0] - 1900;
	tm.tm_mon = part[1] - 1;
	tm.tm_mday = part[2];
	tm.tm_hour = part[3];
	tm.tm_min = part[4];
	tm.tm_sec = part[5];
	if (tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return -1;
	t = timegm(&tm);
	gmtime_r(&t, &back);
	if (tm.tm_sec < 60 && (back.tm_mday != part[2] || back.tm_mon != part[1] - 1)) /* the 31st of a short month */
		return -1;
	t -= east;
	return t < 0 ? -1 : (int64_t)t * 1000000 + us;
}

/* The first 60 bits that count: milliseconds and, in rand_a, 1/4096ths of one (RFC 9562 6.2, method 3). What the clock
 * does not tell apart, the last value plus one does. */
static uint64_t uuid7_tick(void)
{
	static _Atomic uint64_t last;
	uint64_t us = (uint64_t)zj_now_us();
	uint64_t now = us / 1000 << 12 | us % 1000 * 4096 / 1000, before = atomic_load(&last), next;

	do {
		next = now > before ? now : before + 1;
	} while (!atomic_compare_exchange_weak(&last, &before, next));
	return next;
}

static _Atomic unsigned forks;

static void forked_h(void)
{
	atomic_fetch_add(&forks, 1);
}

static void watch_forks(void)
{
	if (pthread_atfork(NULL, NULL, forked_h))
		abort();
}

/* Asked of the kernel 32 at a time; a forked child has its own. */
static uint64_t random_word(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	static _Thread_local uint64_t pool[32];
	static _Thread_local unsigned left, of;
	unsigned now = atomic_load(&forks);

	if (!left || of != now) {
		if (pthread_once(&once, watch_forks) || getrandom(pool, sizeof(pool), 0) != (ssize_t)sizeof(pool))
			abort();
		left = ZJ_ARRAY_SIZE(pool);
		of = now;
	}
	return pool[--left];
}

void zj_uuid7(char out[ZJ_UUID_SIZE])
{
	uint64_t tick = uuid7_tick(), random = random_word();

	random = (random & 0x3fffffffffffffff) | 0x8000000000000000;
	uint64_t high = (tick >> 12) << 16 | 0x7000 | (tick & 0xfff);

	for (int i = 0; i < 16; i++) { /* sixteen digits each, 8-4-4 and 4-12 */
		out[i + (i >= 8) + (i >= 12)] = "0123456789abcdef"[high >> (60 - 4 * i) & 15];
		out[19 + i + (i >= 4)] = "0123456789abcdef"[random >> (60 - 4 * i) & 15];
	}
	out[8] = out[13] = out[18] = out[23] = '-';
	out[36] = '\0';
}

bool zj_uuid_is_valid(const char *s)
{
	int i;

	if (!s)
		return false;
	for (i = 0; i < ZJ_UUID_LEN; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
			return false;
	}
	return !s[i];
}

int64_t zj_uuid7_ms(const char *s)
{
	char hex[13];

	if (!zj_uuid_is_valid(s) || s[14] != '7')
		return -1;
	memcpy(hex, s, 8);
	memcpy(hex + 8, s + 9, 4);
	hex[12] = '\0';
	return (int64_t)strtoull(hex, NULL, 16);
}

unsigned zj_slot(const char *tenant)
{
	unsigned crc = 0;

	for (; *tenant; tenant++) {
		crc ^= (unsigned)(unsigned char)*tenant << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1) & 0xffff;
	}
	return crc % ZJ_SLOTS;
}
