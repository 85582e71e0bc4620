/* How much of a tenant's live data somebody sees: all of it, what concerns one's own agent, what a supervisor looks
 * after, or the data scope of the account's role. An object; those of equal content are shared by a feed's viewers. */
#ifndef API_REACH_H
#define API_REACH_H
#include "server/api.h"

struct api_reach;
/* What `permission` (live.read, calls.read) lets the caller see. From memory, at once. `*exact` false: the role's data
 * scope decides, and only the database knows it; what is returned is the part that is sure. NULL: memory is out. */
struct api_reach *api_reach_now(struct api *api, const struct api_who *who, const char *permission, bool *exact);
/* Exactly: `h` runs once, perhaps before return, and owns the reach (NULL: memory is out). While the database is away
 * it is what api_reach_now says. */
typedef void(api_reach_h)(struct api_reach *r, void *arg);
void api_reach_load(struct api *api, const struct api_who *who, const char *permission, api_reach_h *h, void *arg);
bool api_reach_is_all(const struct api_reach *r);
bool api_reach_equal(const struct api_reach *a, const struct api_reach *b);
/* Does an entity of the live data lie within? `type` begins with what it is: `call.changed`, `queue.`. */
bool api_reach_sees(const struct api_reach *r, const char *type, const json_t *data);
/* The same for an event that other viewers of this reach were asked about: `event` tells events apart, 0 is none. */
bool api_reach_sees_event(struct api_reach *r, uint64_t event, const char *type, const json_t *data);
/* The board as it looks from there; a new object. */
json_t *api_reach_board(const struct api_reach *r, const json_t *board);

/* May the caller command other agents (calls) at all, and whom? `permission` is agents.control or calls.control: held
 * by the account for the whole tenant, or by account or agent role for those whom its agent looks after. */
enum api_command { API_COMMAND_NONE, API_COMMAND_MANAGED, API_COMMAND_ALL };
enum api_command api_command_reach(struct api *api, const struct api_who *who, const char *permission);
#endif
