/* The items of one call's story. */
#include "trace/trace.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 100000 /* a call that is told in more lines than this is cut, and says so */

int trace_story_add(struct trace_story *s, enum trace_kind kind, int64_t at_us, const char *text, size_t len,
		    const char *src, const char *dst)
{
	struct trace_item *item;

	if (s->n >= ITEMS_MAX)
		return E2BIG;
	if (s->n == s->room) {
		size_t room = s->room ? s->room * 2 : 64;
		struct trace_item *items = realloc(s->items, room * sizeof(*items));

		if (!items)
			return ENOMEM;
		s->items = items;
		s->room = room;
	}
	item = &s->items[s->n];
	memset(item, 0, sizeof(*item));
	item->at_us = at_us;
	item->order = s->n;
	item->kind = kind;
	item->text = strndup(text, len);
	item->src = src ? strdup(src) : NULL;
	item->dst = dst ? strdup(dst) : NULL;
	if (!item->text || (src && !item->src) || (dst && !item->dst)) {
		free(item->text);
		free(item->src);
		free(item->dst);
		return ENOMEM;
	}
	s->n++;
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct trace_item *x = a, *y = b;

	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

void trace_story_sort(struct trace_story *s)
{
	if (s->n)
		qsort(s->items, s->n, sizeof(*s->items), by_time);
}

void trace_story_free(struct trace_story *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->items[i].text);
		free(s->items[i].src);
		free(s->items[i].dst);
	}
	free(s->items);
	memset(s, 0, sizeof(*s));
}
