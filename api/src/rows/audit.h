/* The audit log is a resource like others, but its rows tell of fields of all resources: whoever reads it sees of them
 * what he would see there. */
#ifndef API_AUDIT_H
#define API_AUDIT_H
#include "query.h"

struct api_req;
/* Is the request's resource the audit log? */
bool api_audit_is(const struct api_req *req);
/* May this be asked of it? A label that would be masked is not searched, filtered or sorted. Else answers. */
bool api_audit_query_allowed(struct api_req *req, const struct res_query *q);
/* Does the caller see every field of every resource whole? */
bool api_audit_sees_all(const struct api_req *req);
/* Adds one row's JSON as the caller may see it. */
void api_audit_add(struct api_req *req, struct res_buf *b, const char *row);
#endif
