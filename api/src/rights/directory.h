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
	json_t *row; /* name, title, kind, language, time_zone, sip_domain, display_name, logo_id */
	bool carrier, enabled;
};
/* What a tenant says about log-ins and passwords. */
struct api_setting {
	char tenant[ZJ_UUID_SIZE];
	int password_min_length, password_classes, password_history, password_days, lockout_tries, session_minutes;
	bool password_no_runs, one_login, totp_required;
	char user_login_host[256], agent_login_host[256];
};
enum api_scope { API_SCOPE_OWN, API_SCOPE_GROUP, API_SCOPE_DEPARTMENT, API_SCOPE_CHOSEN, API_SCOPE_TENANT };
struct api_role {
	char id[ZJ_UUID_SIZE], tenant[ZJ_UUID_SIZE];
	json_t *row; /* id, name */
	json_t *perms;
	enum api_scope scope; /* whose data its accounts see */
	bool admin;           /* the tenant's system administrator: everything, for ever */
};
struct api_account {
	char id[ZJ_UUID_SIZE], tenant[ZJ_UUID_SIZE], role[ZJ_UUID_SIZE];
	json_t *row;      /* id, username, name, type, language */
	char *password;   /* argon2id; an object */
	char mark[17];    /* changes with the password: a session of an older one is void */
	char *totp;       /* the sealed secret; an object; NULL: none */
	json_t *history;  /* former passwords' hashes, newest first */
	int64_t since_us; /* when the password was set */
	bool enabled, totp_enabled, must_change;
};
struct api_token {
	char id[ZJ_UUID_SIZE], tenant[ZJ_UUID_SIZE], account[ZJ_UUID_SIZE], hash[65];
	json_t *perms;
	json_t *sources;    /* the addresses that it may come from; NULL: any */
	int64_t expires_us; /* 0: never */
	bool enabled;
};
struct api_agent {
	char id[ZJ_UUID_SIZE], tenant[ZJ_UUID_SIZE], account[ZJ_UUID_SIZE];
	char group[ZJ_UUID_SIZE], role[ZJ_UUID_SIZE]; /* empty: none */
	bool leader;                                  /* looks after groups or queues */
	json_t *row;                                  /* id, number, name, extension_id, leader */
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
/* Never NULL: a tenant without a row has the defaults. */
const struct api_setting *api_setting_of(const struct api_directory *d, const char *tenant);
/* By the name of the host that a browser asked; NULL: nobody's. `agents`: it is the one for agents. */
const struct api_tenant *api_tenant_by_host(const struct api_directory *d, const char *host, bool *agents);
/* Calls `h` for each tenant. */
typedef void(api_tenant_h)(const struct api_tenant *t, void *arg);
void api_tenant_each(const struct api_directory *d, api_tenant_h *h, void *arg);
const struct api_role *api_role_find(const struct api_directory *d, const char *id);
void api_account_mark(const char *password_hash, char mark[17]);
const struct api_account *api_account_find(const struct api_directory *d, const char *id);
const struct api_account *api_account_by_name(const struct api_directory *d, const char *tenant, const char *username);
const struct api_token *api_token_find(const struct api_directory *d, const char *hash);
const struct api_agent *api_agent_find(const struct api_directory *d, const char *id);
const struct api_agent *api_agent_of(const struct api_directory *d, const char *account);
/* What the agent's role allows on the agent's own platform; NULL: it has none. */
const json_t *api_agent_perms(const struct api_directory *d, const struct api_agent *a);
/* Is `other` in a group (a queue) that `agent` manages? */
bool api_agent_manages(const struct api_directory *d, const char *agent, const struct api_agent *other);
bool api_agent_manages_queue(const struct api_directory *d, const char *agent, const char *queue);
/* Arrays of whole rows that never change (a change makes a new array); NULL: none. */
const json_t *api_role_fields(const struct api_directory *d, const char *role);
const json_t *api_custom_fields(const struct api_directory *d, const char *tenant, const char *resource);
const json_t *api_grantable(const struct api_directory *d); /* of the carrier */
/* A row of role_field or custom_field by its id; NULL: none. */
const json_t *api_row_whole(const struct api_directory *d, const char *table, const char *id);
/* What the holder of a row of role, account or api_token may do; NULL: nothing, or another table. */
const json_t *api_row_perms(const struct api_directory *d, const char *table, const char *id);
const json_t *api_role_perms(const struct api_directory *d, const char *role); /* NULL: none */
#endif
