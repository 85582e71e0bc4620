#include "live/live_priv.h"
#include <stdlib.h>

/* A board as those see it who share a reach and a glass. */
struct api_snapshot {
	const struct api_reach *reach;
	api_glass glass;
	char *text; /* malloc'd */
	struct api_snapshot *next;
};

static char *snapshot_text(const json_t *board, const struct api_viewer *v)
{
	json_t *o = json_pack("{s:s}", "type", "snapshot"), *within = api_reach_board(v->reach, board),
	       *seen = api_glass_board(v->glass, within);
	json_object_update(o, seen);
	char *text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	json_decref(seen);
	json_decref(within);
	return text;
}

const char *api_snapshot_of(struct api_snapshot **all, const json_t *board, const struct api_viewer *v)
{
	struct api_snapshot *s = *all;
	while (s && (s->reach != v->reach || s->glass != v->glass))
		s = s->next;
	if (!s && (s = calloc(1, sizeof(*s)))) {
		*s = (struct api_snapshot){v->reach, v->glass, snapshot_text(board, v), *all};
		*all = s;
	}
	return s ? s->text : NULL;
}

void api_snapshot_free(struct api_snapshot *all)
{
	struct api_snapshot *next;
	for (; all; all = next) {
		next = all->next;
		free(all->text);
		free(all);
	}
}
