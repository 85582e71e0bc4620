/* The directory: tenants, roles, accounts, access tokens and agents in memory, following the database. Whatever is
 * found is borrowed until the loop's next turn. */
#ifndef API_DIRECTORY_H
#define API_DIRECTORY_H
#include "zj_obj.h"
#include "zj_time.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct api_tenant {
	char id[ZJ_UUID_SIZE];
	json_t *row; /* name, title, kind, language, time_zone, sip_domain */
	bool carrier, enabled;
};
struct api_account {
	char id[ZJ_UUID_SIZE], tenant[ZJ_UUID_SIZE], role[ZJ_UUID_SIZE];
	json_t *row;    /* id, username, name */
	char *password; /* argon2id; an object */
	char mark[17];  /* changes with the password: a session of an older one is void */
	bool enabled;
};
struct api_token {
	char id[ZJ_UUID_SIZE], tenant[ZJ_UUID_SIZE], account[ZJ_UUID_SIZE], hash[65];
	json_t *perms;
	int64_t expires_us; /* 0: never */
	bool enabled;
};
struct api_agent {
	char id[ZJ_UUID_SIZE], tenant[ZJ_UUID_SIZE], account[ZJ_UUID_SIZE];
	json_t *row; /* id, number, name, extension_id */
};

struct api_directory;
/* `changed_h`: somebody's rights may have changed. `schema_h`: the schema changed (and once when everything is loaded).
 */
typedef void(api_directory_h)(void *arg);
int api_directory_alloc(struct api_directory **dp, uv_loop_t *loop, const char *conninfo, api_directory_h *changed_h,
			api_directory_h *schema_h, void *arg) ZJ_MUST_CHECK;
void api_directory_close(struct api_directory *d);
bool api_directory_ready(const struct api_directory *d);

/* Read your own writes: `h` runs when the change of this row, committed since `since_us` (zj_mono_us), is in the
 * directory, or after half a second. At once (before return) when it is there already, or the table is not followed. */
typedef void(api_directory_wait_h)(void *arg);
void api_directory_wait(struct api_directory *d, const char *table, const char *id, int64_t since_us, bool gone,
			api_directory_wait_h *h, void *arg);

const struct api_tenant *api_tenant_find(const struct api_directory *d, const char *id);
/* NULL name: the carrier's. */
const struct api_tenant *api_tenant_by_name(const struct api_directory *d, const char *name);
const struct api_account *api_account_find(const struct api_directory *d, const char *id);
const struct api_account *api_account_by_name(const struct api_directory *d, const char *tenant, const char *username);
const struct api_token *api_token_find(const struct api_directory *d, const char *hash);
const struct api_agent *api_agent_find(const struct api_directory *d, const char *id);
const struct api_agent *api_agent_of(const struct api_directory *d, const char *account);
/* What the holder of a row of role, account or api_token may do; NULL: nothing, or another table. */
const json_t *api_row_perms(const struct api_directory *d, const char *table, const char *id);
const json_t *api_role_perms(const struct api_directory *d, const char *role); /* NULL: none */
#endif
