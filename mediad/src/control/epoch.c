/* Ownership epochs: the fence against an acd that has been replaced and does not know it yet. */
#include "control/control.h"

static bool range(const json_t *r, json_int_t *from, json_int_t *to)
{
	if (json_array_size(r) != 2 || !json_is_integer(json_array_get(r, 0)) || !json_is_integer(json_array_get(r, 1)))
		return false;
	*from = json_integer_value(json_array_get(r, 0));
	*to = json_integer_value(json_array_get(r, 1));
	return *from >= 0 && *from <= *to && *to < ZJ_SLOTS;
}

int64_t md_epochs_claim(struct md_epochs *e, const json_t *ranges, int64_t epoch)
{
	json_int_t from, to;
	int64_t higher = 0;
	size_t i;
	json_t *r;
	if (!json_array_size(ranges) || epoch < 1)
		return -1;
	json_array_foreach (ranges, i, r) {
		if (!range(r, &from, &to))
			return -1;
		for (json_int_t s = from; s <= to; s++)
			if (e->slot[s] > epoch && e->slot[s] > higher)
				higher = e->slot[s];
	}
	if (higher)
		return higher;
	json_array_foreach (ranges, i, r)
		if (range(r, &from, &to))
			for (json_int_t s = from; s <= to; s++)
				e->slot[s] = epoch;
	return 0;
}

json_t *md_epochs_json(const struct md_epochs *e)
{
	json_t *a = json_array();
	for (unsigned from = 0, s = 1; s <= ZJ_SLOTS; s++) {
		if (s < ZJ_SLOTS && e->slot[s] == e->slot[from])
			continue;
		if (e->slot[from])
			json_array_append_new(a,
					      json_pack("[i,i,I]", (int)from, (int)(s - 1), (json_int_t)e->slot[from]));
		from = s;
	}
	return a;
}
