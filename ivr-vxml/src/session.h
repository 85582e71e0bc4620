/* One running interpreter. It asks its host (the daemon on a leg, or the console) to play, record and time, and is told
 * what happened; between these calls it waits in its coroutine. */
#ifndef VX_SESSION_H
#define VX_SESSION_H
#include "doc.h"
#include "zj_log.h"
#include <jansson.h>
#include <stdint.h>
#include <uv.h>

#define VX_STEPS_MAX     10000 /* elements executed and items visited between two inputs */
#define VX_SUBDIALOG_MAX 8
#define VX_FETCH_MAX     200 /* documents, grammars and audio files a session */
#define VX_PATH_MAX      500
#define VX_VARIABLES_MAX 65536 /* bytes of JSON that a session may give back */
#define VX_KEYS_MAX      64    /* typed ahead */
#define VX_QUEUE_MAX     200   /* prompts waiting to be played */

struct vx_session;
struct vx_script_pool;
struct vx_fetcher;

struct vx_record_args {
	int64_t max_ms, silence_ms;
	bool beep, any_key;
};

/* What a session asks of its surroundings. Every call returns at once. `items` is stolen. */
struct vx_host {
	void (*play)(void *arg, json_t *items, bool barge); /* → vx_session_played */
	void (*stop)(void *arg);
	void (*record)(void *arg, const struct vx_record_args *args); /* → vx_session_recorded */
	void (*timer)(void *arg, int64_t ms);                         /* → vx_session_timer; -1: none */
	void (*listening)(void *arg);
	void (*log)(void *arg, const char *label, const char *text);
	void (*event)(void *arg, const char *name, const char *message);
	void (*transfer)(void *arg, const char *dest);
	void (*ended)(void *arg); /* vx_session_result() is there; the host gives its reference back */
	bool (*queue_is_known)(void *arg, const char *number);
	/* The file of a stored prompt, or of a recording of this session; an object, NULL: none. */
	char *(*prompt_file)(void *arg, const char *name, const char *lang);
	/* The document of another flow of the tenant ("flow:NAME"); an object reference or NULL. */
	struct vx_doc *(*flow)(void *arg, const char *name);
};

struct vx_session_args {
	const struct vx_host *host;
	void *arg;
	struct vx_script_pool *scripts;
	struct vx_fetcher *fetcher;
	const char *lang;      /* when the document says none: "zh", "en" */
	json_t *session;       /* variables of the session scope; borrowed */
	bool files;            /* file: addresses may be read (console, lint) */
	struct zj_log_ctx log; /* whose lines these are; its texts outlive the session */
};

enum vx_how { VX_HOW_EXIT, VX_HOW_DISCONNECT, VX_HOW_TRANSFER, VX_HOW_ERROR, VX_HOW_HANGUP };
const char *vx_how_name(enum vx_how how);

struct vx_result {
	enum vx_how how;
	char *dest;
	char *error, *message; /* of how = error */
	unsigned line;
	json_t *variables, *path;
};

int vx_session_alloc(struct vx_session **sp, const struct vx_session_args *args) ZJ_MUST_CHECK;
/* Begins with `doc` (referenced), or by fetching `uri` when doc is NULL. */
void vx_session_start(struct vx_session *s, struct vx_doc *doc, const char *uri);
const struct vx_result *vx_session_result(const struct vx_session *s);

void vx_session_key(struct vx_session *s, char key);
void vx_session_keys(struct vx_session *s, const char *keys); /* at once, as if typed ahead */
void vx_session_words(struct vx_session *s, const char *words);
void vx_session_played(struct vx_session *s);
void vx_session_recorded(struct vx_session *s, json_t *result /* borrowed: path, bytes, ms, reason, term */);
void vx_session_timer(struct vx_session *s);
void vx_session_hungup(struct vx_session *s);
/* Ends it now, whatever it does: `error` and `message` become its result (NULL: as it stands). */
void vx_session_abort(struct vx_session *s, const char *error, const char *message);

struct zj_metric;
extern struct zj_metric *vx_turns_metric; /* NULL: not counted */
#endif
