/* Inside the interpreter: what its files share. Everything here runs on the session's coroutine unless said. */
#ifndef VX_FIA_H
#define VX_FIA_H
#include "co.h"
#include "fetch.h"
#include "grammar.h"
#include "script.h"
#include "session.h"

/* How a piece of the interpreter ended. */
enum vx_ctl {
	VX_GO_ON,
	VX_THROWN,    /* s->event */
	VX_TO_ITEM,   /* s->next_item: goto nextitem */
	VX_TO_DIALOG, /* s->jump */
	VX_RETURNED,  /* from a subdialog: s->event or s->returned */
	VX_ENDED      /* the session is over */
};

struct vx_event {
	char *name, *message; /* objects */
	unsigned line;
};

struct vx_count {
	struct vx_count *next;
	unsigned n;
	char name[];
};

/* A form item, or the menu itself, during one visit of its dialog. */
struct vx_item {
	mxml_node_t *node;
	char name[80];
	bool is_input, just_filled;
	unsigned prompts; /* prompt counter */
	struct vx_count *events;
};

struct vx_dialog {
	mxml_node_t *node;
	bool is_menu;
	struct vx_item *items;
	size_t n;
	struct vx_count *events;
};

/* An execution context: the session's first one, or a subdialog's. */
struct vx_ctx {
	struct vx_ctx *parent;
	struct vx_doc *doc, *root; /* root: the application root document when it is another one */
	struct vx_dialog *dialog;
	json_t *params; /* of a subdialog: name → value */
	unsigned depth;
};

struct vx_jump {
	struct vx_doc *doc, *root; /* NULL doc: the same document, not loaded anew */
	mxml_node_t *dialog;
	json_t *carry; /* an input that another dialog's grammar matched; see input.c */
};

struct vx_prompt {
	json_t *items;
	bool barge;
};

/* One active grammar, and what it belongs to. */
struct vx_active {
	struct vx_grammar *g; /* referenced */
	mxml_node_t *node;    /* field, form, link, choice, option, menu */
	mxml_node_t *dialog;  /* whose grammar it is, when not the current dialog's; NULL: current or a link */
	struct vx_doc *doc;   /* that dialog's document; borrowed */
};
#define VX_ACTIVE_MAX 256

enum vx_heard { VX_HEARD_NOTHING, VX_HEARD_NOMATCH, VX_HEARD_MATCH };
struct vx_input {
	enum vx_heard what;
	size_t index; /* of the active grammar that matched */
	bool dtmf;
	char text[VX_INPUT_MAX * 4];
	json_t *meaning; /* yours */
};

struct vx_session {
	const struct vx_host *host;
	void *arg;
	struct vx_script_pool *scripts;
	struct vx_fetcher *fetcher;
	struct vx_co *co;
	struct vx_script *box;
	char *lang;
	json_t *session_vars;
	bool files;
	struct zj_log_ctx log;

	struct vx_ctx *ctx;
	struct vx_item *item; /* visited now; NULL: events belong to the dialog */
	struct vx_event event;
	struct vx_jump jump;
	char next_item[80];
	json_t *returned;
	bool reprompt; /* the handler asked for it */
	unsigned steps, fetches;
	size_t failed_op; /* of the last batch of script operations that failed */

	struct vx_prompt queue[VX_QUEUE_MAX];
	size_t n_queue;
	int64_t timeout_ms; /* of the last prompt queued; -1: the property's */

	/* What the host told us. */
	char keys[VX_KEYS_MAX];
	size_t n_keys;
	char *words;
	json_t *recorded;
	bool playing, recording, timer_fired, hungup, hangup_told, aborted, told;
	bool left; /* the caller is gone or handed on: nothing is played or awaited any more */

	/* What is under way. */
	struct vx_fetch *fetch;
	struct vx_reply *reply;
	struct vx_doc *start_doc;
	char *start_uri;
	struct vx_result result;
};

/* session.c */
void vx_wake(struct vx_session *s);
void vx_wait(struct vx_session *s);                   /* yields once; returns at once when the session is being ended */
int vx_step(struct vx_session *s, mxml_node_t *node); /* counts; VX_ENDED over the bound */
void vx_path_add(struct vx_session *s, mxml_node_t *dialog, const char *item);
void vx_path_input(struct vx_session *s, const char *input);
int vx_fail(struct vx_session *s, const char *error, const char *message,
	    unsigned line); /* ends the session: VX_ENDED */
int vx_throw(struct vx_session *s, mxml_node_t *node, const char *name, const char *fmt, ...)
	ZJ_PRINTF(4, 5); /* VX_THROWN */
