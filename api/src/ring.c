#include "live.h"
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

static void drop(struct api_event *e)
{
	json_decref(e->data);
	zj_deref(e->text);
	*e = (struct api_event){0};
}

static void destructor(void *obj)
{
	struct api_ring *r = obj;
	for (long i = r->first; i < r->end; i++)
		drop(&r->events[i % API_RING]);
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
		drop(&r->events[r->first++ % API_RING]);
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

const struct api_event *api_ring_at(const struct api_ring *r, long index)
{
	return index >= r->first && index < r->end ? &r->events[index % API_RING] : NULL;
}
