/* The api's own types: its context, a request, who asks. */
#ifndef API_API_H
#define API_API_H
#include "problem.h"
#include "query.h"
#include "rights/directory.h"
#include "rights/views.h"
#include "schema.h"
#include "zj_metrics.h"
#include "zj_pg.h"
#include "zj_redis.h"
#include "zj_rpc.h"
#include "zj_time.h"
#include <h2o.h>
#include <h2o/websocket.h>
#include <stdbool.h>
#include <stdint.h>

struct api_conf {
	char *log, *log_level, *database, *redis, *redis_password, *acd, *edge, *store, *archive, *seal_keys, *web,
		*mediad, *ivr, *worker, *listen, *spool, *secret_key;
	int64_t port, health_port, connections, max_body, max_upload_mb, max_clients, request_timeout_s, prompt_lufs,
		child_timeout_ms, child_memory_mb, max_sessions, viewers, viewer_buffer_kb, forget_ms;
};

/* Metrics: X(name, help, type) */
#define API_METRICS(X)                                                                                                 \
	X(requests, "HTTP requests", ZJ_COUNTER)                                                                       \
	X(problems, "requests answered with a problem", ZJ_COUNTER)                                                    \
	X(logins, "log-ins that succeeded", ZJ_COUNTER)                                                                \
	X(logins_refused, "log-ins that failed or were held back", ZJ_COUNTER)                                         \
	X(writes, "rows written", ZJ_COUNTER)                                                                          \
	X(clients, "open connections", ZJ_GAUGE)                                                                       \
	X(viewers, "open event sockets", ZJ_GAUGE)                                                                     \
	X(viewer_resyncs, "event sockets that read too slowly", ZJ_COUNTER)                                            \
	X(sessions, "sessions in memory", ZJ_GAUGE)
enum api_metric {
#define X(n, h, t) API_M_##n,
	API_METRICS(X)
#undef X
		API_METRIC_COUNT
};
extern struct zj_metric api_metrics[API_METRIC_COUNT + 1];
#define api_count(name) zj_metric_add(&api_metrics[API_M_##name], 1)

struct api_http;
struct api_sessions;
struct api_acd;
struct api_edge;
struct api_live;
struct api_limit;
struct api_job_events;
struct api_ledger;
struct api_totp;
struct api_entries;
struct api_views;

enum api_look { API_LOOK_NONE, API_LOOK_ASKED, API_LOOK_AGAIN };

struct api {
	struct api_conf conf;
	uv_loop_t *loop;
	struct zj_pg *pg;
	struct zj_redis *redis;
	struct zj_health *health;
	struct api_http *http;
	struct api_directory *directory;
	struct api_sessions *sessions;
	struct res_schema *schema; /* NULL until the database was read */
	enum api_look schema_look; /* is the catalogue being read; did it change meanwhile */
	bool schema_old;           /* a change could not be read: the tick asks again */
	char *openapi[RES_ROLES];  /* malloc'd, made with the schema */
	json_t *desk;              /* what agents have of it without being granted (desk.h) */
	struct api_acd *acd;
	struct api_edge *edge;
	struct api_live *live;
	struct api_limit *limit;
	struct api_job_events *job_events;
	struct api_ledger *ledger;
	struct api_totp *totp;
	struct api_views *views;
	struct api_entries *entries; /* carriers inside tenants */
	uv_timer_t rights;           /* rights changed: looked at once, a moment later */
};

/* Who asks. Copied, so that it holds across waits; `perms` is a reference. */
struct api_who {
	char account[ZJ_UUID_SIZE], home[ZJ_UUID_SIZE]; /* the account and its own tenant */
	char tenant[ZJ_UUID_SIZE];                      /* the tenant acted in */
	char agent[ZJ_UUID_SIZE];                       /* the account's own agent in that tenant; empty: none */
	char actor[ZJ_UUID_SIZE];                       /* who really is logged in, as `account`; empty: itself */
	enum res_role role;
	json_t *perms;
	bool by_cookie;
	bool narrowed; /* an access token's rights, not the account's */
	char hash[65]; /* of the token */
	char *token;   /* an object; only while the request lives */
};
void api_who_clear(struct api_who *w);

#define API_SEGMENTS 8
#define API_VIEWS    4
struct api_req;
typedef void(api_h)(struct api_req *req);

enum api_need { API_OPEN /* nobody needs to be logged in */, API_LOGGED_IN };
struct api_route {
	const char *method, *pattern; /* segments; `*` matches one */
	enum api_need need;
	const char *permission; /* NULL: the handler decides */
	api_h *h;
	const char *help;
};

/* One request: an object. The connection holds a reference until it is answered, each wait for an answer holds another.
 */
struct api_req {
	struct api *api;
	h2o_req_t *h2o; /* NULL: answered, or the client is gone */
	char id[65];
	struct zj_log_ctx_holder {
		char tenant[ZJ_UUID_SIZE];
	} log;
	char method[8];
	const char *query; /* after '?', never NULL */
	char *seg[API_SEGMENTS];
	int n_seg;
	const char *arg[API_SEGMENTS]; /* what the route's `*` matched */
	const struct api_route *route;
	struct api_who who;
	const struct res_def *res; /* lives as long as `schema` */
	struct res_schema *schema;
	bool writing;
	int64_t started_us;                /* zj_mono_us */
	struct res_view *views[API_VIEWS]; /* references: what api_view gave */
	int n_views;
	void *user;    /* a handler's own state: an object, released with the request */
	char *instead; /* an object: a query that a handler put in place of the client's */
	char text[];   /* the path, into which the segments point, and the client's query */
};

