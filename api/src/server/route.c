/* Which handler answers what. Special routes come first; resources are whatever the schema says. */
#include "perm.h"
#include "rows/manage.h"
#include "server/api.h"
#include <string.h>

const struct api_route api_routes[] = {
	{"POST", "api/v1/login", API_OPEN, NULL, api_login_h, "Log in"},
	{"POST", "api/v1/logout", API_LOGGED_IN, NULL, api_logout_h, "Log out"},
	{"GET", "api/v1/session", API_LOGGED_IN, NULL, api_session_h, "Who is logged in"},
	{"GET", "api/v1/sessions", API_LOGGED_IN, "sessions.revoke", api_sessions_h, "Who is logged in, everywhere"},
	{"DELETE", "api/v1/sessions/*", API_LOGGED_IN, "sessions.revoke", api_session_delete_h, "End a session"},
	{"POST", "api/v1/login-as", API_LOGGED_IN, "accounts.impersonate", api_login_as_h, "Log in as another account"},
	{"DELETE", "api/v1/accounts/*/totp", API_LOGGED_IN, "accounts.update", api_totp_reset_h,
	 "Take an account's one-time codes away"},
	{"GET", "api/v1/branding", API_OPEN, NULL, api_branding_h, "What the log-in page of a tenant shows"},
	{"GET", "api/v1/branding/logo", API_OPEN, NULL, api_branding_logo_h, "A tenant's logo"},
	{"GET", "api/v1/me", API_LOGGED_IN, NULL, api_me_h, "The account about itself"},
	{"PATCH", "api/v1/me", API_LOGGED_IN, NULL, api_me_change_h, "Change one's own profile"},
	{"POST", "api/v1/me/password", API_LOGGED_IN, NULL, api_me_password_h, "Set a new password"},
	{"POST", "api/v1/me/totp", API_LOGGED_IN, NULL, api_me_totp_make_h, "Begin with one-time codes"},
	{"POST", "api/v1/me/totp/confirm", API_LOGGED_IN, NULL, api_me_totp_confirm_h, "Confirm them by a code"},
	{"DELETE", "api/v1/me/totp", API_LOGGED_IN, NULL, api_me_totp_delete_h, "Do without one-time codes"},
	{"GET", "api/v1/me/sessions", API_LOGGED_IN, NULL, api_me_sessions_h, "One's own sessions"},
	{"DELETE", "api/v1/me/sessions/*", API_LOGGED_IN, NULL, api_me_session_delete_h, "End one of one's sessions"},
	{"POST", "api/v1/quick-setup", API_LOGGED_IN, "quick-setup.run", api_quick_setup_h,
	 "Make accounts, extensions and agents"},
	{"GET", "api/v1/quick-setup/template", API_LOGGED_IN, "quick-setup.run", api_quick_template_h,
	 "A table to fill in for quick setup"},
	{"POST", "api/v1/quick-edit", API_LOGGED_IN, "quick-edit.run", api_quick_edit_h,
	 "Change several extensions, agents or accounts"},
	{"GET", "api/v1/openapi.json", API_OPEN, NULL, api_openapi_h, "This description"},
	{"GET", "api/v1/meta/resources", API_LOGGED_IN, NULL, api_meta_resources_h,
	 "Resources, their fields, and what the caller may do"},
	{"GET", "api/v1/meta/permissions", API_LOGGED_IN, NULL, api_meta_permissions_h, "All permissions with labels"},
	{"GET", "api/v1/meta/choices", API_LOGGED_IN, NULL, api_meta_choices_h, "The items of a dictionary"},
	{"GET", "api/v1/events", API_LOGGED_IN, NULL, api_events_h, "Live events (WebSocket)"},
	{"GET", "api/v1/live/board", API_LOGGED_IN, NULL, api_board_h, "The live board"},
	{"GET", "api/v1/live/trunks", API_LOGGED_IN, "trunks.read", api_trunks_live_h,
	 "Trunks now: state, registration, hosts and their round trip, calls of channels"},
	{"GET", "api/v1/live/phones", API_LOGGED_IN, "extensions.read", api_phones_live_h,
	 "Telephones now: registered, reachable, round trip, who sits there"},
	{"GET", "api/v1/me/phone", API_LOGGED_IN, NULL, api_me_phone_h, "One's own telephone now"},
	{"POST", "api/v1/prompts", API_LOGGED_IN, "prompts.write", api_prompt_create_h,
	 "Upload a prompt, or have a text spoken"},
	{"GET", "api/v1/prompt-files", API_LOGGED_IN, "prompts.read", api_prompt_files_h,
	 "Voice files on the server, and the languages in which each is there"},
	{"POST", "api/v1/prompt-files", API_LOGGED_IN, "prompts.write", api_prompt_files_add_h,
	 "Make prompts of voice files on the server, as a job"},
	{"PATCH", "api/v1/prompts/*", API_LOGGED_IN, NULL, api_prompt_change_h, "Change a prompt, also its sound"},
	{"PUT", "api/v1/prompts/*/audio", API_LOGGED_IN, "prompts.write", api_prompt_audio_put_h,
	 "Replace a prompt's sound"},
	{"GET", "api/v1/prompts/*/audio", API_LOGGED_IN, "prompts.read", api_prompt_audio_get_h, "A prompt's sound"},
	{"GET", "api/v1/recordings/*/audio", API_LOGGED_IN, "recordings.listen", api_recording_audio_h,
	 "A recording's sound"},
	{"GET", "api/v1/recordings/*/peaks", API_LOGGED_IN, "recordings.listen", api_recording_peaks_h, "Its waveform"},
	{"GET", "api/v1/calls/*/recording", API_LOGGED_IN, "recordings.listen", api_recording_live_h,
	 "What was recorded of a call that goes on"},
	{"POST", "api/v1/agents/*/sign-in", API_LOGGED_IN, NULL, api_agent_sign_in_h, "Sign an agent in"},
	{"POST", "api/v1/agents/*/sign-out", API_LOGGED_IN, NULL, api_agent_sign_out_h, "Sign an agent out"},
	{"POST", "api/v1/extensions/*/sign-in", API_LOGGED_IN, NULL, api_extension_sign_in_h,
	 "Sign the agent of an extension in there"},
	{"POST", "api/v1/extensions/*/sign-out", API_LOGGED_IN, NULL, api_extension_sign_out_h,
	 "Sign out who sits at an extension"},
	{"POST", "api/v1/agents/*/state", API_LOGGED_IN, NULL, api_agent_state_h, "Set an agent's state"},
	{"POST", "api/v1/calls", API_LOGGED_IN, NULL, api_call_create_h, "Place a call"},
	{"POST", "api/v1/calls/*/hangup", API_LOGGED_IN, NULL, api_call_hangup_h, "Hang up"},
	{"POST", "api/v1/calls/*/transfer", API_LOGGED_IN, NULL, api_call_transfer_h, "Transfer"},
	{"POST", "api/v1/calls/*/record", API_LOGGED_IN, NULL, api_call_record_h,
	 "Begin, pause, resume or stop its recording"},
	{"POST", "api/v1/calls/*/hold", API_LOGGED_IN, NULL, api_call_hold_h, "Hold or resume"},
	{"POST", "api/v1/calls/*/discard", API_LOGGED_IN, "calls.read", api_call_discard_h,
	 "Take an erroneous call out of the records"},
	{"GET", "api/v1/conferences", API_LOGGED_IN, "rooms.read", api_conferences_h,
	 "Conferences that take place now"},
	{"GET", "api/v1/conferences/*", API_LOGGED_IN, "rooms.read", api_conference_one_h,
	 "Who is in a conference room now"},
	{"POST", "api/v1/conferences/*/invite", API_LOGGED_IN, NULL, api_conference_invite_h,
	 "Ring extensions and agents into a conference"},
	{"POST", "api/v1/conferences/*/kick", API_LOGGED_IN, NULL, api_conference_kick_h,
	 "Remove a member of a conference"},
	{"POST", "api/v1/conferences/*/mute", API_LOGGED_IN, NULL, api_conference_mute_h, "Mute a member, or all"},
	{"POST", "api/v1/conferences/*/lock", API_LOGGED_IN, NULL, api_conference_lock_h, "Let nobody else in"},
	{"POST", "api/v1/conferences/*/record", API_LOGGED_IN, NULL, api_conference_record_h, "Record, or stop it"},
	{"POST", "api/v1/conferences/*/end", API_LOGGED_IN, NULL, api_conference_end_h, "End a conference"},
	{"GET", "api/v1/voicemails/*/audio", API_LOGGED_IN, "voicemails.listen", api_voicemail_audio_h,
	 "A message's sound"},
	{"POST", "api/v1/voicemails/*/callback", API_LOGGED_IN, "voicemails.listen", api_voicemail_callback_h,
	 "Call back who left a message"},
	{"GET", "api/v1/faxes/*/file", API_LOGGED_IN, "faxes.download", api_fax_file_h,
	 "A fax's pages, as PDF or TIFF (format)"},
	{"POST", "api/v1/uploads", API_LOGGED_IN, NULL, api_upload_create_h, "Open an upload"},
	{"GET", "api/v1/uploads/*", API_LOGGED_IN, NULL, api_upload_one_h, "An upload: which parts are there"},
	{"PUT", "api/v1/uploads/*/parts/*", API_LOGGED_IN, NULL, api_upload_part_h, "Send a part"},
	{"POST", "api/v1/uploads/*/complete", API_LOGGED_IN, NULL, api_upload_complete_h, "All parts are there"},
	{"DELETE", "api/v1/uploads/*", API_LOGGED_IN, NULL, api_upload_delete_h, "Give an upload up, or remove it"},
	{"GET", "api/v1/jobs", API_LOGGED_IN, NULL, api_jobs_h, "One's own jobs; all with jobs.all"},
	{"GET", "api/v1/jobs/*", API_LOGGED_IN, NULL, api_job_one_h, "A job"},
	{"POST", "api/v1/jobs/*/cancel", API_LOGGED_IN, NULL, api_job_cancel_h, "Cancel a job"},
	{"GET", "api/v1/jobs/*/file", API_LOGGED_IN, NULL, api_job_file_h, "What a job made"},
	{"GET", "api/v1/jobs/*/rejects", API_LOGGED_IN, NULL, api_job_rejects_h, "Rejected rows, with the reasons"},
	{"DELETE", "api/v1/jobs/*", API_LOGGED_IN, NULL, api_job_delete_h, "Remove a job with its files"},
	{"GET", "api/v1/me/preferences", API_LOGGED_IN, NULL, api_preferences_h, "All of one's preferences"},
	{"GET", "api/v1/me/preferences/*", API_LOGGED_IN, NULL, api_preference_get_h, "One preference"},
	{"PUT", "api/v1/me/preferences/*", API_LOGGED_IN, NULL, api_preference_put_h, "Keep a preference"},
	{"DELETE", "api/v1/me/preferences/*", API_LOGGED_IN, NULL, api_preference_delete_h, "Forget a preference"},
	{"POST", "api/v1/tenant-export", API_LOGGED_IN, NULL, api_tenant_export_h, "Export a whole tenant, as a job"},
	{"POST", "api/v1/tenant-import", API_LOGGED_IN, NULL, api_tenant_import_h, "Import a tenant, as a job"},
	{"GET", "api/v1/meta/menu", API_LOGGED_IN, NULL, api_menu_h, "The menu, as far as the caller may open it"},
	{"POST", "api/v1/inbound-routes/explain", API_LOGGED_IN, "inbound-routes.read", api_explain_h,
	 "What would happen to a call, and which rows decide"},
	{"POST", "api/v1/outbound-routes/explain", API_LOGGED_IN, "outbound-routes.read", api_outbound_explain_h,
	 "What would happen to a call that an extension dials, and which rows decide"},
	{"POST", "api/v1/blacklist/explain", API_LOGGED_IN, "blacklist.read", api_blacklist_explain_h,
	 "Whether a number is barred, and by which rows"},
	{"GET", "api/v1/do-not-call/prefixes", API_LOGGED_IN, "do-not-call.read", api_do_not_call_prefixes_h,
	 "How the numbers of a do-not-call list begin"},
	{"GET", "api/v1/usage", API_LOGGED_IN, NULL, api_usage_h, "Quotas: how much of what there may be is used"},
	{"GET", "api/v1/calls/*", API_LOGGED_IN, NULL, api_call_one_h, "A call with everything that happened"},
	{NULL, NULL, 0, NULL, NULL, NULL},
};

