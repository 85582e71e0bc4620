/* Clocks and ids. */
#ifndef ZJ_TIME_H
#define ZJ_TIME_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZJ_UUID_LEN  36
#define ZJ_UUID_SIZE (ZJ_UUID_LEN + 1)

int64_t zj_now_us(void);  /* wall clock, microseconds since 1970 */
int64_t zj_mono_us(void); /* monotonic clock, microseconds */

/* RFC 3339 in UTC with microseconds, as PostgreSQL reads it ("2026-11-20T10:00:00.000001Z"). 28 bytes with the zero. */
#define ZJ_RFC3339_SIZE 28
void zj_rfc3339(char out[ZJ_RFC3339_SIZE], int64_t us);
int64_t zj_rfc3339_parse(const char *s); /* -1: not a time */

/* UUIDv7 (RFC 9562 5.7), lower case, ordered within a process even inside one millisecond. */
void zj_uuid7(char out[ZJ_UUID_SIZE]);
bool zj_uuid_is_valid(const char *s);
int64_t zj_uuid7_ms(const char *s); /* its time, milliseconds since 1970; -1 if it is no UUIDv7 */

/* The ownership slot (0..1023) of a tenant: CRC-16/XMODEM of its text mod 1024. */
#define ZJ_SLOTS 1024
unsigned zj_slot(const char *tenant);
#endif
