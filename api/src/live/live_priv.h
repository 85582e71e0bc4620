/* Between live.c (feeds), watch.c (what each viewer may see) and snapshot.c (boards as they are sent). */
#ifndef API_LIVE_PRIV_H
#define API_LIVE_PRIV_H
#include "live/live.h"
#include <uthash.h>

/* An event on its way, coalesced with later ones of the same entity. */
struct pending {
	struct api_event e;
	char id[ZJ_UUID_SIZE];
	struct pending *prev, *next;
};

struct api_feed {
	struct api_live *live;
	char tenant[ZJ_UUID_SIZE];
	struct api_viewer *viewers;
	struct pending *pending;
	struct api_ring *ring;
	uv_timer_t timer;
	int64_t flushed_us, empty_us; /* empty_us: since when nobody watches */
	bool subscribed, subscribing;
	bool asking; /* a board is on its way */
	bool gap;    /* events are missing: the next board begins the ring anew */
	UT_hash_handle hh;
};

struct api_live {
	struct api *api;
	struct api_feed *feeds;
	uv_timer_t tick;
	unsigned ticks;
	int64_t viewers;
	uint64_t serial; /* the last event's and the last viewer's */
};

struct api_feed *api_feed_find(struct api_live *l, const char *tenant);
/* Asks acd for a board when somebody waits for one. */
void api_feed_ask_board(struct api_feed *f);

/* watch.c */
void api_viewer_reach_ask(struct api_viewer *v);
void api_viewer_share_reach(struct api_viewer *v); /* with another viewer of its feed that sees the same */
void api_feed_reload_some(struct api_feed *f, unsigned ticks);

/* snapshot.c: boards as different viewers see them, each made once. Begin with NULL; a text is borrowed. */
struct api_snapshot;
const char *api_snapshot_of(struct api_snapshot **all, const json_t *board, const struct api_viewer *v);
void api_snapshot_free(struct api_snapshot *all);
#endif
