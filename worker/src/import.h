/* An import in hand: the mapping, the rows of the chunk that is being gathered. */
#ifndef WK_IMPORT_H
#define WK_IMPORT_H
#include "box.h"
#include "cell.h"
#include "rejects.h"
#include "secret_rule.h"
#include "value.h"
#include "worker.h"

enum wk_mode { WK_CREATE, WK_UPDATE, WK_UPSERT, WK_MODES };
enum wk_duplicate { WK_DUP_REJECT, WK_DUP_SKIP, WK_DUP_UPDATE, WK_DUPS };
extern const char *const wk_mode_names[WK_MODES], *const wk_duplicate_names[WK_DUPS];

#define WK_MAPPED_MAX 200
struct wk_refs;

/* A column of the file and the field that it fills. */
struct wk_mapped {
	size_t column;
	const struct res_view_field *f;
	const json_t *labels;           /* of its choices, see wk_cell_code; borrowed; NULL: it has none */
	json_t *own_labels;             /* where they were read from the database; owned */
	struct wk_refs *refs;           /* owned; NULL: it points to nothing */
	bool match, hash, number, open; /* open: a code that no label knows may stand (the column checks it) */
	char *fallback; /* SQL of the default, where an empty cell must become it; an object; NULL: none */
	int slot;       /* c<slot> in the staging table; -1: a custom field */
};

enum wk_op { WK_OP_INSERT = 'i', WK_OP_UPDATE = 'u', WK_OP_NONE = '-' /* rejected or skipped: reported already */ };
struct wk_staged {
	uint64_t line;
	size_t raw, raw_n;     /* its cells in chunk.raw, as lengths and bytes */
	size_t reason_n;       /* why it was refused when it was read, behind its cells; 0: it was not */
	uint32_t cells, round; /* round: how many rows of this chunk with the same key were before it */
	size_t key, key_n;     /* its match values in chunk.keys */
	enum wk_op op;
	bool applied;
	char id[ZJ_UUID_SIZE], target[ZJ_UUID_SIZE];
};
struct wk_chunk {
	struct wk_staged *rows; /* as they were read, also those that were refused then */
	size_t n, cap;
	int64_t refused;
	uint64_t line;                  /* the last one */
	struct res_buf raw, copy, keys; /* copy: lines for COPY */
};

struct wk_import {
	struct wk_job *job;
	struct wk_box *box;
	struct wk_rejects *rejects;
	struct wk_mapped map[WK_MAPPED_MAX];
	size_t n_map, n_slots, n_match;
	enum wk_mode mode;
	enum wk_duplicate duplicate;
	bool clear, has_custom;               /* clear: empty cells empty fields when updating */
	uint64_t skip_rows, from;             /* from: the line of the checkpoint that it began with */
	int64_t max_rows, max_rejects, taken; /* taken: rows that were read, this time and before */
	struct res_buf head_bytes;            /* the heading: cells one after the other */
	struct wk_cell head_cells[WK_COLUMNS_MAX];
	size_t n_head;
	/* One chunk is on its way into the database; while it works the next one is gathered (wk_import_gather). */
	struct wk_chunk chunk, next;
	struct wk_row row; /* the last one of the box; `held`: it was not taken yet */
	struct wk_fault fault;
	bool held, ended, broken, beyond; /* broken: the file, as `fault` says; beyond: there are more than max_rows */
	size_t chunk_rows;                /* how many make a chunk, now: it grows while chunks are quick */
	struct res_buf insert, update, find; /* statements */
	struct res_secret_rules secrets;     /* of the tenant, where a password is imported */
	json_t *role_perms; /* role id → permissions, for fields that give a role; owned; NULL: there are none */
	bool full;          /* a quota is reached: what follows is refused unasked, and then no more is read */
	bool away;          /* the database could not be asked while a row was read */
};

/* import_map.c: reads the mapping of the job's parameters. 0, EINVAL (said in the job), EAGAIN. */
int wk_import_map(struct wk_import *im) ZJ_MUST_CHECK;
void wk_import_unmap(struct wk_import *im);

/* import_gather.c: rows of the box into the next chunk until it is full; while the database works (job->busy) only
 * until it has answered, or a row comes for which it must be asked. 0, ENOMEM, EAGAIN (it could not be asked). */
int wk_import_gather(struct wk_import *im) ZJ_MUST_CHECK;
/* The gathered chunk becomes the one in hand, the next one is empty. */
void wk_import_turn(struct wk_import *im);
void wk_chunk_free(struct wk_chunk *c);

/* import_row.c: one row's values into the next chunk, ready for COPY. False: `p` says what is wrong with it. */
bool wk_import_row(struct wk_import *im, const struct wk_row *row, struct wk_staged *to, struct res_problem *p);
/* The row's cells as they came, and why it was refused (NULL: it was not). */
void wk_import_keep(struct wk_import *im, const struct wk_row *row, struct wk_staged *to, const struct res_problem *p);
/* The tenant's rules for passwords, read when one is among the fields. 0, EAGAIN. */
int wk_import_secrets(struct wk_import *im) ZJ_MUST_CHECK;
/* A reason as a person reads it, in the account's language. */
void wk_import_reason(const struct wk_import *im, const struct res_problem *p, struct res_buf *out);
/* What was refused when it was read, now that its chunk's turn has come. */
int wk_import_reject_read(struct wk_import *im) ZJ_MUST_CHECK;
int wk_import_reject_staged(struct wk_import *im, struct wk_staged *s, const struct res_problem *p) ZJ_MUST_CHECK;
int wk_import_skip_staged(struct wk_import *im, struct wk_staged *s) ZJ_MUST_CHECK;

/* import_refs.c: labels of what a field points to, asked for when they come, a bounded number remembered. */
int wk_refs_alloc(struct wk_refs **rp, struct wk_job *job, const struct res_def *to,
		  const struct res_field *by) ZJ_MUST_CHECK;
/* The id; NULL with a fault in `p`, or with *away set. Borrowed until the next question. */
const char *wk_refs_find(struct wk_refs *r, struct wk_cell label, const char *field, struct res_problem *p, bool *away);

/* import_stage.c: the staging table and its prepared statements: wk_insert ($1 … $2), wk_update (and round $3),
 * wk_find. */
int wk_stage_prepare(struct wk_import *im) ZJ_MUST_CHECK;
int wk_stage_copy(struct wk_import *im) ZJ_MUST_CHECK; /* the chunk into it, in an open transaction */
/* import_apply.c: the chunk into the real table, in an open transaction. 0, EAGAIN, EINVAL (said in the job), ENOMEM,
 * EIO. */
int wk_stage_apply(struct wk_import *im) ZJ_MUST_CHECK;
#endif
