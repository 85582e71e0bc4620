#include "edge_flood.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US 1000000

/* One source in its current second. `held` is the last refusal not sent yet, its count how many it stands for. */
struct source {
	int64_t since_us;
	unsigned sent;
	struct edge_event *held;
};

struct edge_flood {
	edge_flood_h *h;
	void *arg;
	unsigned holding;
	struct source sources[EDGE_FLOOD_SOURCES];
};

int edge_flood_alloc(struct edge_flood **fp, edge_flood_h *h, void *arg)
{
	struct edge_flood *f = calloc(1, sizeof *f);
	if (!f)
		return ENOMEM;
	f->h = h;
	f->arg = arg;
	*fp = f;
	return 0;
}

void edge_flood_free(struct edge_flood *f)
{
	for (unsigned i = 0; f && i < EDGE_FLOOD_SOURCES; i++)
		free(f->sources[i].held);
	free(f);
}

static void let_go(struct edge_flood *f, struct source *s)
{
	struct edge_event *e = s->held;
	if (!e)
		return;
	s->held = NULL;
	f->holding--;
	f->h(e, f->arg);
	free(e);
}

/* Ports differ from packet to packet: the source is the address before the last colon. */
static struct source *source_of(struct edge_flood *f, const struct edge_event *e)
{
	const char *colon = strrchr(e->source, ':');
	size_t len = colon ? (size_t)(colon - e->source) : strlen(e->source);
	return &f->sources[zk_hash(NULL, 0, e->source, len) % EDGE_FLOOD_SOURCES];
}

static bool same_story(const struct edge_event *a, const struct edge_event *b)
{
	return a->code == b->code && !strcmp(a->because, b->because) && !zk_uuid_cmp(&a->tenant, &b->tenant);
}

static void hold(struct edge_flood *f, struct source *s, const struct edge_event *e)
{
	if (s->held && !same_story(s->held, e))
		let_go(f, s);
	unsigned count = s->held ? s->held->count + 1 : 1;
	if (!s->held) {
		s->held = malloc(sizeof *s->held);
		if (!s->held) {
			f->h(e, f->arg);
			return;
		}
		f->holding++;
	}
	*s->held = *e;
	s->held->count = count;
}

/* Other kinds than refusals pass. */
void edge_flood_put(struct edge_flood *f, const struct edge_event *e, int64_t now_us)
{
	if (e->kind != EDGE_REJECTED) {
		f->h(e, f->arg);
		return;
	}
	struct source *s = source_of(f, e);
	if (now_us - s->since_us >= SECOND_US) {
		let_go(f, s);
		s->since_us = now_us;
		s->sent = 0;
	}
	if (s->sent >= EDGE_FLOOD_RATE) {
		hold(f, s, e);
		return;
	}
	s->sent++;
	f->h(e, f->arg);
}

int64_t edge_flood_tick(struct edge_flood *f, int64_t now_us)
{
	int64_t next = -1;
	for (unsigned i = 0; f->holding && i < EDGE_FLOOD_SOURCES; i++) {
		struct source *s = &f->sources[i];
		if (!s->held)
			continue;
		int64_t left = s->since_us + SECOND_US - now_us;
		if (left <= 0)
			let_go(f, s);
		else if (next < 0 || left < next)
			next = left;
	}
	return next;
}