/* What every resource answers: `res` is the schema's. What is asked most is found first. */
const struct api_route api_resource_routes[] = {
	{"GET", "api/v1/*", API_LOGGED_IN, NULL, api_list_h, "List"},
	{"POST", "api/v1/*", API_LOGGED_IN, NULL, api_create_h, "Create"},
	{"GET", "api/v1/*/import-template", API_LOGGED_IN, NULL, api_import_template_h, "An empty file to fill in"},
	{"GET", "api/v1/*/*", API_LOGGED_IN, NULL, api_one_h, "Read one"},
	{"PATCH", "api/v1/*/*", API_LOGGED_IN, NULL, api_change_h, "Change"},
	{"DELETE", "api/v1/*/*", API_LOGGED_IN, NULL, api_purge_h, "Delete; with ?purge=true from the recycle bin too"},
	{"POST", "api/v1/*/bulk", API_LOGGED_IN, NULL, api_bulk_h, "Change, delete, restore or purge many"},
	{"POST", "api/v1/*/import/preview", API_LOGGED_IN, NULL, api_import_preview_h,
	 "Look into a file to be imported"},
	{"POST", "api/v1/*/import", API_LOGGED_IN, NULL, api_import_h, "Import, as a job"},
	{"POST", "api/v1/*/export", API_LOGGED_IN, NULL, api_export_h, "Export, as a job"},
	{"GET", "api/v1/*/*/history", API_LOGGED_IN, NULL, api_history_h, "Who changed what when"},
	{"POST", "api/v1/*/*/duplicate", API_LOGGED_IN, NULL, api_duplicate_h, "Create one like it"},
	{"POST", "api/v1/*/*/restore", API_LOGGED_IN, NULL, api_restore_h, "Bring back from the recycle bin"},
	{"GET", "api/v1/*/*/*", API_LOGGED_IN, NULL, api_file_column_h, "One field as a document or file"},
	{"PUT", "api/v1/*/*/*", API_LOGGED_IN, NULL, api_column_put_h, "Replace a field by a document"},
	{NULL, NULL, 0, NULL, NULL, NULL},
};

