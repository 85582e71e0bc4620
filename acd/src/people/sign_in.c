/* On which telephone an agent sits. */
#include "people/agent.h"
#include "people/extension.h"
#include <string.h>

enum acd_seat acd_seat_parse(const char *mode)
{
	return !strcmp(mode, "fixed")         ? ACD_SEAT_FIXED
	       : !strcmp(mode, "self_chosen") ? ACD_SEAT_SELF_CHOSEN
					      : ACD_SEAT_ADAPTIVE;
}

static bool is_free(const struct acd_agent *a, const struct acd_extension *e)
{
	return !e->gone && e->enabled && (!e->agent || e->agent == a);
}

/* One of his account's whose phone is there; the smallest number, so that it is the same one each time. */
static struct acd_extension *of_account(const struct acd_agent *a)
{
	struct acd_extension *e, *next, *best = NULL;

	HASH_ITER (hh, a->tenant->extensions, e, next)
		if (a->account_id[0] && !strcmp(e->account_id, a->account_id) && is_free(a, e) &&
		    acd_extension_is_here(e) && (!best || strcmp(e->number, best->number) < 0))
			best = e;
	return best;
}

struct acd_extension *acd_agent_seat(const struct acd_agent *a, const char *number, const char **because)
{
	struct acd_extension *e = acd_extension_find(a->tenant, a->extension_id), *other;

	if (*number) {
		e = acd_extension_by_number(a->tenant, number);
		*because = "no such extension";
		return e;
	}
	if (a->seat == ACD_SEAT_ADAPTIVE && (!e || !is_free(a, e) || !acd_extension_is_here(e))) {
		other = of_account(a);
		e = other ? other : e;
	}
	*because = a->seat == ACD_SEAT_SELF_CHOSEN ? "choose an extension" : "the agent has no extension";
	return e;
}

const char *acd_agent_sign_in(struct acd_agent *a, struct acd_extension *e, bool anyway, enum acd_cause cause,
			      const char *by_account)
{
	if (!a->enabled)
		return "the agent is disabled";
	if (e->agent && e->agent != a)
		return "the extension is in use by another agent";
	if (a->seat == ACD_SEAT_FIXED && a->extension_id[0] && strcmp(a->extension_id, e->id) != 0)
		return "the agent's extension is fixed";
	if (a->state != ACD_SIGNED_OUT)
		return strcmp(a->ext, e->number) ? "signed in on another extension" : NULL;
	if (!anyway && !acd_extension_is_here(e))
		return "the phone is not registered: log in the phone";
	ACD_COPY(a->ext, e->number);
	e->agent = a;
	a->retry_at = 0;
	a->rest = a->leave = false;
	acd_agent_do(a, &(struct acd_agent_change){.event = ACD_EV_SIGN_IN, .cause = cause, .by_account = by_account});
	if (e->busy_at_sign_in)
		acd_agent_do(a, &(struct acd_agent_change){.event = ACD_EV_REST, .cause = ACD_CAUSE_SYSTEM});
	return NULL;
}

struct acd_agent *acd_extension_agent(const struct acd_extension *e)
{
	struct acd_agent *a, *next;

	if (e->agent)
		return e->agent;
	HASH_ITER (hh, e->tenant->agents, a, next)
		if (!a->gone && !strcmp(a->extension_id, e->id))
			return a;
	return NULL;
}
