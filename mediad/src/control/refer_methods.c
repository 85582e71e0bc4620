/* leg.refer, leg.notify: asking the far end to call somebody else, and telling it what became of its own asking. */
#include "control/methods.h"
#include <errno.h>

static bool is_up(const struct md_leg *l, struct md_result *res)
{
	if (l->dialog && l->state == MD_L_ANSWERED)
		return true;
	md_refuse(res, l->state == MD_L_ENDED ? "ended" : "not_answered");
	return false;
}

static void leg_refer(struct md_leg *l, const json_t *p, struct md_peer *peer ZJ_UNUSED, struct md_result *res)
{
	const char *to = md_str(p, "to"), *other = md_str(p, "replaces");
	struct md_leg *r = other ? md_leg_find(l->ctl, other) : NULL;
	if (!is_up(l, res))
		return;
	if (strlen(to) > 400 || strpbrk(to, "<>?\" \r\n") || (strncmp(to, "sip:", 4) && strncmp(to, "sips:", 5))) {
		md_bad(res, "to: a SIP URI");
		return;
	}
	if (other && (!r || !r->dialog || r == l || strcmp(r->tenant, l->tenant))) {
		md_refuse(res, "no_such_replaces");
		return;
	}
	int err = md_dialog_refer(l->dialog, to, r ? r->dialog : NULL);
	if (err)
		md_refuse(res, err == EBUSY ? "refer_open" : "no_such_replaces");
}
MD_LEG_METHOD(refer)

static void leg_notify(struct md_leg *l, const json_t *p, struct md_peer *peer ZJ_UNUSED, struct md_result *res)
{
	int64_t code = md_int(p, "code", 0);
	if (!is_up(l, res) || !md_within(code, 100, 699, "code: 100 to 699", res))
		return;
	if (md_dialog_notify(l->dialog, (int)code))
		md_refuse(res, "no_refer");
}
MD_LEG_METHOD(notify)

const struct zj_rpc_method md_refer_methods[] = {
	{"leg.refer", MD_C " to:s replaces?:u", m_leg_refer, "REFER; leg.notify tells the result"},
	{"leg.notify", MD_C " code:i", m_leg_notify, "What became of the far end's REFER"},
	{0},
};
