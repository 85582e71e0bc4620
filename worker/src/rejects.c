#include "rejects.h"
#include "zj_log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

/* One record: this head, the cells' lengths, their bytes, the reason. */
struct record {
	uint64_t line;
	uint32_t cells, reason;
};
struct wk_rejects {
	FILE *file;
	int64_t bytes, n;
	char *buf;
	size_t cap;
	struct wk_cell cells[WK_COLUMNS_MAX + 2];
};

static void destructor(void *obj)
{
	struct wk_rejects *r = obj;
	if (r->file)
		fclose(r->file);
	free(r->buf);
}

static int grow(struct wk_rejects *r, size_t need)
{
	if (need <= r->cap)
		return 0;
	char *more = realloc(r->buf, need);
	if (!more)
		return ENOMEM;
	r->buf = more;
	r->cap = need;
	return 0;
}

/* Reads the record at the file's position into r->buf and r->cells. ENODATA: there is no more. */
static int read_record(struct wk_rejects *r, struct record *rec, const char **reason)
{
	uint32_t lengths[WK_COLUMNS_MAX];
	size_t all = 0;

	if (fread(rec, sizeof(*rec), 1, r->file) != 1)
		return ENODATA;
	if (rec->cells > WK_COLUMNS_MAX || rec->reason > 65536 ||
	    fread(lengths, sizeof(*lengths), rec->cells, r->file) != rec->cells)
		return EIO;
	for (uint32_t i = 0; i < rec->cells; i++)
		all += lengths[i];
	if (all > WK_ROW_MAX || grow(r, all + rec->reason + 1) ||
	    fread(r->buf, 1, all + rec->reason, r->file) != all + rec->reason)
		return EIO;
	for (size_t i = 0, at = 0; i < rec->cells; at += lengths[i++])
		r->cells[i] = (struct wk_cell){r->buf + at, lengths[i]};
	r->buf[all + rec->reason] = 0;
	*reason = r->buf + all;
	return 0;
}

static int rewind_and_count(struct wk_rejects *r)
{
	struct record rec;
	const char *reason;
	int err;

	rewind(r->file);
	while ((err = read_record(r, &rec, &reason)) == 0)
		r->n++;
	fseek(r->file, 0, SEEK_END);
	return err == ENODATA ? 0 : err;
}

static int copy_bytes(int to, int from, int64_t n)
{
	while (n > 0) {
		ssize_t k = sendfile(to, from, NULL, (size_t)n);
		if (k <= 0)
			return k ? errno : EIO; /* it is shorter than the checkpoint says */
		n -= k;
	}
	return 0;
}

/* A file of one's own with what the checkpoint knows of: a process that was overtaken, and does not know it yet, writes
 * on into the one that it has open. */
static int take_over(const char *path, int64_t keep, int *fdp)
{
	char *fresh = zj_asprintf("%s.new", path);
	int from = open(path, O_RDONLY | O_CLOEXEC), err = !fresh ? ENOMEM : keep && from < 0 ? errno : 0, fd = -1;

	if (!err && unlink(fresh) && errno != ENOENT)
		err = errno;
	if (!err)
		fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (!err && fd < 0)
		err = errno;
	if (!err)
		err = copy_bytes(fd, from, keep);
	if (!err && rename(fresh, path))
		err = errno;
	if (from >= 0)
		close(from);
	if (err && fd >= 0)
		close(fd);
	zj_deref(fresh);
	if (err)
		zj_error("file", "cannot take over path=%s bytes=%lld error=%s", path, (long long)keep, strerror(err));
	else
		*fdp = fd;
	return err;
}

int wk_rejects_alloc(struct wk_rejects **rp, const char *path, int64_t keep)
{
	struct wk_rejects *r = zj_alloc(sizeof(*r), destructor);
	int fd = -1, err = r ? take_over(path, keep, &fd) : ENOMEM;

	if (!err) {
		r->file = fdopen(fd, "r+");
		r->bytes = keep;
		err = r->file ? rewind_and_count(r) : ENOMEM;
		if (!r->file)
			close(fd);
	}
	if (err)
		zj_deref(r);
	else
		*rp = r;
	return err;
}

