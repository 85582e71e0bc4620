/* The layout of the readers' block: private to bl_side.c and bl_books.c. */
#ifndef BL_SIDE_BLOCK_H
#define BL_SIDE_BLOCK_H
#include "bl_side.h"

struct bl_side_head { /* byte offsets of its parts from its beginning; open-addressed ones with their masks */
	uint32_t tenants_at, tenants_mask;
	uint32_t wide_at, wide_mask;
	uint32_t patterns_at;
	uint32_t white_at, white_mask;
	uint32_t windows_at;
};
struct bl_side_wide {
	uint32_t set, tenant; /* set 0: empty */
	unsigned char match, len;
	char digits[BL_DIGITS_MAX + 2];
};
struct bl_side_pattern {
	uint32_t set;
	char text[BL_DIGITS_MAX + 4];
};
struct bl_side_white {
	uint32_t tenant, first, n; /* n 0: empty */
	unsigned char scope, direction, spare[2];
	struct zk_uuid ref;
};
#define BL_PART(s, name) ((const void *)((const char *)(s) + (s)->name##_at))

/* Seeded at each start, as the numbers' are: who enters prefixes cannot choose those that crowd one place. */
static inline uint32_t bl_side_hash(const void *bytes, size_t len, uint32_t what)
{
	return (uint32_t)(zk_hash(&what, sizeof what, bytes, len) >> 32);
}
static inline uint32_t bl_wide_hash(uint32_t tenant, unsigned char match, const char *digits, unsigned len)
{
	return bl_side_hash(digits, len, tenant << 2 ^ match);
}
static inline uint32_t bl_white_hash(uint32_t tenant, unsigned char scope, unsigned char direction,
				     const struct zk_uuid *ref)
{
	return bl_side_hash(ref->b, sizeof ref->b, tenant << 6 ^ (uint32_t)scope << 2 ^ direction);
}
#endif
