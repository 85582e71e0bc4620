/* What agents have without being granted it, and where it stands in their menu: table comments say so ("desk", and
 * "leader" for whoever leads a group or queue). */
#ifndef API_DESK_H
#define API_DESK_H
#include "server/api.h"

/* The permissions of both, made with the schema; a new object {"desk": […], "leader": […]}. */
json_t *api_desk_make(const struct res_schema *s);
/* Adds them to an agent's own: where its role sees its own data only, and as far as the carrier lets tenants grant it.
 */
void api_desk_grant(struct api *api, struct api_who *w, const struct api_account *a);
/* The category that a resource stands in for the caller. */
const char *api_desk_category(const struct api_req *req, const struct res_def *r);
#endif
