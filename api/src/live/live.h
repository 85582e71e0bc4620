/* Live events: one feed a tenant that has viewers, from acd to their WebSockets; and the board. */
#ifndef API_LIVE_H
#define API_LIVE_H
#include "rights/glass.h"
#include "rights/reach.h"
#include "server/api.h"

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

/* ring.c: the last events of a feed, for those who come back. */
struct api_cursor {
	int64_t epoch, seq;
};
bool api_cursor_read(const char *text, struct api_cursor *c);
struct api_ring;
struct api_event {
	struct api_cursor cursor;
	uint64_t serial; /* tells events apart in this process; never 0 */
	json_t *message; /* what is sent, through a clear glass; owned */
	json_t *data;    /* borrowed from `message` */
	char type[32];
	struct api_event_text *texts; /* as rendered until now */
};
/* What is sent to viewers with that glass: rendered once. Borrowed; NULL: memory is out. */
const char *api_event_text(struct api_event *e, api_glass glass);
void api_event_clear(struct api_event *e);
#define API_RING 2000
int api_ring_alloc(struct api_ring **rp) ZJ_MUST_CHECK;
/* Nothing before `floor` is known. */
void api_ring_reset(struct api_ring *r, struct api_cursor floor);
void api_ring_put(struct api_ring *r, struct api_event *e /* its members are taken over */);
/* The first event after `c`: an index for api_ring_at; -1 when what came after `c` is not all known. */
long api_ring_after(const struct api_ring *r, struct api_cursor c);
struct api_event *api_ring_at(struct api_ring *r, long index); /* NULL: the end */

/* viewer.c: one WebSocket. */
struct api_viewer;
struct api_feed;
struct api_viewer {
	struct api_feed *feed;
	struct api *api;
	struct api_who who;
	h2o_websocket_conn_t *conn;
	uint64_t serial;         /* tells viewers apart; never 0 */
	struct api_reach *reach; /* a reference; shared by viewers that see the same */
	api_glass glass;
	bool scoped;  /* the role's data scope decides: the database is asked now and then */
	bool reload;  /* its reach is to be looked up again */
	bool loading; /* its first reach is on its way: it gets nothing until then */
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
/* Gives the viewer a reach (stolen), and the glass of its rights; it waits for a snapshot when that changes anything.
 */
void api_viewer_set(struct api_viewer *v, struct api_reach *r);
#endif
