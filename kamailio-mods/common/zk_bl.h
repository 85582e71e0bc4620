/* What the module blacklist does for others, by an export that they find by name (find_export). */
#ifndef ZK_BL_H
#define ZK_BL_H
#include "zk_text.h"

/* blacklist_check() of a call that comes in, for those who have ids: true when the caller is barred; $bl(…). Zero ids
 * are left out. */
#define ZK_BL_CALLER "bl_caller"
struct zk_bl_call {
	struct zk_uuid tenant, did, trunk, extension, account;
};
typedef bool (*zk_bl_caller_f)(const struct zk_bl_call *c, const char *caller, int64_t now_s);
#endif
