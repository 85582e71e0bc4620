#include "story/music_class.h"
#include "story/announce.h"
#include "zj_obj.h"
#include <string.h>

static void fill(struct acd_music_class *m, const json_t *row)
{
	const json_t *list = json_object_get(row, "prompt_ids"), *id;
	size_t i;

	ACD_COPY(m->identifier, acd_str(row, "identifier"));
	m->shuffled = json_is_true(json_object_get(row, "shuffled"));
	m->step = !strcmp(acd_str(row, "mode"), "step");
	m->gain_db = (int)acd_int(row, "gain_db", 0);
	m->n = 0;
	json_array_foreach (list, i, id) {
		if (i == ACD_MUSIC_MAX)
			break;
		ACD_COPY(m->prompts[i], json_is_string(id) ? json_string_value(id) : "");
		m->n = (unsigned)i + 1;
	}
}

void acd_music_class_row(struct acd_tenant *t, const char *id, const json_t *row)
{
	struct acd_music_class *m = NULL;

	HASH_FIND_STR(t->music, id, m);
	if (!row) {
		if (m)
			HASH_DEL(t->music, m);
		zj_deref(m);
		return;
	}
	if (!m) {
		m = zj_alloc(sizeof(*m), NULL);
		if (!m)
			return;
		ACD_COPY(m->id, id);
		HASH_ADD_STR(t->music, id, m);
	}
	fill(m, row);
}

void acd_music_classes_free(struct acd_tenant *t)
{
	struct acd_music_class *m, *next;

	HASH_ITER (hh, t->music, m, next) {
		HASH_DEL(t->music, m);
		zj_deref(m);
	}
}

const struct acd_music_class *acd_music_class_find(const struct acd_tenant *t, const char *id)
{
	struct acd_music_class *m = NULL, *next;

	if (id[0])
		HASH_FIND_STR(t->music, id, m);
	if (m)
		return m;
	HASH_ITER (hh, t->music, m, next) {
		if (!strcmp(m->identifier, "default"))
			return m;
	}
	return NULL;
}

/* FNV-1a. */
static uint64_t seed_of(const char *text)
{
	uint64_t h = 14695981039346656037u;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 1099511628211u;
	return h;
}

/* The order hangs on the seed alone, so that music which was interrupted goes on where it would be; in step it is the
 * class's, else the listener's. */
static void order(const struct acd_music_class *m, const char *listener, unsigned at[ACD_MUSIC_MAX])
{
	uint64_t seed = seed_of(m->step ? m->id : listener);

	for (unsigned i = 0; i < m->n; i++)
		at[i] = i;
	for (unsigned i = m->n; m->shuffled && i > 1; i--) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		unsigned k = (unsigned)((seed >> 33) % i), was = at[i - 1];
		at[i - 1] = at[k];
		at[k] = was;
	}
}

json_t *acd_music_items(const struct acd_tenant *t, const struct acd_music_class *m, const char *listener)
{
	json_t *items = json_array(), *item;
	unsigned at[ACD_MUSIC_MAX];

	order(m, listener, at);
	for (unsigned i = 0; i < m->n; i++) {
		item = acd_item_prompt(t, m->prompts[at[i]]);
		if (item)
			json_array_append_new(items, item);
	}
	if (json_array_size(items))
		return items;
	json_decref(items);
	return NULL;
}
