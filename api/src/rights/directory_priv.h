/* Between directory.c (the index) and directory_row.c (how a row of each table is kept). */
#ifndef API_DIRECTORY_PRIV_H
#define API_DIRECTORY_PRIV_H
#include "rights/directory.h"
#include "zj_hash.h"
#include "zj_pg.h"

/* The tables followed: X(kind, table, columns) */
#define API_DIRECTORY_TABLES(X)                                                                                        \
	X(TENANT, "tenant",                                                                                            \
	  "tenant_id, id, kind, name, title, sip_domain, time_zone, language, enabled, display_name, logo_id, "        \
	  "deleted_at")                                                                                                \
	X(SETTING, "setting",                                                                                          \
	  "tenant_id, id, password_min_length, password_classes, password_no_runs, password_history, "                 \
	  "password_days, lockout_tries, one_login, session_minutes, totp_required, user_login_host, "                 \
	  "agent_login_host")                                                                                          \
	X(ROLE, "role", "tenant_id, id, name, kind, permissions, scope, scope_departments")                            \
	X(ACCOUNT, "account",                                                                                          \
	  "tenant_id, id, username, name, password, role_id, enabled, type, language, must_change_password, "          \
	  "password_changed_at, password_history, totp_secret, totp_enabled")                                          \
	X(TOKEN, "api_token", "tenant_id, id, account_id, permissions, hash, expires_at, enabled, sources")            \
	X(AGENT, "agent", "tenant_id, id, number, name, account_id, extension_id, group_id, role_id, enabled, leader") \
	X(AGENT_ROLE, "agent_role", "tenant_id, id, permissions")                                                      \
	X(MANAGED_GROUP, "agent_managed_group", "tenant_id, id, agent_id, group_id")                                   \
	X(MANAGED_QUEUE, "agent_managed_queue", "tenant_id, id, agent_id, queue_id")                                   \
	X(MEMBER, "queue_agent", "tenant_id, id, agent_id, queue_id")                                                  \
	X(ROLE_FIELD, "role_field", "tenant_id, id, role_id, resource, field, access")                                 \
	X(CUSTOM_FIELD, "custom_field",                                                                                \
	  "tenant_id, id, resource, name, zh, en, type, required, enabled, position, default_value, dictionary_id, "   \
	  "choices, unique_value, group_name, mask, help_zh, help_en, business_client_id")                             \
	X(GRANTABLE, "grantable", "tenant_id, id, permission, allowed")                                                \
	X(SCHEMA, "zj_schema", "tenant_id, id, version")

enum api_directory_kind {
#define X(kind, table, columns) API_D_##kind,
	API_DIRECTORY_TABLES(X)
#undef X
		API_D_KINDS
};

/* A row that joins an agent to a group or a queue. */
struct api_directory_link {
	char agent[ZJ_UUID_SIZE], to[ZJ_UUID_SIZE];
};

/* A row that is kept whole, with the others of its owner. */
struct api_directory_whole {
	json_t *row;
	char owner[104]; /* a role; tenant and resource; the tenant */
};

/* One row of any of the tables, under up to two names. */
struct api_directory_entry {
	enum api_directory_kind kind;
	char key[48];    /* kind:id */
	char *name;      /* second name; malloc'd; NULL: none */
	int64_t seen_us; /* when it came */
	union {
		struct api_tenant tenant;
		struct api_setting setting;
		struct api_role role;
		struct api_account account;
		struct api_token token;
		struct api_agent agent;
		json_t *perms; /* AGENT_ROLE */
		struct api_directory_link link;
		struct api_directory_whole whole;
	};
	UT_hash_handle hh_key, hh_name;
	struct api_directory_entry *prev, *next; /* a manager's queues; settings with host names */
};

/* directory_group.c */
struct api_directory_group;
void api_directory_group_add(struct api_directory_group **groups, const char *owner, json_t *row);
void api_directory_group_drop(struct api_directory_group **groups, const char *owner, const json_t *row);
const json_t *api_directory_group_rows(struct api_directory_group *groups, const char *owner);

/* The queues that an agent manages. */
struct api_directory_manager {
	char agent[ZJ_UUID_SIZE];
	struct api_directory_entry *queues;
	UT_hash_handle hh;
};

struct api_directory_waiter;
struct api_directory {
	struct zj_follow *follow;
	uv_loop_t *loop;
	struct api_directory_waiter *waiters;
	struct api_directory_entry *by_key, *by_name;
	struct api_directory_manager *managers;
	struct api_directory_group *groups;
	struct api_directory_entry *hosts; /* settings that name hosts for log-ins */
	api_directory_h *changed_h, *schema_h;
	void *arg;
	bool ready;
};

/* A row's name in the index; the kind of a table (API_D_KINDS: not followed); is the whole row kept? */
size_t api_directory_key(char key[48], enum api_directory_kind kind, const char *id);
enum api_directory_kind api_directory_kind_of(const char *table);
bool api_directory_is_whole(const struct api_directory_entry *e);
struct api_directory_manager *api_directory_manager_find(const struct api_directory *d, const char *agent);

/* Fills the entry (whose kind is set) from its row. */
void api_directory_row(struct api_directory_entry *e, const json_t *row);
void api_directory_row_free(struct api_directory_entry *e);
#endif
