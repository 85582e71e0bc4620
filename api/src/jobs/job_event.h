/* `job.changed` on the event sockets, from the change log. As long as the process lives. */
#ifndef API_JOB_EVENT_H
#define API_JOB_EVENT_H
#include "server/api.h"

struct api_job_events;
int api_job_events_alloc(struct api_job_events **ep, struct api *api) ZJ_MUST_CHECK;
#endif
