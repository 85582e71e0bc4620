#include "queue/queue.h"
#include <string.h>

void acd_queue_init(struct acd_queue *q)
{
	acd_index_init(&q->idle, acd_member_cmp);
	acd_index_init(&q->waiting, acd_waiting_cmp);
	acd_index_init(&q->ready, acd_ready_cmp);
	q->strategy = acd_strategy_find("longest_idle");
}

struct acd_queue *acd_queue_find(struct acd_tenant *t, const char *id)
{
	struct acd_queue *q;

	HASH_FIND_STR(t->queues, id, q);
	return q && !q->gone ? q : NULL;
}

struct acd_queue *acd_queue_by_number(struct acd_tenant *t, const char *number)
{
	struct acd_queue *q = NULL;

	HASH_FIND(by_number, t->queues_by_number, number, strlen(number), q);
	return q && !q->gone ? q : NULL;
}

void acd_queue_roll(struct acd_queue *q)
{
	int64_t today = acd_day(q->tenant);

	if (q->day == today)
		return;
	q->day = today;
	q->offered = q->answered = q->abandoned = q->in_level = 0;
}
