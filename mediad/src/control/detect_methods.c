/* leg.detect, leg.detect_stop. */
#include "control/methods.h"
#include "progress/progress.h"
#include <errno.h>
#include <stddef.h>

/* The rules that a controller may set. */
static const struct {
	const char *key;
	size_t offset;
	int64_t low, high;
	const char *bounds;
} rows[] = {
#define ROW(name, low, high)                                                                                           \
	{                                                                                                              \
#name, offsetof(struct md_progress_rules, name), low, high, #name ": " #low " to " #high               \
	}
	ROW(silence_ms, 500, 30000), ROW(greeting_ms, 500, 15000), ROW(pause_ms, 200, 5000),
	ROW(max_ms, 1000, 60000),    ROW(beep_ms, 0, 180000),
};

static bool rules_of(const json_t *p, struct md_progress_rules *rules, struct md_result *res)
{
	*rules = md_progress_rules_default;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(rows); i++) {
		unsigned *rule = (unsigned *)(void *)((char *)rules + rows[i].offset);
		int64_t v = md_int(p, rows[i].key, *rule);
		if (!md_within(v, rows[i].low, rows[i].high, rows[i].bounds, res))
			return false;
		*rule = (unsigned)v;
	}
	return true;
}

static void leg_detect(struct md_leg *l, const json_t *p, struct md_peer *peer ZJ_UNUSED, struct md_result *res)
{
	struct md_progress_rules rules;
	if (!md_is_alive(l, res) || !rules_of(p, &rules, res))
		return;
	if (md_work_is(l->work, MD_WORK_FAX, NULL) || md_work_is(l->work, MD_WORK_DETECT, NULL)) {
		md_refuse(res, md_work_is(l->work, MD_WORK_FAX, NULL) ? "fax" : "detect");
		return;
	}
	if (l->work)
		md_work_stop(l->work); /* an ear: our tap takes its place */
	int err = md_detect_start(l, md_str(p, "detect"), &rules);
	if (!err)
		return;
	res->code = ZJ_RPC_OVERLOAD;
	res->because = err == EAGAIN ? "detects" : "memory";
}
MD_LEG_METHOD(detect)

static void leg_detect_stop(struct md_leg *l, const json_t *p, struct md_peer *peer ZJ_UNUSED,
			    struct md_result *res ZJ_UNUSED)
{
	if (md_work_is(l->work, MD_WORK_DETECT, md_str(p, "detect")))
		md_work_stop(l->work); /* one that is over needs no stopping */
}
MD_LEG_METHOD(detect_stop)

const struct zj_rpc_method md_detect_methods[] = {
	{"leg.detect", MD_C " detect:u silence_ms?:i greeting_ms?:i pause_ms?:i max_ms?:i beep_ms?:i", m_leg_detect,
	 "Listens for the progress of its call"},
	{"leg.detect_stop", MD_C " detect:u", m_leg_detect_stop, "Listens no more"},
	{0},
};
