/* leg.fax, leg.fax_stop, leg.ear. */
#include "control/methods.h"
#include "fax/fax.h"
#include <errno.h>

static bool is_plain(const char *s, size_t max)
{
	if (!s)
		return true;
	for (size_t i = 0; s[i]; i++)
		if (i >= max || s[i] < ' ' || s[i] > '~')
			return false;
	return true;
}

static bool fax_args(const json_t *p, struct md_fax_args *a, struct md_result *res)
{
	const char *what = md_str(p, "do");
	int64_t pages = md_int(p, "max_pages", 100);
	*a = (struct md_fax_args){
		.send = !strcmp(what, "send"),
		.offer_t38 = json_is_true(json_object_get(p, "t38")),
		.no_ecm = json_is_false(json_object_get(p, "ecm")),
		.station = md_str(p, "station"),
		.header = md_str(p, "header"),
		.max_ms = md_int(p, "max_ms", 3600000),
		.max_bytes = md_int(p, "max_bytes", 50000000),
	};
	if (!md_within(pages, 1, MD_FAX_PAGES_MAX, "max_pages: 1 to 1000", res) ||
	    !md_within(a->max_ms, 1000, 14400000, "max_ms: 1000 to 14400000", res) ||
	    !md_within(a->max_bytes, 1000, 1000000000, "max_bytes: 1000 to 1000000000", res))
		return false;
	a->max_pages = (unsigned)pages;
	if (!a->send && strcmp(what, "receive"))
		md_bad(res, "do: send or receive");
	else if (!is_plain(a->station, MD_FAX_STATION))
		md_bad(res, "station: at most 20 printable ASCII characters");
	else if (!is_plain(a->header, MD_FAX_HEADER))
		md_bad(res, "header: at most 50 printable ASCII characters");
	return !res->code;
}

static void leg_fax(struct md_leg *l, const json_t *p, struct md_peer *peer ZJ_UNUSED, struct md_result *res)
{
	struct md_fax_args a;
	if (!md_is_alive(l, res) || !fax_args(p, &a, res))
		return;
	if (l->state != MD_L_ANSWERED || l->codec == MD_CODEC_NONE) {
		md_refuse(res, "not_answered");
		return;
	}
	if (!md_codecs[l->codec].lossless) {
		md_refuse(res, "codec");
		return;
	}
	if (md_work_is(l->work, MD_WORK_FAX, NULL)) {
		md_refuse(res, "fax");
		return;
	}
	if (l->work)
		md_work_stop(l->work); /* the fax's tap takes its place */
	a.caller = l->out;
	int err = md_fax_start(l, md_str(p, "fax"), md_str(p, "path"), &a);
	if (err == EINVAL) {
		md_bad(res, "path: relative, ends in .tif, at most 500 bytes, no part begins with a dot");
	} else if (err == EIO) {
		md_refuse(res, a.send ? "no_such_file" : "disk");
	} else if (err) {
		res->code = ZJ_RPC_OVERLOAD;
		res->because = err == EAGAIN ? "faxes" : "memory";
	}
}
MD_LEG_METHOD(fax)

static void leg_fax_stop(struct md_leg *l, const json_t *p, struct md_peer *peer ZJ_UNUSED,
			 struct md_result *res ZJ_UNUSED)
{
	if (md_work_is(l->work, MD_WORK_FAX, md_str(p, "fax")))
		md_work_stop(l->work); /* one that is over needs no stopping */
}
MD_LEG_METHOD(fax_stop)

static void leg_ear(struct md_leg *l, const json_t *p, struct md_peer *peer ZJ_UNUSED, struct md_result *res)
{
	bool on = json_is_true(json_object_get(p, "on"));
	if (!md_is_alive(l, res))
		return;
	if (!on && md_work_is(l->work, MD_WORK_EAR, NULL)) {
		md_work_stop(l->work);
	} else if (on && md_work_is(l->work, MD_WORK_DETECT, NULL)) {
		md_refuse(res, "detect");
	} else if (on && !l->work && md_ear_start(l)) {
		res->code = ZJ_RPC_OVERLOAD;
		res->because = "memory";
	}
}
MD_LEG_METHOD(ear)

const struct zj_rpc_method md_fax_methods[] = {
	{"leg.fax", MD_C " fax:u do:s path:s station?:s header?:s max_pages?:i max_ms?:i max_bytes?:i ecm?:b t38?:b",
	 m_leg_fax, "Receives or sends a fax"},
	{"leg.fax_stop", MD_C " fax:u", m_leg_fax_stop, "Breaks it off"},
	{"leg.ear", MD_C " on:b", m_leg_ear, "Listens for fax tones"},
	{0},
};
