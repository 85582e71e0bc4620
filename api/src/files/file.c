#include "files/file.h"
#include "zj_log.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CHUNK 65536

/* One file on its way. It lives until h2o is done with it and no operation is open. */
struct file {
	h2o_generator_t generator;
	struct api_req *req; /* a reference */
	h2o_req_t *h2o;      /* while sending; NULL: the client is gone or all is sent */
	struct api_file_args a;
	char *disposition;
	uv_fs_t fs;
	int at; /* which of the tries */
	uv_file fd;
	struct zj_seal_key key;
	struct zj_unseal *unseal; /* of a sealed file, which is read by it */
	uv_work_t work;
	uv_stat_t st;
	int64_t result; /* of work */
	uint64_t offset, left;
	char *chunk; /* in the request's pool */
	bool busy, done;
};

static void closed(uv_fs_t *fs)
{
	uv_fs_req_cleanup(fs);
	free(fs);
}

static void file_end(struct file *f)
{
	f->done = true;
	if (f->busy)
		return;
	zj_unseal_free(f->unseal);
	zj_seal_key_wipe(&f->key);
	uv_fs_t *fs = f->fd >= 0 ? malloc(sizeof(*fs)) : NULL;
	if (fs && uv_fs_close(f->req->api->loop, fs, f->fd, closed))
		free(fs);
	for (int i = 0; i < f->a.n; i++)
		zj_deref(f->a.tries[i].path);
	zj_deref(f->disposition);
	zj_deref(f->req);
	free(f);
}

static void on_stop(h2o_generator_t *g, h2o_req_t *h2o ZJ_UNUSED)
{
	struct file *f = H2O_STRUCT_FROM_MEMBER(struct file, generator, g);
	f->h2o = NULL;
	file_end(f);
}

static void was_read(struct file *f, ssize_t n)
{
	f->busy = false;
	if (!f->h2o) {
		file_end(f);
		return;
	}
	h2o_req_t *h2o = f->h2o;
	h2o_iovec_t buf = h2o_iovec_init(f->chunk, n > 0 ? (size_t)n : 0);
	bool failed = n <= 0, last = !failed && (uint64_t)n >= f->left;
	if (!failed) {
		f->offset += (uint64_t)n;
		f->left -= (uint64_t)n;
	}
	if (failed || last)
		f->h2o = NULL;
	h2o_send(h2o, &buf, failed ? 0 : 1,
		 failed ? H2O_SEND_STATE_ERROR
		 : last ? H2O_SEND_STATE_FINAL
			: H2O_SEND_STATE_IN_PROGRESS);
	if (failed || last)
		file_end(f);
}

static void on_read(uv_fs_t *fs)
{
	ssize_t n = fs->result;
	uv_fs_req_cleanup(fs);
	was_read(fs->data, n);
}

/* ---- sealed files, on a worker thread ---- */
static void unseal_read(uv_work_t *work)
{
	struct file *f = work->data;
	f->result = zj_unseal_read(f->unseal, f->chunk, f->left < CHUNK ? f->left : CHUNK, (int64_t)f->offset);
}

static void unsealed_read(uv_work_t *work, int status ZJ_UNUSED)
{
	struct file *f = work->data;
	if (f->result < 0)
		zj_error("file", "a sealed file cannot be read path=%s because=%s", zj_log_esc(f->a.tries[f->at].path),
			 zj_seal_why((int)-f->result));
	was_read(f, (ssize_t)f->result);
}

static int read_more(struct file *f)
{
	uv_loop_t *loop = f->req->api->loop;
	uv_buf_t buf = uv_buf_init(f->chunk, f->left < CHUNK ? (unsigned)f->left : CHUNK);
	f->fs.data = f->work.data = f;
	return f->unseal ? uv_queue_work(loop, &f->work, unseal_read, unsealed_read)
			 : uv_fs_read(loop, &f->fs, f->fd, &buf, 1, (int64_t)f->offset, on_read);
}

static void on_proceed(h2o_generator_t *g, h2o_req_t *h2o ZJ_UNUSED)
{
	struct file *f = H2O_STRUCT_FROM_MEMBER(struct file, generator, g);
	f->busy = true;
	if (read_more(f) == 0)
		return;
	f->busy = false;
	h2o_req_t *to = f->h2o;
	f->h2o = NULL;
	h2o_send(to, NULL, 0, H2O_SEND_STATE_ERROR);
	file_end(f);
}

static void set_headers(struct file *f, const char *etag)
{
	struct api_req *req = f->req;
	const struct api_file_try *t = &f->a.tries[f->at];
	char plain[1024];
	snprintf(plain, sizeof(plain), "%s", t->path);
	if (t->gzip)
		plain[strlen(plain) - 3] = 0;
	api_header(req, "content-type", f->a.type ? f->a.type : api_mime(plain));
	api_header(req, "cache-control", f->a.cache ? f->a.cache : "no-cache");
	api_header(req, "etag", etag);
	api_header(req, "x-content-type-options", "nosniff");
	api_header(req, "x-request-id", req->id);
	if (t->gzip) {
		api_header(req, "content-encoding", "gzip");
		api_header(req, "vary", "accept-encoding");
	} else {
		api_header(req, "accept-ranges", "bytes");
	}
	if (f->disposition)
		api_header(req, "content-disposition", f->disposition);
}

