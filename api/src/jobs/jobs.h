/* Background jobs: rows that the worker takes. The api only writes them down, and says when they may not be. */
#ifndef API_JOBS_H
#define API_JOBS_H
#include "server/once.h"

struct api_job {
	const char *kind, *resource; /* resource NULL: none */
	const char *event;           /* of the audit log */
	const char *run_at;          /* RFC 3339; NULL: now */
	json_t *params;              /* owned by the job */
	bool exports;                /* export windows hold for it */
	char upload[ZJ_UUID_SIZE];   /* the file it reads: complete, the caller's; empty: none */
};
/* Checks the tenant's limits, writes the job and its audit event in one transaction (once, by Idempotency-Key), answers
 * 202 with the job, or a problem. `job` is copied, its params are taken over. */
void api_job_start(struct api_req *req, struct api_job job);
#endif
