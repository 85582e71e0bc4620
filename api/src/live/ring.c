#include "live/live.h"
#include <stdlib.h>
#include <string.h>

struct api_ring {
	struct api_event events[API_RING];
	long first, end; /* indices ever growing */
	struct api_cursor floor;
};

bool api_cursor_read(const char *text, struct api_cursor *c)
{
	char *end;
	if (!text || *text < '0' || *text > '9')
		return false;
	c->epoch = strtoll(text, &end, 10);
	if (*end != '-' || end[1] < '0' || end[1] > '9')
		return false;
	c->seq = strtoll(end + 1, &end, 10);
	return *end == 0;
}

struct api_event_text {
	struct api_event_text *next;
	api_glass glass;
	char *text; /* malloc'd */
};

void api_event_clear(struct api_event *e)
{
	struct api_event_text *t, *next;
	for (t = e->texts; t; t = next) {
		next = t->next;
		free(t->text);
		free(t);
	}
	json_decref(e->message);
	*e = (struct api_event){0};
}

static char *render(const struct api_event *e, api_glass glass)
{
	json_t *seen = api_glass_entity(glass, e->data), *message = e->message;
	char *text;
	if (seen != e->data) {
		message = json_copy(e->message);
		json_object_set(message, "data", seen);
	}
	text = json_dumps(message, JSON_COMPACT);
	if (message != e->message)
		json_decref(message);
	json_decref(seen);
	return text;
}

const char *api_event_text(struct api_event *e, api_glass glass)
{
	struct api_event_text *t = e->texts;
	while (t && t->glass != glass)
		t = t->next;
	if (t)
		return t->text;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->glass = glass;
	t->text = render(e, glass);
	t->next = e->texts;
	e->texts = t;
	return t->text;
}

static void destructor(void *obj)
{
	struct api_ring *r = obj;
	for (long i = r->first; i < r->end; i++)
		api_event_clear(&r->events[i % API_RING]);
}

int api_ring_alloc(struct api_ring **rp)
{
	*rp = zj_alloc(sizeof(**rp), destructor);
	return *rp ? 0 : ENOMEM;
}

void api_ring_reset(struct api_ring *r, struct api_cursor floor)
{
	destructor(r);
	r->first = r->end;
	r->floor = floor;
}

void api_ring_put(struct api_ring *r, struct api_event *e)
{
	if (r->end - r->first == API_RING) {
		r->floor = r->events[r->first % API_RING].cursor;
		api_event_clear(&r->events[r->first++ % API_RING]);
	}
	r->events[r->end++ % API_RING] = *e;
}

long api_ring_after(const struct api_ring *r, struct api_cursor c)
{
	struct api_cursor last = r->end > r->first ? r->events[(r->end - 1) % API_RING].cursor : r->floor;
	if (c.epoch != last.epoch || c.epoch != r->floor.epoch || c.seq < r->floor.seq || c.seq > last.seq)
		return -1;
	long i = r->end;
	while (i > r->first && r->events[(i - 1) % API_RING].cursor.seq > c.seq)
		i--;
	return i;
}

struct api_event *api_ring_at(struct api_ring *r, long index)
{
	return index >= r->first && index < r->end ? &r->events[index % API_RING] : NULL;
}
