/* A tenant's configuration as one archive: a ZIP with `manifest.json`, a file of JSON lines for each resource, and the
 * sounds of its prompts. Secrets (passwords, digests, one-time codes, tokens) are not in it. docs/tenant-archive.md. */
#ifndef WK_TENANT_H
#define WK_TENANT_H
#include "worker.h"

#define WK_ARCHIVE_FORMAT 1
#define WK_ARCHIVE_ROW    (4u << 20)   /* bytes of a row */
#define WK_ARCHIVE_ROWS   500000u      /* rows of all resources together */
#define WK_ARCHIVE_TEXT   (512u << 20) /* bytes that they may unpack to */

/* Resources of the archive, in an order in which most references point backwards. NULL-ended, malloc'd. */
int wk_tenant_resources(struct wk_job *job, const struct res_def ***list) ZJ_MUST_CHECK;
/* Columns that the archive has: what can be written and is no secret. */
bool wk_tenant_column(const struct res_def *d, const struct res_field *f);
/* Opens a transaction as the job's account inside of `tenant`. */
int wk_tenant_begin(struct wk_job *job, const char *tenant, const char *options) ZJ_MUST_CHECK;
#endif