#define PREFIX (sizeof("api/v1/") - 1)

/* The route's pattern from its third segment on: all begin with api/v1. */
static bool matches(struct api_req *req, const char *pattern)
{
	int i = 2, args = 0;
	for (; *pattern && i < req->n_seg; i++) {
		const char *s = req->seg[i];
		if (*pattern == '*') {
			req->arg[args++] = s;
			pattern++;
		} else {
			while (*s && *s == *pattern)
				s++, pattern++;
			if (*s)
				return false;
		}
		if (*pattern == '/')
			pattern++;
		else if (*pattern)
			return false;
	}
	return !*pattern && i == req->n_seg;
}

/* HEAD is a GET without its body. */
static bool method_is(const struct api_req *req, const char *method)
{
	return strcmp(req->method, method) == 0 || (strcmp(req->method, "HEAD") == 0 && strcmp(method, "GET") == 0);
}

#define STARTS_MAX 4096

/* How a third segment starts: a number of its first three letters. */
static unsigned start_of(const char *segment)
{
	unsigned start = 0;
	for (int i = 0; i < 3 && segment[i] && segment[i] != '/'; i++)
		start = start * 31 + (unsigned char)segment[i];
	return start % STARTS_MAX;
}

/* Most requests are of resources that have no route of their own: they need not look through all that there are. */
static bool may_be_special(const struct api_req *req)
{
	static bool starts[STARTS_MAX], known;
	for (const struct api_route *r = api_routes; !known && r->method; r++)
		starts[start_of(r->pattern + PREFIX)] = true;
	known = true;
	return req->n_seg > 2 && starts[start_of(req->seg[2])];
}

