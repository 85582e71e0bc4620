#ifndef ACD_TALK_RECORD_H
#define ACD_TALK_RECORD_H
#include "core/acd.h"

/* Records from now on when it is wished (by a queue), or when tenant, account or phone say that everything is; once. */
void acd_talk_record(struct acd_call *call, bool wished);
void acd_talk_record_stop(struct acd_call *call);
/* `what`: start, stop, pause, resume. `admin`: who may do all of it, whatever agents may. NULL: done; else why not. */
const char *acd_talk_record_do(struct acd_call *call, const char *what, bool admin);
void acd_talk_record_restored(struct acd_call *call); /* after a restart: a pause has its end again */
/* What mediad needs to record: a path below the store and, where the tenant's recordings are sealed, a key. */
void acd_record_where(struct acd_tenant *t, json_t *params, const char *path);
void acd_record_key_row(struct acd_tenant *t, const char *id, const json_t *row); /* of the configuration */
void acd_record_path(struct acd_call *call, char *path, size_t size); /* of its next recording, below the store */
#endif