/* http.c */
int api_http_alloc(struct api_http **hp, struct api *api) ZJ_MUST_CHECK;
void api_http_close(struct api_http *h);

/* req.c: answers. Each ends the request; a second one, or one after the client left, does nothing. */
struct api_req *api_req_alloc(struct api *api, h2o_req_t *h2o);
void api_reply(struct api_req *req, int status, const char *type, const char *body, size_t n);
void api_reply_text(struct api_req *req, int status, const char *json);
void api_reply_json(struct api_req *req, int status, json_t *o /* stolen */);
void api_reply_empty(struct api_req *req, int status);
void api_reply_problem(struct api_req *req, struct res_problem *p /* cleared */);
void api_fail(struct api_req *req, enum res_problem_kind kind, const char *fmt, ...) ZJ_PRINTF(3, 4);
void api_header(struct api_req *req, const char *name, const char *value); /* of the answer; copied */
/* A request header where it lies; no base: it is not there (or has a zero byte). */
h2o_iovec_t api_req_header_look(const struct api_req *req, const char *name);
/* The same as an object, or NULL. */
char *api_req_header(const struct api_req *req, const char *name);
bool api_req_header_is(const struct api_req *req, const char *name, const char *prefix); /* without regard to case */
const char *api_req_source(const struct api_req *req); /* the client's address; a static buffer */
/* The body as a JSON object (caller releases), `{}` for none; NULL: a problem was answered. */
json_t *api_req_body(struct api_req *req);
struct zj_log_ctx api_req_log(const struct api_req *req);
void api_audit(const struct api_req *req, const char *what, const char *id);

/* route.c */
void api_route(struct api_req *req);
extern const struct api_route api_routes[], api_resource_routes[]; /* the latter: of every resource */

/* auth.c: finds who asks; goes on with `next` or answers. */
void api_auth(struct api_req *req, api_h *next);
bool api_may(struct api_req *req, const char *permission); /* else answers 403 */
json_t *api_session_json(struct api *api, const struct api_who *who, const char *csrf, int64_t expires_us);
int api_who_renew(struct api *api, struct api_who *w) ZJ_MUST_CHECK;
int api_who_fill(struct api *api, struct api_who *w, const struct api_account *a, const char *tenant);

/* db.c: a transaction as the caller's role; problems are answered before the handler. */
typedef void(api_db_h)(struct api_req *req, PGresult *const *results, int n, void *arg);
#define API_DB_MAX 6
/* `on_error` may take the error (true: it answered, or will). */
typedef bool(api_db_error_h)(struct api_req *req, int failed, const struct res_pg_error *e, void *arg);
void api_db_run(struct api_req *req, const struct zj_pg_query *q, int n, api_db_h *h, api_db_error_h *on_error,
		void *arg);
/* One short read (a row by its key), which may share its round trip with others. */
void api_db_read(struct api_req *req, const struct zj_pg_query *q, api_db_h *h);
/* The same as the api's own role: for the functions that only it may call. */
void api_db_run_own(struct api_req *req, const struct zj_pg_query *q, int n, api_db_h *h, void *arg);

/* Handlers, one file each. */
api_h api_login_h, api_logout_h, api_session_h, api_sessions_h, api_session_delete_h, api_login_as_h, api_branding_h,
	api_branding_logo_h;
api_h api_me_h, api_me_change_h, api_me_password_h, api_me_totp_make_h, api_me_totp_confirm_h, api_me_totp_delete_h,
	api_me_sessions_h, api_me_session_delete_h, api_totp_reset_h;
api_h api_quick_setup_h, api_quick_template_h, api_quick_edit_h;
api_h api_list_h, api_one_h, api_create_h, api_change_h, api_delete_h;
api_h api_column_get_h, api_column_put_h;
api_h api_meta_resources_h, api_meta_permissions_h, api_meta_choices_h, api_openapi_h;
api_h api_prompt_create_h, api_prompt_change_h, api_prompt_audio_put_h, api_prompt_audio_get_h, api_recording_audio_h,
	api_recording_peaks_h, api_recording_live_h;
api_h api_agent_sign_in_h, api_agent_sign_out_h, api_agent_state_h;
api_h api_conferences_h, api_conference_one_h, api_conference_invite_h, api_conference_kick_h, api_conference_mute_h,
	api_conference_lock_h, api_conference_record_h, api_conference_end_h, api_voicemail_audio_h,
	api_voicemail_callback_h, api_fax_file_h;
api_h api_call_hangup_h, api_call_transfer_h, api_call_hold_h, api_call_record_h, api_call_create_h, api_call_one_h,
	api_call_discard_h;
api_h api_board_h, api_events_h, api_trunks_live_h;
api_h api_extension_sign_in_h, api_extension_sign_out_h, api_phones_live_h, api_me_phone_h;
api_h api_upload_create_h, api_upload_one_h, api_upload_part_h, api_upload_complete_h, api_upload_delete_h;
api_h api_static_h;
#endif
