#include "bl_explain.h"
#include <string.h>
#include <time.h>

static const char *read_scope(struct bl_query *q, struct zk_store *people, const char *text, size_t len)
{
	char id[ZK_UUID_TEXT];
	struct zk_uuid ref;
	const char *equals = memchr(text, '=', len);
	int scope = equals ? bl_name(bl_scope_names, BL_SCOPE_KINDS, text, (size_t)(equals - text)) : -1;
	if (scope < 0 || scope == BL_SYSTEM || scope == BL_TENANT)
		return "a scope is extension=, account=, agent_group=, did=, trunk= or trunk_group= and an id";
	size_t id_len = len - (size_t)(equals + 1 - text);
	if (!id_len || (id_len == 1 && equals[1] == '-'))
		return NULL;
	if (!zk_copy(id, sizeof id, equals + 1, id_len) || !zk_uuid_parse(&ref, id))
		return "a scope's id must be a UUID";
	if (q->n == sizeof q->at / sizeof *q->at)
		return "too many scopes";
	bl_query_at(q, people, (enum bl_scope)scope, &ref);
	return NULL;
}

void bl_query_at(struct bl_query *q, struct zk_store *people, enum bl_scope scope, const struct zk_uuid *ref)
{
	if (zk_uuid_is_zero(ref) || q->n == sizeof q->at / sizeof *q->at)
		return;
	if (scope == BL_EXTENSION || scope == BL_TRUNK)
		bl_people_scopes(people, scope, ref, q);
	else
		q->at[q->n++] = (struct bl_at){scope, *ref};
}

const char *bl_query_read(struct bl_query *q, struct zk_store *people, const char *tenant, const char *number,
			  const char *direction, const char *scopes)
{
	int d = bl_name(bl_direction_names, BL_BOTH, direction, strlen(direction));
	*q = (struct bl_query){.number = number, .now = time(NULL), .direction = (enum bl_direction)d};
	if (d != BL_IN && d != BL_OUT)
		return "the direction must be in or out";
	if (tenant[0] && strcmp(tenant, "-") != 0 && !zk_uuid_parse(&q->tenant, tenant))
		return "the tenant must be a UUID";
	for (const char *p = scopes; *p;) {
		size_t len = strcspn(p, ";");
		const char *wrong = len ? read_scope(q, people, p, len) : NULL;
		if (wrong)
			return wrong;
		p += len + (p[len] == ';');
	}
	q->own_black_off = !bl_people_switch(people, &q->tenant, q->direction);
	return NULL;
}
