/* Events that must arrive: numbered from 1, kept until acknowledged, sent again after a reconnect.
 * The receiver drops numbers it has seen and acknowledges cumulatively with the notification `ack {seq}`. */
#ifndef ZJ_OUTBOX_H
#define ZJ_OUTBOX_H
#include "zj_rpc.h"

struct zj_outbox;
/* `max` events are kept; over that the oldest goes and the next one sent says how many were lost in `lost`. */
int zj_outbox_alloc(struct zj_outbox **op, size_t max) ZJ_MUST_CHECK;
/* Adds `seq` to params (stolen), keeps it, sends it as notification `method` if a connection is attached. */
int zj_outbox_put(struct zj_outbox *o, const char *method, json_t *params);
/* The receiver is (back) on `conn` and has seen up to `seen`: everything later is sent again. NULL: it is away. */
void zj_outbox_attach(struct zj_outbox *o, struct zj_rpc_conn *conn, int64_t seen);
void zj_outbox_ack(struct zj_outbox *o, int64_t seq);
int64_t zj_outbox_last(const struct zj_outbox *o);
size_t zj_outbox_waiting(const struct zj_outbox *o);
#endif
