#include "bl_row.h"
#include "zk_pattern.h"
#include <errno.h>
#include <string.h>

#define EPOCH_2000 946684800
#define HEADER     19 /* signature, flags, length of the extension */

struct reader {
	const unsigned char *p;
	size_t left;
	bool bad;
};

static uint64_t number(struct reader *r, size_t bytes)
{
	uint64_t v = 0;
	if (r->left < bytes) {
		r->bad = true;
		return 0;
	}
	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | r->p[i];
	r->p += bytes;
	r->left -= bytes;
	return v;
}

/* A field's bytes (borrowed) and length; NULL: null. */
static const unsigned char *field(struct reader *r, size_t *len)
{
	int32_t n = (int32_t)number(r, 4);
	*len = 0;
	if (n < 0)
		return NULL;
	if (r->left < (size_t)n) {
		r->bad = true;
		return NULL;
	}
	const unsigned char *p = r->p;
	r->p += n;
	r->left -= (size_t)n;
	*len = (size_t)n;
	return p;
}

static bool uuid(struct reader *r, struct zk_uuid *u)
{
	size_t len;
	const unsigned char *p = field(r, &len);
	*u = (struct zk_uuid){{0}};
	if (!p)
		return false;
	if (len != sizeof u->b)
		r->bad = true;
	else
		memcpy(u->b, p, len);
	return true;
}

static int name(struct reader *r, const char *const *names, int n)
{
	size_t len;
	const unsigned char *p = field(r, &len);
	int i = p ? bl_name(names, n, (const char *)p, len) : -1;
	r->bad = r->bad || i < 0;
	return i < 0 ? 0 : i;
}

static int64_t integer(struct reader *r, int64_t null)
{
	size_t len;
	const unsigned char *p = field(r, &len);
	uint64_t v = 0;
	if (!p)
		return null;
	for (size_t i = 0; i < len; i++)
		v = v << 8 | p[i];
	return len == 8 ? (int64_t)v : len == 4 ? (int64_t)(int32_t)v : (int64_t)v;
}

/* Microseconds since 2000 as seconds since 1970, rounded up. */
static int64_t seconds(struct reader *r, int64_t null)
{
	int64_t us = integer(r, null);
	if (us == INT64_MIN || us == INT64_MAX)
		return us;
	return us / 1000000 + (us % 1000000 > 0) + EPOCH_2000;
}

static void digits(struct reader *r, struct bl_row *row)
{
	size_t len;
	const unsigned char *p = field(r, &len);
	if (p && len && p[0] == '+') {
		p++;
		len--;
	}
	if (!p || !len || len > BL_DIGITS_MAX) {
		r->bad = true;
		return;
	}
	memcpy(row->digits, p, len);
	row->len = (unsigned)len;
	if (row->match == BL_PATTERN ? strlen(row->digits) != len || !zk_pattern_is_good(row->digits)
				     : strspn(row->digits, "0123456789") != len)
		r->bad = true;
}

static void rule(struct reader *r, struct bl_rule *out)
{
	size_t len;
	const unsigned char *p = field(r, &len);
	int scope = p ? bl_name(bl_scope_names, BL_SCOPE_KINDS, (const char *)p, len) : -1;
	r->bad = r->bad || scope < 0;
	out->scope = (unsigned char)(scope < 0 ? 0 : scope);
	(void)uuid(r, &out->ref);
	out->colour = (unsigned char)name(r, bl_colour_names, BL_COLOUR_KINDS);
	out->direction = (unsigned char)name(r, bl_direction_names, BL_BOTH + 1);
	out->result = (unsigned char)name(r, bl_result_names, BL_RESULT_KINDS);
	out->code = (uint16_t)integer(r, 403);
	(void)uuid(r, &out->prompt);
	out->from = seconds(r, INT64_MIN);
	out->until = seconds(r, INT64_MAX);
	out->overrides = integer(r, 0) != 0;
}

int bl_row_read(struct bl_row *row, const unsigned char *data, size_t len, bool first)
{
	struct reader r = {data, len, false};
	*row = (struct bl_row){0};
	if (first) {
		if (len < HEADER)
			return EPROTO;
		r.p += HEADER;
		r.left -= HEADER;
	}
	int fields = (int16_t)number(&r, 2);
	if (fields == -1 && !r.bad)
		return ENODATA;
	if (fields != 13 || !uuid(&r, &row->tenant))
		return EPROTO;
	row->match = (enum bl_match)name(&r, bl_match_names, BL_MATCH_KINDS);
	digits(&r, row);
	struct reader peek = r;
	row->has_rule = (int32_t)number(&peek, 4) >= 0;
	if (row->has_rule)
		rule(&r, &row->rule);
	return r.bad ? EPROTO : 0;
}
