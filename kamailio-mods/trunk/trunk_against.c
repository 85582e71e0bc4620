/* What stands against an attempt: asked before each, and by people beforehand. */
#include "trunk_life.h"

#define RETRY_US 30000000LL

const char *trunk_obstacle_name(enum trunk_obstacle o)
{
	static const char *const names[TRUNK_OBSTACLES] = {
		[TRUNK_FREE] = "ok",
		[TRUNK_CLOSED] = "closed",
		[TRUNK_PAUSED] = "paused",
		[TRUNK_UNREACHABLE] = "unreachable",
		[TRUNK_UNREGISTERED] = "unregistered",
		[TRUNK_CHANNELS] = "full",
	};
	return (unsigned)o < TRUNK_OBSTACLES ? names[o] : "?";
}

enum trunk_obstacle trunk_life_against(const struct trunk_life *trunk, const struct trunk_life *host,
				       const struct trunk_hop *hop, bool closed, int64_t now_us)
{
	/* One that is never asked is tried again after a while: nobody else would find it alive. */
	bool down = host->host.health == TRUNK_DOWN && (hop->t.probe_s || now_us - host->host.missed_us < RETRY_US);
	if (closed)
		return TRUNK_CLOSED;
	if (trunk->trunk.paused_until_us > now_us)
		return TRUNK_PAUSED;
	if (down || (!host->host.n && !hop->next[0] && !hop->is_literal))
		return TRUNK_UNREACHABLE;
	if (hop->t.registers && trunk->trunk.reg == TRUNK_REG_FAILED)
		return TRUNK_UNREGISTERED;
	return TRUNK_FREE;
}

enum trunk_obstacle trunk_state_against(struct trunk_state *s, const struct trunk_hop *hop, bool closed, int64_t now_us)
{
	static const struct trunk_life nothing;
	trunk_lock(s);
	const struct trunk_life *trunk = trunk_life_find(s, &hop->trunk), *host = trunk_life_find(s, &hop->via);
	trunk = trunk ? trunk : &nothing;
	enum trunk_obstacle o = trunk_life_against(trunk, host ? host : &nothing, hop, closed, now_us);
	if (o == TRUNK_FREE && hop->t.max_calls >= 0 && trunk->calls >= hop->t.max_calls)
		o = TRUNK_CHANNELS;
	trunk_unlock(s);
	return o;
}