/* 200, 206, 304 or 416: sets status and what is to be sent. False: answered. */
static bool choose(struct file *f, uint64_t size, const char *etag)
{
	struct api_req *req = f->req;
	struct api_range range;
	char text[100];
	char *known = api_req_header(req, "if-none-match"), *wanted = api_req_header(req, "range"),
	     *only_if = api_req_header(req, "if-range");
	bool same = known && strcmp(known, etag) == 0;
	int ranged = f->a.tries[f->at].gzip || (only_if && strcmp(only_if, etag) != 0)
			     ? 0
			     : api_range_read(wanted, size, &range);
	zj_deref(known);
	zj_deref(wanted);
	zj_deref(only_if);
	f->offset = 0;
	f->left = size;
	if (same) {
		api_reply_empty(req, 304);
		return false;
	}
	if (ranged < 0) {
		snprintf(text, sizeof(text), "bytes */%llu", (unsigned long long)size);
		api_header(req, "content-range", text);
		api_fail(req, RES_P_RANGE, "the file has %llu bytes", (unsigned long long)size);
		return false;
	}
	if (ranged > 0) {
		snprintf(text, sizeof(text), "bytes %llu-%llu/%llu", (unsigned long long)range.from,
			 (unsigned long long)range.to, (unsigned long long)size);
		api_header(req, "content-range", text);
		f->offset = range.from;
		f->left = range.to - range.from + 1;
	}
	req->h2o->res.status = ranged > 0 ? 206 : 200;
	req->h2o->res.reason = ranged > 0 ? "Partial Content" : "OK";
	req->h2o->res.content_length = f->left;
	return true;
}

static void start(struct file *f, const uv_stat_t *st)
{
	struct api_req *req = f->req;
	char etag[64];
	uint64_t size = f->unseal ? (uint64_t)zj_unseal_size(f->unseal) : st->st_size;
	snprintf(etag, sizeof(etag), "\"%llx-%llx%s\"",
		 (unsigned long long)st->st_mtim.tv_sec * 1000000000ull + (unsigned long long)st->st_mtim.tv_nsec,
		 (unsigned long long)size, f->a.tries[f->at].gzip ? "z" : "");
	set_headers(f, etag);
	if (!choose(f, size, etag)) {
		file_end(f);
		return;
	}
	h2o_req_t *h2o = req->h2o;
	req->h2o = NULL;
	f->generator.proceed = on_proceed;
	f->generator.stop = on_stop;
	h2o_start_response(h2o, &f->generator);
	if (f->left == 0 || strcmp(req->method, "HEAD") == 0) {
		h2o_send(h2o, NULL, 0, H2O_SEND_STATE_FINAL);
		file_end(f);
		return;
	}
	f->h2o = h2o;
	f->chunk = h2o_mem_alloc_pool(&h2o->pool, CHUNK);
	on_proceed(&f->generator, h2o);
}

static void unseal_open(uv_work_t *work)
{
	struct file *f = work->data;
	f->result = zj_unseal_open(&f->unseal, f->a.tries[f->at].path, &f->key);
}

static void unsealed_open(uv_work_t *work, int status ZJ_UNUSED)
{
	struct file *f = work->data;
	f->busy = false;
	if (f->req->h2o && !f->result) {
		start(f, &f->st);
		return;
	}
	if (f->req->h2o) {
		zj_error("file", "a sealed file cannot be opened path=%s because=%s",
			 zj_log_esc(f->a.tries[f->at].path), zj_seal_why((int)f->result));
		api_fail(f->req, RES_P_AWAY, "the sound cannot be opened: %s", zj_seal_why((int)f->result));
	}
	file_end(f);
}

static void try_next(struct file *f);

static void on_stat(uv_fs_t *fs)
{
	struct file *f = fs->data;
	uv_stat_t st = fs->statbuf;
	bool regular = fs->result == 0 && S_ISREG(st.st_mode);
	uv_fs_req_cleanup(fs);
	f->busy = false;
	if (!f->req->h2o) {
		file_end(f);
	} else if (regular && f->a.key) {
		f->st = st;
		f->work.data = f;
		f->busy = true;
		uv_queue_work(f->req->api->loop, &f->work, unseal_open, unsealed_open);
	} else if (regular) {
		start(f, &st);
	} else {
		uv_fs_t *c = malloc(sizeof(*c));
		if (c && uv_fs_close(f->req->api->loop, c, f->fd, closed))
			free(c);
		f->fd = -1;
		f->at++;
		try_next(f);
	}
}

static void on_open(uv_fs_t *fs)
{
	struct file *f = fs->data;
	ssize_t fd = fs->result;
	uv_fs_req_cleanup(fs);
	f->busy = false;
	if (fd < 0) {
		f->at++;
		try_next(f);
		return;
	}
	f->fd = (uv_file)fd;
	f->busy = true;
	if (uv_fs_fstat(f->req->api->loop, &f->fs, f->fd, on_stat)) {
		f->busy = false;
		api_fail(f->req, RES_P_INTERNAL, "the file cannot be read");
		file_end(f);
	}
}

static void try_next(struct file *f)
{
	if (!f->req->h2o) {
		file_end(f);
		return;
	}
	if (f->at >= f->a.n) {
		api_fail(f->req, RES_P_NOT_FOUND, "there is no such file");
		file_end(f);
		return;
	}
	f->fs.data = f;
	f->busy = true;
	if (uv_fs_open(f->req->api->loop, &f->fs, f->a.tries[f->at].path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0,
		       on_open)) {
		f->busy = false;
		api_fail(f->req, RES_P_INTERNAL, "the file cannot be opened");
		file_end(f);
	}
}

void api_file_send(struct api_req *req, const struct api_file_args *args)
{
	struct file *f = calloc(1, sizeof(*f));
	if (!f)
		abort();
	f->a = *args;
	f->fd = -1;
	if (args->key)
		f->key = *args->key;
	f->disposition = args->disposition ? zj_strdup(args->disposition) : NULL;
	f->req = zj_ref(req);
	try_next(f);
}
