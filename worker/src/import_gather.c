/* Rows of the box become a chunk, also while the database is busy with the one before. */
#include "import.h"
#include <errno.h>
#include <stdlib.h>

#define CHUNK_BYTES (12u << 20) /* of rows in memory; two chunks are */
#define CHUNK_FIRST 500

static bool full(const struct wk_import *im)
{
	const struct wk_chunk *c = &im->next;
	return c->n >= im->chunk_rows || c->raw.n + c->copy.n + c->keys.n > CHUNK_BYTES;
}

/* No more is read: so many were refused that the job fails with this chunk. */
static bool enough(const struct wk_import *im)
{
	return im->max_rejects >= 0 && im->job->counts.failed + im->next.refused > im->max_rejects;
}

static int keep_head(struct wk_import *im, const struct wk_row *row)
{
	im->head_bytes.n = 0;
	im->n_head = row->n;
	for (size_t i = 0; i < row->n; i++)
		res_buf_addn(&im->head_bytes, row->cells[i].p, row->cells[i].n);
	for (size_t i = 0, at = 0; i < row->n; i++) {
		im->head_cells[i] = (struct wk_cell){im->head_bytes.p + at, row->cells[i].n};
		at += row->cells[i].n;
	}
	return im->head_bytes.failed ? ENOMEM : 0;
}

static int grow(struct wk_chunk *c)
{
	if (c->n < c->cap)
		return 0;
	size_t cap = c->cap ? c->cap * 2 : CHUNK_FIRST;
	struct wk_staged *more = realloc(c->rows, cap * sizeof(*more));
	if (!more)
		return ENOMEM;
	c->rows = more;
	c->cap = cap;
	return 0;
}

static int take(struct wk_import *im, const struct wk_row *row)
{
	struct wk_chunk *c = &im->next;
	struct res_problem p = {0};
	int err = grow(c);

	if (err)
		return err;
	bool good = wk_import_row(im, row, &c->rows[c->n], &p);
	if (!good && im->away) {
		res_problem_clear(&p);
		return EAGAIN;
	}
	if (!good) {
		wk_import_keep(im, row, &c->rows[c->n], &p);
		c->refused++;
	}
	res_problem_clear(&p);
	c->n++;
	c->line = row->line;
	im->taken++;
	return c->raw.failed || c->copy.failed || c->keys.failed ? ENOMEM : 0;
}

/* The row in hand. EBUSY: the database must be asked first, and is busy. */
static int take_held(struct wk_import *im)
{
	int err = 0;

	if (im->row.line <= im->skip_rows)
		err = keep_head(im, &im->row);
	else if (im->row.line > im->from && im->taken >= im->max_rows)
		im->beyond = true;
	else if (im->row.line > im->from)
		err = take(im, &im->row);
	if (err == EAGAIN && im->job->busy) {
		im->away = false;
		return EBUSY;
	}
	im->held = im->beyond;
	return err;
}

static bool answered(const struct wk_job *job)
{
	return job->busy && (!PQconsumeInput(job->pg) || !PQisBusy(job->pg));
}

int wk_import_gather(struct wk_import *im)
{
	int err = 0;

	while (!err && !im->ended && !im->beyond && !full(im) && !enough(im) && !answered(im->job)) {
		int more = im->held ? 1 : wk_box_next(im->box, &im->row, &im->fault);
		im->held = more > 0;
		im->ended = more <= 0;
		im->broken = more < 0;
		if (im->held)
			err = take_held(im);
	}
	return err == EBUSY ? 0 : err;
}

void wk_import_turn(struct wk_import *im)
{
	struct wk_chunk done = im->chunk;

	done.n = done.raw.n = done.copy.n = done.keys.n = 0;
	done.refused = 0;
	done.line = im->next.line;
	im->chunk = im->next;
	im->next = done;
}

void wk_chunk_free(struct wk_chunk *c)
{
	free(c->rows);
	res_buf_free(&c->raw);
	res_buf_free(&c->copy);
	res_buf_free(&c->keys);
}
