/* The items of one call's story. */
#include "trace/trace.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SAME_US   100000
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

/* Kamailio and mediad mirror the same message: as it leaves one and as it arrives at the other. A retransmission is
 * 500 ms behind, or more (RFC 3261 17.1.1.1). */
static bool same_message(const struct trace_item *a, const struct trace_item *b)
{
	static const struct {
		const char *name;
		char compact;
	} headers[] = {{"Call-ID", 'i'}, {"CSeq", 0}, {"Via", 'v'}};
	size_t line = strcspn(a->text, "\r\n");
	char x[512], y[512];

	if (strcmp(a->src, b->src) || strcmp(a->dst, b->dst) || line != strcspn(b->text, "\r\n") ||
	    memcmp(a->text, b->text, line))
		return false;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(headers); i++) {
		bool in_a = trace_sip_header(a->text, headers[i].name, headers[i].compact, x, sizeof(x));
		bool in_b = trace_sip_header(b->text, headers[i].name, headers[i].compact, y, sizeof(y));

		x[strcspn(x, ";")] = y[strcspn(y, ";")] = '\0'; /* the receiver adds parameters to Via */
		if (in_a != in_b || (in_a && strcmp(x, y)))
			return false;
	}
	return true;
}

static void item_free(struct trace_item *item)
{
	free(item->text);
	free(item->src);
	free(item->dst);
}

static bool was_told(const struct trace_story *s, size_t kept, const struct trace_item *item)
{
	for (size_t i = kept; i-- > 0 && item->at_us - s->items[i].at_us < SAME_US;) {
		if (s->items[i].kind == TRACE_SIP && same_message(&s->items[i], item))
			return true;
	}
	return false;
}

void trace_story_sort(struct trace_story *s)
{
	size_t kept = 0;

	if (s->n)
		qsort(s->items, s->n, sizeof(*s->items), by_time);
	for (size_t i = 0; i < s->n; i++) {
		if (s->items[i].kind == TRACE_SIP && was_told(s, kept, &s->items[i]))
			item_free(&s->items[i]);
		else
			s->items[kept++] = s->items[i];
	}
	s->n = kept;
}

void trace_story_free(struct trace_story *s)
{
	for (size_t i = 0; i < s->n; i++)
		item_free(&s->items[i]);
	free(s->items);
	memset(s, 0, sizeof(*s));
}
