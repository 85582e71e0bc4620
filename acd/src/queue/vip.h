/* VIP numbers: a caller's level, in all queues of the tenant or in some. */
#ifndef ACD_VIP_H
#define ACD_VIP_H
#include "core/acd.h"

void acd_vip_row(struct acd_tenant *t, const char *id, const json_t *row);
void acd_vips_free(struct acd_tenant *t);
/* The level of a caller's number in this queue; 0: no VIP. A plus does not count. */
int64_t acd_vip_level(const struct acd_tenant *t, const char *caller, const char *queue_id);
#endif
