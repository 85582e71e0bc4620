/* What would happen to a call, and what each route of its tenant has to say to that. For people who ask, not for calls:
 * it looks at every route there is. */
#ifndef DID_EXPLAIN_H
#define DID_EXPLAIN_H
#include "did_route.h"

enum did_verdict { DID_WINS, DID_BEATEN, DID_DOES_NOT_MATCH };
struct did_opinion {
	struct zk_uuid route;
	int32_t priority;
	enum did_verdict verdict;
	unsigned against;       /* DID_NOT_… */
	const char *decided_by; /* of a beaten one: what put the winner before it */
};
#define DID_OPINIONS_MAX 100
struct did_explanation {
	enum did_result result;
	struct did_hit hit;
	struct did_local now; /* the tenant's time */
	bool holiday;
	size_t routes; /* all of the tenant */
	size_t count;  /* opinions: the winner, the beaten, then those with the least against the call */
	struct did_opinion opinions[DID_OPINIONS_MAX];
};
/* `tenant` may be NULL; else numbers of others don't exist. */
void did_explain(struct zk_store *store, const struct did_query *q, const struct zk_uuid *tenant,
		 struct did_explanation *e);
#endif
