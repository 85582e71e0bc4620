/* A carrier's account that begins to act inside a tenant leaves a mark in the tenant's audit log. */
#ifndef API_ENTER_H
#define API_ENTER_H
#include "server/api.h"

int api_entries_alloc(struct api_entries **ep) ZJ_MUST_CHECK;
void api_entries_close(struct api_entries *e);
/* False: it had to be recorded and could not be; answered. */
bool api_enter_note(struct api_req *req);
#endif
