/* The callers' views of resources (resource/src/view.h), made once for all who see the same. */
#ifndef API_VIEWS_H
#define API_VIEWS_H
#include "view.h"

struct api_req;
struct api_views;
int api_views_alloc(struct api_views **vp) ZJ_MUST_CHECK;
void api_views_close(struct api_views *v);

/* What the caller sees of the resource of the request (of any other). Borrowed until the request ends; NULL: a problem
 * was answered. */
const struct res_view *api_view(struct api_req *req);
const struct res_view *api_view_of(struct api_req *req, const struct res_def *def);
/* The same to be looked at only now: borrowed until the loop's next turn; NULL: out of memory, nothing was answered. */
const struct res_view *api_view_look(struct api_req *req, const struct res_def *def);
/* The rows of role_field of the caller's role; NULL: none. Borrowed until the loop's next turn. */
const json_t *api_view_role_fields(const struct api_req *req);
#endif
