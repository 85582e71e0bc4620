#ifndef ACD_QUEUE_H
#define ACD_QUEUE_H
#include "core/acd.h"

#define ACD_COMPARATORS_MAX 4
struct acd_comparator {
	const char *name;
	int64_t (*key)(const struct acd_member *m);
	bool largest_first;
};
/* A strategy is its comparators in order, the deciding one last; the agent's number breaks a tie. */
struct acd_strategy {
	const char *name;
	const struct acd_comparator *by[ACD_COMPARATORS_MAX];
};
const struct acd_strategy *acd_strategy_find(const char *name); /* unknown: longest_idle */
int acd_member_cmp(const struct acd_node *a, const struct acd_node *b);
int acd_visit_cmp(const struct acd_visit *a, const struct acd_visit *b);
int acd_waiting_cmp(const struct acd_node *a, const struct acd_node *b);
int acd_ready_cmp(const struct acd_node *a, const struct acd_node *b);
/* The decision, for people: the comparators with the values of the chosen and of who came next. */
json_t *acd_strategy_why(const struct acd_member *chosen, const struct acd_member *next, const struct acd_visit *v,
			 int64_t now);

struct acd_queue *acd_queue_find(struct acd_tenant *t, const char *id);
struct acd_queue *acd_queue_by_number(struct acd_tenant *t, const char *number);
void acd_queue_init(struct acd_queue *q);
void acd_queue_roll(struct acd_queue *q); /* counters of today start anew after midnight */
#endif
