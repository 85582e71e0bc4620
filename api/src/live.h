/* Live events: one feed a tenant that has viewers, from acd to their WebSockets; and the board. */
#ifndef API_LIVE_H
#define API_LIVE_H
#include "api.h"

int api_live_alloc(struct api_live **lp, struct api *api) ZJ_MUST_CHECK;
void api_live_close(struct api_live *l);
void api_live_event(struct api_live *l, json_t *params); /* borrowed: {tenant, cursor, at, type, data} */
void api_live_acd(struct api_live *l, bool up);
/* Somebody's rights may have changed: who has lost his is shown out. */
void api_live_rights(struct api_live *l);
/* Closes the sockets of a session that ended; `because` goes to the page. */
void api_live_session_ended(struct api_live *l, const char *hash, const char *because);

/* Tells a text to those viewers of the tenant whom `may` accepts; it has no cursor and is not told again. */
struct api_viewer;
typedef bool(api_live_may_h)(const struct api_viewer *v, void *arg);
void api_live_tell(struct api_live *l, const char *tenant, api_live_may_h *may, void *arg, const char *text);

/* Does the entity of an event concern the agent? `type` is the event's, e.g. `call.changed`. */
bool api_live_concerns(const char *type, const json_t *data, const char *agent);
bool api_live_is_agents(const json_t *call, const char *agent);
/* The board as one who sees only what concerns `agent`; a new object. */
json_t *api_live_board_of(const json_t *board, const char *agent);

/* ring.c: the last events of a feed, for those who come back. */
struct api_cursor {
	int64_t epoch, seq;
};
bool api_cursor_read(const char *text, struct api_cursor *c);
struct api_ring;
struct api_event {
	struct api_cursor cursor;
	json_t *data; /* owned */
	char type[32];
	char *text; /* what is sent; an object */
};
#define API_RING 2000
int api_ring_alloc(struct api_ring **rp) ZJ_MUST_CHECK;
/* Nothing before `floor` is known. */
void api_ring_reset(struct api_ring *r, struct api_cursor floor);
void api_ring_put(struct api_ring *r, struct api_event *e /* its members are taken over */);
/* The first event after `c`: an index for api_ring_at; -1 when what came after `c` is not all known. */
long api_ring_after(const struct api_ring *r, struct api_cursor c);
const struct api_event *api_ring_at(const struct api_ring *r, long index); /* NULL: the end */

/* viewer.c: one WebSocket. */
struct api_viewer;
struct api_feed;
struct api_viewer {
	struct api_feed *feed;
	struct api *api;
	struct api_who who;
	h2o_websocket_conn_t *conn;
	bool all;     /* sees everything of the tenant; else what concerns its agent */
	bool waiting; /* for a snapshot: events are not sent meanwhile */
	bool slow;    /* its buffer was full */
	int64_t heard_us, closing_us;
	uint16_t close_code; /* due when all texts have left */
	struct api_viewer *prev, *next;
};
/* May it watch at all? People may, if only for their jobs; a program needs a reason. */
bool api_viewer_may(const struct api_who *who);
void api_viewer_send(struct api_viewer *v, const char *text);
void api_viewer_end(struct api_viewer *v, unsigned code, const char *because);
bool api_viewer_drained(const struct api_viewer *v);
void api_viewer_tick(struct api_viewer *v, int64_t now_us, bool ping);
void api_live_join(struct api_live *l, struct api_viewer *v, const char *after /* may be NULL */);
void api_live_leave(struct api_viewer *v);
#endif
