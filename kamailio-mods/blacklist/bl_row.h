/* A row of the lists as PostgreSQL's binary COPY sends it. Pure. */
#ifndef BL_ROW_H
#define BL_ROW_H
#include "bl_number.h"
#include "bl_rule.h"

/* The columns, in the order in which a row is read. A key without a rule has null in all but the first three. */
#define BL_ROW_COLUMNS                                                                                                 \
	"scope, scope_id, colour, direction, result, result_code, prompt_id, valid_from, valid_until, overrides"

struct bl_row {
	struct zk_uuid tenant;
	enum bl_match match;
	char digits[BL_DIGITS_MAX + 2];
	unsigned len;
	bool has_rule;
	struct bl_rule rule;
};

/* One CopyData message; `first`: it begins with the header. 0; ENODATA: the trailer; EPROTO: no such row (skip it, when
 * it is one of ours that this version does not know). */
int bl_row_read(struct bl_row *row, const unsigned char *data, size_t len, bool first);
#endif