int wk_rejects_add(struct wk_rejects *r, const struct wk_row *row, const char *reason)
{
	struct record rec = {row->line, (uint32_t)row->n, (uint32_t)strlen(reason)};
	uint32_t lengths[WK_COLUMNS_MAX];
	size_t all = sizeof(rec) + row->n * sizeof(*lengths) + rec.reason;

	for (size_t i = 0; i < row->n; i++)
		all += lengths[i] = (uint32_t)row->cells[i].n;
	fwrite(&rec, sizeof(rec), 1, r->file);
	fwrite(lengths, sizeof(*lengths), row->n, r->file);
	for (size_t i = 0; i < row->n; i++)
		fwrite(row->cells[i].p, 1, row->cells[i].n, r->file);
	fwrite(reason, 1, rec.reason, r->file);
	r->bytes += (int64_t)all;
	r->n++;
	return ferror(r->file) ? EIO : 0;
}

int64_t wk_rejects_flush(struct wk_rejects *r)
{
	return fflush(r->file) || fdatasync(fileno(r->file)) ? -1 : r->bytes;
}

int64_t wk_rejects_count(const struct wk_rejects *r)
{
	return r->n;
}

static struct wk_cell cell(const char *text)
{
	return (struct wk_cell){text, strlen(text)};
}

/* The heading is that of the file, padded to `width`, and two columns more. */
static int write_head(struct wk_table *t, const struct wk_rejects_args *a, size_t width)
{
	struct wk_cell cells[WK_COLUMNS_MAX];
	size_t n = 0;

	for (; n < width; n++)
		cells[n] = a->head && n < a->head->n ? a->head->cells[n] : cell("");
	cells[n++] = cell(a->zh ? "行号" : "Row");
	cells[n++] = cell(a->zh ? "原因" : "Reason");
	return wk_table_head(t, cells, n);
}

struct place { /* of a record in the file */
	uint64_t line;
	long at;
};

static int by_line(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	return (x->line > y->line) - (x->line < y->line);
}

static int write_record(struct wk_rejects *r, struct wk_table *t, size_t width)
{
	struct record rec;
	const char *reason;
	char line[24];
	int err = read_record(r, &rec, &reason);

	if (err)
		return EIO;
	size_t n = rec.cells < width ? rec.cells : width;
	while (n < width)
		r->cells[n++] = cell("");
	snprintf(line, sizeof(line), "%llu", (unsigned long long)rec.line);
	r->cells[n++] = cell(line);
	r->cells[n++] = cell(reason);
	return wk_table_row(t, r->cells, NULL, n);
}

/* In the order of the file they came in; the database refuses later than the rules do. */
static int write_rows(struct wk_rejects *r, struct wk_table *t, size_t width, struct place *places)
{
	int err = 0;

	qsort(places, (size_t)r->n, sizeof(*places), by_line);
	for (int64_t i = 0; i < r->n && !err; i++)
		err = fseek(r->file, places[i].at, SEEK_SET) ? EIO : write_record(r, t, width);
	return err;
}

/* Where the records are, and how many cells the widest has. */
static int find_places(struct wk_rejects *r, size_t *width, struct place *places)
{
	struct record rec;
	const char *reason;
	int err = 0;

	rewind(r->file);
	for (int64_t i = 0; i < r->n && !err; i++) {
		places[i].at = ftell(r->file);
		err = read_record(r, &rec, &reason) ? EIO : 0;
		places[i].line = rec.line;
		*width = rec.cells > *width ? rec.cells : *width;
	}
	return err;
}

int wk_rejects_write(struct wk_rejects *r, const struct wk_rejects_args *a, int64_t *bytes)
{
	struct wk_table *t = NULL;
	struct place *places = calloc((size_t)r->n + 1, sizeof(*places));
	size_t width = a->head ? a->head->n : 0;
	const struct wk_table_args args = {.path = a->path,
					   .format = a->about->format,
					   .encoding = a->about->encoding,
					   .delimiter = a->about->delimiter,
					   .bom = a->about->encoding != WK_GB18030,
					   .guard = false, /* what people wrote themselves comes back as it was */
					   .sheet = a->zh ? "未导入" : "Rejected",
					   .tmp = a->tmp};
	int err = !places ? ENOMEM : fflush(r->file) ? EIO : find_places(r, &width, places);

	width = width < WK_COLUMNS_MAX - 2 ? width : WK_COLUMNS_MAX - 2;
	if (!err)
		err = wk_table_alloc(&t, &args);
	if (!err)
		err = write_head(t, a, width);
	if (!err)
		err = write_rows(r, t, width, places);
	if (!err)
		err = wk_table_end(t, bytes);
	zj_deref(t);
	free(places);
	return err;
}
