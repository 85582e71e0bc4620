#include "queue/vip.h"
#include "zj_obj.h"
#include <string.h>

struct acd_vip {
	UT_hash_handle hh, by_number;
	char id[ZJ_UUID_SIZE], number[ACD_NUMBER_SIZE];
	int64_t level;
	json_t *queues; /* empty: all */
};

static void destructor(void *obj)
{
	json_decref(((struct acd_vip *)obj)->queues);
}

static void drop(struct acd_tenant *t, struct acd_vip *v)
{
	HASH_DEL(t->vips, v);
	if (t->vips_by_number)
		HASH_DELETE(by_number, t->vips_by_number, v);
	zj_deref(v);
}

void acd_vip_row(struct acd_tenant *t, const char *id, const json_t *row)
{
	struct acd_vip *v;

	HASH_FIND_STR(t->vips, id, v);
	if (v)
		drop(t, v);
	v = row ? zj_alloc(sizeof(*v), destructor) : NULL;
	if (!v)
		return;
	ACD_COPY(v->id, id);
	ACD_COPY(v->number, acd_str(row, "number"));
	v->level = acd_int(row, "level", 1);
	v->queues = json_incref(json_object_get(row, "queues"));
	HASH_ADD_STR(t->vips, id, v);
	HASH_ADD(by_number, t->vips_by_number, number, strlen(v->number), v);
}

void acd_vips_free(struct acd_tenant *t)
{
	struct acd_vip *v, *next;

	HASH_ITER (hh, t->vips, v, next)
		drop(t, v);
}

int64_t acd_vip_level(const struct acd_tenant *t, const char *caller, const char *queue_id)
{
	const char *number = caller[0] == '+' ? caller + 1 : caller;
	struct acd_vip *v;
	size_t i;
	json_t *q;

	HASH_FIND(by_number, t->vips_by_number, number, strlen(number), v);
	if (!v)
		return 0;
	if (!json_array_size(v->queues))
		return v->level;
	json_array_foreach (v->queues, i, q)
		if (!strcmp(json_string_value(q) ? json_string_value(q) : "", queue_id))
			return v->level;
	return 0;
}
