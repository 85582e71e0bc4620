#ifndef ACD_DISPATCH_H
#define ACD_DISPATCH_H
#include "core/acd.h"

void acd_want_work(struct acd_agent *a);  /* it became free: consider it before the entry leaves */
void acd_want_agent(struct acd_visit *v); /* it waits for an agent: likewise */
void acd_forget_visit(struct acd_visit *v);
void acd_dispatch(struct acd *acd);
#endif
