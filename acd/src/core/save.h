#ifndef ACD_SAVE_H
#define ACD_SAVE_H
#include "core/acd.h"

/* The configuration must be there; agents come before calls. Nothing is told or done before the entry leaves. */
void acd_load_agent(struct acd_agent *a, const json_t *o);
void acd_load_queue(struct acd_queue *q, const json_t *o);
struct acd_call *acd_load_call(struct acd_tenant *t, const char *id, const json_t *o);
#endif
