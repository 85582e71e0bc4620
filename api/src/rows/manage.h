/* Handlers of what surrounds rows: jobs, imports and exports, many rows at once, the recycle bin, history, menus. */
#ifndef API_MANAGE_H
#define API_MANAGE_H
#include "server/api.h"

api_h api_jobs_h, api_job_one_h, api_job_cancel_h, api_job_delete_h, api_job_file_h, api_job_rejects_h;
api_h api_preferences_h, api_preference_get_h, api_preference_put_h, api_preference_delete_h;
api_h api_import_h, api_import_preview_h, api_import_template_h;
api_h api_export_h, api_tenant_export_h, api_tenant_import_h;
api_h api_bulk_h, api_restore_h, api_purge_h, api_history_h, api_duplicate_h;
api_h api_file_column_h, api_prompt_files_h, api_prompt_files_add_h;
api_h api_menu_h, api_usage_h, api_explain_h, api_outbound_explain_h, api_blacklist_explain_h,
	api_do_not_call_prefixes_h;

/* Categories of the menu, which are also the modules of permissions; false: there is no such index. */
bool api_category(size_t i, const char **name, const char **zh, const char **en);
const char *api_category_of(const struct res_def *r);

/* --- what explanations share (explain.c) --- */
/* Digits, * and #, a plus before them. */
bool api_is_dialled(const char *text);
/* YYYY-MM-DDTHH:MM:SS(Z|±HH:MM) as seconds since 1970, "-" as it is (now); false: it is none. */
bool api_moment(const char *text, char *out, size_t size);

/* --- what they share (verb.c) --- */
/* May the caller do this ("read", "create", "update", "delete", "export", "import") with the request's resource: does
 * the database role, does its own? Else answers. */
bool api_verb(struct api_req *req, const char *verb);
/* Is `id` a UUID? Else answers 404. */
bool api_id_is_good(struct api_req *req, const char *id);
/* Adds a fault to `p`, which becomes RES_P_INVALID. */
void api_fault(struct res_problem *p, const char *field, const char *rule, json_t *value);

/* A key that a body may have. `choices`: words with blanks between, NULL: any text. A null counts as not there. */
struct api_key {
	const char *name; /* NULL: the end */
	json_type type;   /* JSON_TRUE: either boolean */
	const char *choices;
};
/* Faults of a body's keys and their types. */
void api_keys_check(const json_t *body, const struct api_key *keys, struct res_problem *p);
#endif
