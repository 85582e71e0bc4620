/* Rows that are kept whole, together with the others of their owner: fields of a role, custom fields of a resource.
 * Whoever has a group's array keeps it as it was: a change makes a new one. */
#include "rights/directory_priv.h"
#include <stdlib.h>
#include <string.h>

struct api_directory_group {
	json_t *rows;
	UT_hash_handle hh;
	char owner[];
};

static struct api_directory_group *find(struct api_directory_group *groups, const char *owner)
{
	struct api_directory_group *g;
	HASH_FIND(hh, groups, owner, strlen(owner), g);
	return g;
}

void api_directory_group_add(struct api_directory_group **groups, const char *owner, json_t *row)
{
	struct api_directory_group *g = find(*groups, owner);
	if (!g && (g = calloc(1, sizeof(*g) + strlen(owner) + 1))) {
		strcpy(g->owner, owner);
		HASH_ADD_KEYPTR(hh, *groups, g->owner, strlen(owner), g);
	}
	if (!g)
		return;
	json_t *rows = g->rows ? json_copy(g->rows) : json_array();
	json_array_append(rows, row);
	json_decref(g->rows);
	g->rows = rows;
}

void api_directory_group_drop(struct api_directory_group **groups, const char *owner, const json_t *row)
{
	struct api_directory_group *g = find(*groups, owner);
	json_t *rows, *r;
	size_t i;
	if (!g)
		return;
	rows = json_array();
	json_array_foreach (g->rows, i, r)
		if (r != row)
			json_array_append(rows, r);
	json_decref(g->rows);
	g->rows = rows;
	if (json_array_size(rows) > 0)
		return;
	HASH_DEL(*groups, g);
	json_decref(g->rows);
	free(g);
}

const json_t *api_directory_group_rows(struct api_directory_group *groups, const char *owner)
{
	const struct api_directory_group *g = groups ? find(groups, owner) : NULL;
	return g ? g->rows : NULL;
}
