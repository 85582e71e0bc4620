/* What was answered to a command is answered to its repetition. */
#include "control/control.h"

static uint64_t hash(const char *s)
{
	uint64_t h = 1469598103934665603ull;
	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 1099511628211ull;
	return h;
}

bool md_cmd_find(const struct md_cmd_memory *m, const char *cmd_id, struct md_result *res)
{
	uint64_t h = hash(cmd_id);
	unsigned n = m->n < MD_CMD_KEPT ? m->n : MD_CMD_KEPT;
	for (unsigned i = 0; i < n; i++)
		if (m->done[i].hash == h) {
			*res = (struct md_result){
				.code = m->done[i].code, .because = m->done[i].because, .state = m->done[i].state};
			return true;
		}
	return false;
}

void md_cmd_keep(struct md_cmd_memory *m, const char *cmd_id, const struct md_result *res)
{
	unsigned i = m->n++ % MD_CMD_KEPT;
	if (m->n == 2 * MD_CMD_KEPT)
		m->n = MD_CMD_KEPT; /* full; counts on modulo MD_CMD_KEPT */
	m->done[i].hash = hash(cmd_id);
	m->done[i].code = res->code;
	m->done[i].because = res->because && res->because != res->text ? res->because
			     : res->code                               ? "refused before"
								       : NULL;
	m->done[i].state = res->state;
}