const char *vx_property(struct vx_session *s, mxml_node_t *node, const char *name, const char *def);
int64_t vx_time_ms(const char *text, int64_t def);
int64_t vx_property_ms(struct vx_session *s, mxml_node_t *node, const char *name, int64_t def);
bool vx_is(const char *value, const char *word);

/* js.c: each is VX_GO_ON, VX_THROWN (error.semantic) or VX_ENDED */
int vx_js(struct vx_session *s, mxml_node_t *node, json_t *op /* stolen */, json_t **result /* may be NULL; yours */);
int vx_js_all(struct vx_session *s, mxml_node_t *node, json_t *ops /* stolen */, json_t **results /* may be NULL */);
int vx_js_str(struct vx_session *s, mxml_node_t *node, const char *expr, char **text /* an object */);
int vx_js_bool(struct vx_session *s, mxml_node_t *node, const char *expr /* NULL: true */, bool *yes);
/* The attribute `name`, else the value of the expression in `name_expr`; *text NULL when neither is given. */
int vx_js_attr(struct vx_session *s, mxml_node_t *node, const char *name, const char *name_expr, char **text);
int vx_scope_enter(struct vx_session *s, mxml_node_t *node, json_t *ops);
int vx_js_namelist(struct vx_session *s, mxml_node_t *node, const char *list, json_t **values);

/* document.c */
int vx_document_run(struct vx_session *s, struct vx_ctx *ctx, struct vx_jump *jump); /* until the context ends */
int vx_jump_to(struct vx_session *s, mxml_node_t *node, const char *uri, const char *post, struct vx_jump *jump);
int vx_fetch_text(struct vx_session *s, mxml_node_t *node, const char *uri, const char *post, char **text, size_t *len,
		  char **final_uri);
int vx_fetch_audio(struct vx_session *s, const char *uri, char **file); /* NULL file: not to be had */
void vx_jump_clear(struct vx_jump *j);

/* dialog.c, item.c, filled.c */
int vx_dialog_run(struct vx_session *s, mxml_node_t *node, json_t *carry);
int vx_item_execute(struct vx_session *s, struct vx_item *item);
int vx_item_visit_filled(struct vx_session *s);
struct vx_item *vx_item_find(struct vx_dialog *d, const char *name);
void vx_item_reset(struct vx_item *item);
int vx_field_run(struct vx_session *s, struct vx_item *item);
int vx_input_process(struct vx_session *s, struct vx_active *list, struct vx_input *in);
int vx_carry_process(struct vx_session *s, json_t *carry);
int vx_transition(struct vx_session *s, mxml_node_t *node); /* choice, link: next, expr, event */

/* active.c, collect.c */
int vx_active_build(struct vx_session *s, struct vx_item *item, struct vx_active *list, size_t *n);
void vx_active_clear(struct vx_active *list, size_t n);
int vx_choice_key(mxml_node_t *choice, char *key, size_t size); /* the keys of a choice or option; 0: none */
int vx_collect(struct vx_session *s, struct vx_item *item, struct vx_active *list, size_t n, struct vx_input *in);
int vx_prompts_flush(struct vx_session *s); /* plays what is queued to its end */

/* prompt.c */
int vx_prompts_select(struct vx_session *s, struct vx_item *item);
int vx_prompt_queue(struct vx_session *s, mxml_node_t *prompt);
int vx_prompt_inline(struct vx_session *s, mxml_node_t *first, mxml_node_t **next); /* a run of text, audio and value */
bool vx_is_inline(mxml_node_t *node);

/* events.c */
int vx_event_handle(struct vx_session *s, mxml_node_t *scope, struct vx_item *item); /* s->event */
void vx_event_clear(struct vx_event *e);
void vx_counts_clear(struct vx_count **list);
int vx_event_element(struct vx_session *s, mxml_node_t *node); /* VX_GO_ON: s->event is what it asks for */
int vx_throw_element(struct vx_session *s, mxml_node_t *node); /* event|eventexpr, message|messageexpr */

/* exec.c */
int vx_exec(struct vx_session *s, mxml_node_t *parent);
int vx_exec_scoped(struct vx_session *s, mxml_node_t *parent,
		   json_t *ops); /* in a new anonymous scope, after `ops` (stolen) */
int vx_script_element(struct vx_session *s, mxml_node_t *node);
int vx_var_element(struct vx_session *s, mxml_node_t *node);
char *vx_query(struct vx_session *s, json_t *values); /* a=1&b=2, an object */
int vx_submit_jump(struct vx_session *s, mxml_node_t *node, const char *uri, struct vx_jump *jump);
#endif
