/* What changed in an entry is marked dirty and, when the entry leaves, saved and told once: one event an entity, with
 * the whole entity as the board shows it (docs/control-protocol.md). */
#ifndef ACD_EVENTS_H
#define ACD_EVENTS_H
#include "core/acd.h"

#define ACD_EVENTS_KEPT 2000 /* a tenant; older ones are in Redis (10 minutes) and in the table */

void acd_agent_dirty(struct acd_agent *a);
void acd_queue_dirty(struct acd_queue *q, bool quiet); /* quiet: saved, not told */
void acd_call_dirty(struct acd_call *c);
void acd_visit_dirty(struct acd_visit *v);
void acd_call_clean(struct acd_call *c); /* it goes */
void acd_visit_clean(struct acd_visit *v);
void acd_visit_ended(struct acd_visit *v, enum acd_left how); /* told at once */
void acd_call_ended(struct acd_call *c);
void acd_event(struct acd_tenant *t, const char *type, json_t *data /* stolen */); /* tells it at once */
void acd_tell(struct acd_tenant *t);

/* Events after `cursor` go to `h`, oldest first; false: they are not all held. NULL: none, true. */
bool acd_events_since(const struct acd_tenant *t, const char *cursor, void (*h)(json_t *event, void *arg), void *arg);
char *acd_cursor(const struct acd_tenant *t, char out[48]);
void acd_events_restore(struct acd_tenant *t, json_t *event); /* of the stream, oldest first; borrowed */

/* board.c: the entities */
json_t *acd_board_agent(const struct acd_agent *a);
json_t *acd_board_queue(struct acd_queue *q);
json_t *acd_board_call(const struct acd_call *c);
json_t *acd_board_visit(const struct acd_visit *v);
json_t *acd_board(struct acd_tenant *t); /* {cursor, queues, agents, calls, visits} */
json_t *acd_board_calls(struct acd *acd, const char *tenant /* NULL: of all */);

/* save.c: the same entities, all that a successor needs */
json_t *acd_save_agent(const struct acd_agent *a);
json_t *acd_save_queue(const struct acd_queue *q);
json_t *acd_save_call(const struct acd_call *c);
#endif
