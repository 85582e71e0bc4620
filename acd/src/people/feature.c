/* Codes that phones dial: which feature a number is. */
#include "people/feature.h"
#include "zj_obj.h"
#include <string.h>

static void code_row(struct acd_code **set, const char *id, const json_t *row, const char *what)
{
	struct acd_code *c;

	HASH_FIND_STR(*set, id, c);
	if (c) {
		HASH_DEL(*set, c);
		zj_deref(c);
	}
	c = row ? zj_alloc(sizeof(*c), NULL) : NULL;
	if (!c)
		return;
	ACD_COPY(c->id, id);
	ACD_COPY(c->number, acd_str(row, "number"));
	ACD_COPY(c->entry, acd_str(row, "entry"));
	ACD_COPY(c->what, acd_str(row, what));
	c->enabled = json_is_true(json_object_get(row, "enabled"));
	HASH_ADD_STR(*set, id, c);
}

void acd_shortcut_row(struct acd_tenant *t, const char *id, const json_t *row)
{
	code_row(&t->shortcuts, id, row, "feature");
}

void acd_hot_key_row(struct acd_tenant *t, const char *id, const json_t *row)
{
	code_row(&t->hot_keys, id, row, "feature");
}

void acd_application_row(struct acd_tenant *t, const char *id, const json_t *row)
{
	code_row(&t->applications, id, row, "context");
}

static bool takes_number(const struct acd_code *c)
{
	enum acd_feature f = acd_feature_parse(c->what, ACD_DO_NONE);

	return f == ACD_DO_PICKUP || f == ACD_DO_VOICEMAIL || f == ACD_DO_AGENT_SIGN_IN ||
	       (f >= ACD_DO_FORWARD_ALL && f <= ACD_DO_FORWARD_NO_ANSWER);
}

bool acd_code_dialled(const struct acd_tenant *t, const char *number, struct acd_dest *dest)
{
	const struct acd_code *best = NULL, *c;
	size_t len = 0, n;

	for (c = t->applications; c; c = c->hh.next)
		if (c->enabled && c->number[0] && !strcmp(c->number, number))
			best = c;
	for (c = t->shortcuts; c && !best; c = c->hh.next) {
		n = strlen(c->number);
		if (c->enabled && n > len && !strncmp(c->number, number, n) &&
		    (!number[n] || (takes_number(c) && strspn(number + n, "+0123456789") == strlen(number + n)))) {
			len = n;
			dest->kind = ACD_TO_APPLICATION;
			ACD_COPY(dest->id, c->id);
			ACD_COPY(dest->number, number + n);
		}
	}
	if (best) {
		dest->kind = ACD_TO_APPLICATION;
		ACD_COPY(dest->id, best->id);
		dest->number[0] = 0;
	}
	return best || len;
}

enum acd_feature acd_code_feature(const struct acd_tenant *t, const struct acd_dest *dest, const char **argument)
{
	struct acd_code *c = NULL;

	HASH_FIND_STR(t->shortcuts, dest->id, c);
	if (!c)
		HASH_FIND_STR(t->applications, dest->id, c);
	*argument = c && c->entry[0] ? c->entry : dest->number;
	return c && c->enabled ? acd_feature_parse(c->what, ACD_DO_NONE) : ACD_DO_NONE;
}
