/* What an edge banned becomes a row, which all edges follow and the carrier may delete. */
#include "core/events.h"
#include "shell/daemon.h"
#include <string.h>

static struct acd_tenant *carrier(struct acd *acd)
{
	struct acd_tenant *t, *next;

	HASH_ITER (hh, acd->tenants, t, next)
		if (t->carrier)
			return t;
	return NULL;
}

/* An account that somebody guesses at is held back: its team hears so. */
static void locked(struct acd *acd, const json_t *p)
{
	struct acd_tenant *t = acd_tenant_find(acd, acd_str(p, "tenant"));
	const char *what = acd_str(p, "what");

	if (!t)
		return;
	acd_enter(acd);
	acd_event(t, "extension.locked",
		  json_pack("{s:s%, s:s, s:s, s:I}", "extension", what, strcspn(what, "@"), "source",
			    acd_str(p, "source"), "because", acd_str(p, "because"), "seconds",
			    (json_int_t)acd_int(p, "seconds", 0)));
	acd_leave(acd);
}

void acd_edge_banned(struct acd *acd, const char *edge, const json_t *p)
{
	struct acd_tenant *t = carrier(acd);
	int64_t at = acd_int(p, "at", acd->now), seconds = acd_int(p, "seconds", 0);

	zj_warn("edge", "banned what=%s kind=%s because=%s seconds=%lld edge=%s", zj_log_esc(acd_str(p, "what")),
		zj_log_esc(acd_str(p, "kind")), zj_log_esc(acd_str(p, "because")), (long long)seconds,
		zj_log_esc(edge));
	if (!strcmp(acd_str(p, "kind"), "lock")) {
		locked(acd, p);
		return;
	}
	if (!t || !zj_uuid_is_valid(acd_str(p, "ban")) || seconds < 1)
		return;
	acd_enter(acd);
	acd_fact(t, "ban",
		 json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s}", "id", acd_str(p, "ban"), "kind",
			   acd_str(p, "kind"), "what", acd_str(p, "what"), "because", acd_str(p, "because"), "edge",
			   edge, "from_at", acd_json_time(at), "until_at", acd_json_time(at + seconds * ACD_S), "note",
			   ""));
	acd_leave(acd);
}
