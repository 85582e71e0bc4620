/* The ledger: what happened to log-ins, for the audit log. An event is in a spool on disk when api_ledger_put returns,
 * so that none is lost while PostgreSQL is away or when this process is killed; from there it goes to zj.audit, once.
 */
#ifndef API_LEDGER_H
#define API_LEDGER_H
#include "zj_pg.h"
#include <jansson.h>

struct api_req;
struct api_ledger;
/* One event. NULL: not known. Texts are copied; they are whatever somebody sent. */
struct api_ledger_event {
	const char *event; /* as zj.audit allows */
	const char *tenant, *account, *actor, *label, *source, *request;
	json_t *changes; /* stolen; {field: [old, new]} */
};
int api_ledger_alloc(struct api_ledger **lp, uv_loop_t *loop, struct zj_pg *pg, const char *dir) ZJ_MUST_CHECK;
void api_ledger_close(struct api_ledger *l);
/* Not 0: it could not be kept (the disk is full): what it tells of must not happen. */
int api_ledger_put(struct api_ledger *l, const struct api_ledger_event *e) ZJ_MUST_CHECK;
/* An event of the request's account in the tenant where it acts. False: it could not be kept, and 503 was answered. */
bool api_event(struct api_req *req, const char *event, const char *label, json_t *changes) ZJ_MUST_CHECK;
#endif