/* `allow` collects the methods of routes that match but for the method. */
static bool find(struct api_req *req, const struct api_route *routes, struct res_buf *allow)
{
	if (req->n_seg < 3 || strcmp(req->seg[1], "v1") != 0)
		return false;
	for (; routes->method; routes++) {
		const char first = routes->pattern[PREFIX];
		if ((first != '*' && first != *req->seg[2]) || !matches(req, routes->pattern + PREFIX))
			continue;
		if (method_is(req, routes->method)) {
			req->route = routes;
			return true;
		}
		res_buf_printf(allow, "%s%s", allow->n ? ", " : "", routes->method);
	}
	return false;
}

static void authenticated(struct api_req *req)
{
	if (req->route->permission && !api_may(req, req->route->permission))
		return;
	req->route->h(req);
}

static void refuse(struct api_req *req, const struct res_buf *allow, bool known)
{
	if (allow->n == 0 || !known) {
		api_fail(req, RES_P_NOT_FOUND, "there is nothing at this path");
		return;
	}
	api_header(req, "allow", allow->p);
	api_fail(req, RES_P_METHOD, "this path takes %s", allow->p);
}

static bool find_route(struct api_req *req)
{
	struct res_buf allow = {0};
	bool special = may_be_special(req) && find(req, api_routes, &allow), named = allow.n > 0;
	bool generic = !special && find(req, api_resource_routes, &allow);
	if (req->n_seg > 2 && req->n_seg <= API_SEGMENTS)
		req->res = res_schema_find(req->schema, req->seg[2]);
	bool good = special || (generic && req->res);
	if (!good)
		refuse(req, &allow, named || req->res);
	res_buf_free(&allow);
	return good;
}

void api_route(struct api_req *req)
{
	if (req->n_seg == 0 || strcmp(req->seg[0], "api") != 0) {
		if (method_is(req, "GET"))
			api_static_h(req);
		else
			api_fail(req, RES_P_METHOD, "only GET here");
		return;
	}
	req->schema = zj_ref(req->api->schema);
	req->writing = !method_is(req, "GET");
	if (!req->schema || !api_directory_ready(req->api->directory))
		api_fail(req, RES_P_AWAY, "the database was not read yet");
	else if (!find_route(req))
		return;
	else if (req->route->need == API_OPEN)
		req->route->h(req);
	else
		api_auth(req, authenticated);
}
