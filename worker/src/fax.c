/* Documents of faxes, a child of the daemon whenever one waits: what shall be sent (PDF, TIFF) becomes pages that a fax
 * machine can send; what is sent and what came becomes a PDF that people can read. Foreign files are read in the box,
 * foreign programs run in a cage. */
#include "cage.h"
#include "db.h"
#include "pages.h"
#include "worker.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROUND_MAX  50
#define MEMORY_MAX (1024ull << 20)
#define FILE_MAX   (100ull << 20)
#define SOURCE_MAX (50 << 20) /* bytes of a document to send */
#define SECONDS    60

enum column { TENANT, ID, STATE, PATH, SOURCE, FINE, MOST };
static const char due_sql[] =
	"select f.tenant_id, f.id, f.state, f.path, u.path, f.fine, coalesce(d.max_pages, 100) from zj.fax f"
	" left join zj.upload u on u.tenant_id = f.tenant_id and u.id = f.source_id and u.state = 'complete'"
	" left join zj.fax_device d on d.tenant_id = f.tenant_id and d.id = f.device_id"
	" where f.state = 'preparing' or (f.pdf_path is null and f.path is not null)"
	" order by f.created_at limit 1 for update of f skip locked";

struct doc {
	PGconn *pg;
	const struct wk_conf *conf;
	const char *tenant, *id;
	bool fine;
	unsigned most;
	char dir[700], tiff[200], pdf[200]; /* working folder; paths as the row has them */
	struct wk_pages pages;
	char why[300];
};

static char *in_dir(const struct doc *d, const char *name)
{
	return zj_asprintf("%s/%s", d->dir, name);
}

static int say(struct doc *d, int err, const char *what)
{
	snprintf(d->why, sizeof(d->why), "%s: %s", what,
		 err == ETIMEDOUT ? "it took too much time"
		 : err == EFBIG   ? "it grows too large"
		 : err == ENOSYS  ? "no cage can be built on this machine"
				  : "it is damaged, or asks for a password");
	return err == ETIMEDOUT || err == EFBIG ? EINVAL : err;
}

static int convert_pdf(struct doc *d)
{
	char last[32];
	const struct wk_cage cage = {.dir = d->dir, .memory = MEMORY_MAX, .file = FILE_MAX, .seconds = SECONDS};
	const char *const argv[] = {"/usr/bin/gs",
				    "-q",
				    "-dSAFER",
				    "-dBATCH",
				    "-dNOPAUSE",
				    "-sDEVICE=tiffg4",
				    d->fine ? "-r204x196" : "-r204x98",
				    "-sPAPERSIZE=a4",
				    "-dFIXEDMEDIA",
				    "-dPDFFitPage",
				    last,
				    "-sOutputFile=pages.tif",
				    "source",
				    NULL};
	snprintf(last, sizeof(last), "-dLastPage=%u", d->most + 1);
	int err = wk_cage_run(&cage, argv);
	return err ? say(d, err, "this PDF cannot be read") : 0;
}

static int copy_file(const char *from, const char *to)
{
	char buf[65536];
	struct stat st;
	int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), out = -1, err = in < 0 ? errno : 0;
	if (!err && (fstat(in, &st) || !S_ISREG(st.st_mode) || st.st_size > SOURCE_MAX))
		err = EFBIG;
	if (!err && (out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640)) < 0)
		err = errno;
	for (ssize_t n; !err && (n = read(in, buf, sizeof(buf))) != 0;)
		if (n < 0 || write(out, buf, (size_t)n) != n)
			err = n < 0 ? errno : ENOSPC;
	if (in >= 0)
		close(in);
	if (out >= 0 && close(out) && !err)
		err = errno;
	return err;
}

/* The beginning says what it is. */
static const char *kind_of(const char *path)
{
	char b[8] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, b, sizeof(b));
	if (fd >= 0)
		close(fd);
	if (n >= 5 && !memcmp(b, "%PDF-", 5))
		return "pdf";
	return n >= 4 && (!memcmp(b, "II*", 4) || !memcmp(b, "MM\0*", 4)) ? "tiff" : NULL;
}

static int write_pages(struct doc *d, const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	int err = in < 0 || out < 0 ? errno : wk_pages_boxed(in, out, d->most, &d->pages);
	if (err)
		snprintf(d->why, sizeof(d->why), "%s", d->pages.why[0] ? d->pages.why : strerror(err));
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return err;
}

/* EINVAL: the document's fault, `why` says which; else errno. */
static int prepare(struct doc *d, const char *source)
{
	char *file = zj_asprintf("%s/%s", d->conf->store, source), *copy = in_dir(d, "source"),
	     *pages = in_dir(d, "pages.tif"), *done = in_dir(d, "done.tif"),
	     *last = zj_asprintf("%s/%s", d->conf->store, d->tiff);
	int err = file && copy && pages && done && last ? copy_file(file, copy) : ENOMEM;
	const char *kind = err ? NULL : kind_of(copy);
	if (err == EFBIG || err == ENOENT) {
		snprintf(d->why, sizeof(d->why), err == ENOENT ? "the file is gone" : "the file is larger than 50 MB");
		err = EINVAL;
	}
	if (!err && !kind) {
		snprintf(d->why, sizeof(d->why), "the file is neither PDF nor TIFF");
		err = EINVAL;
	}
	if (!err && !strcmp(kind, "pdf"))
		err = convert_pdf(d);
	if (!err)
		err = write_pages(d, !strcmp(kind, "pdf") ? pages : copy, done);
	if (!err && rename(done, last))
		err = errno;
	zj_deref(file);
	zj_deref(copy);
	zj_deref(pages);
	zj_deref(done);
	zj_deref(last);
	return err;
}

static int make_pdf(struct doc *d, const char *tiff)
{
	const struct wk_cage cage = {.dir = d->dir, .memory = MEMORY_MAX, .file = FILE_MAX, .seconds = SECONDS};
	const char *const argv[] = {"/usr/bin/tiff2pdf", "-o", "out.pdf", "in.tif", NULL};
	char *from = zj_asprintf("%s/%s", d->conf->store, tiff), *in = in_dir(d, "in.tif"), *out = in_dir(d, "out.pdf"),
	     *to = zj_asprintf("%s/%s", d->conf->store, d->pdf);
	int err = from && in && out && to ? copy_file(from, in) : ENOMEM;
	if (!err)
		err = wk_cage_run(&cage, argv);
	if (!err && rename(out, to))
		err = errno;
	if (err)
		zj_warn("fax", "no PDF fax=%s tenant=%s because=%s", d->id, d->tenant, strerror(err));
	zj_deref(from);
	zj_deref(in);
	zj_deref(out);
	zj_deref(to);
	return err;
}

static void sum(const char *path, char sha256[65], int64_t *bytes)
{
	unsigned char buf[65536], md[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	size_t k;
	FILE *f = fopen(path, "re");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	*bytes = 0;
	EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
	while (f && (k = fread(buf, 1, sizeof(buf), f)) > 0) {
		EVP_DigestUpdate(ctx, buf, k);
		*bytes += (int64_t)k;
	}
	EVP_DigestFinal_ex(ctx, md, &n);
	EVP_MD_CTX_free(ctx);
	for (unsigned i = 0; i < n; i++)
		snprintf(sha256 + 2 * i, 3, "%02x", md[i]);
	if (f)
		fclose(f);
}

static int ran(PGresult *r)
{
	int err = wk_db_ok(r) ? 0 : EPROTO;
	if (err)
		wk_db_log(r, "fax");
	PQclear(r);
	return err;
}

static int written_prepared(struct doc *d)
{
	char pages[12], width[12], dpm[12], bytes[24], sha256[65];
	int64_t n;
	char *file = zj_asprintf("%s/%s", d->conf->store, d->tiff);
	sum(file ? file : "", sha256, &n);
	zj_deref(file);
	snprintf(pages, sizeof(pages), "%u", d->pages.pages);
	snprintf(width, sizeof(width), "%u", d->pages.width);
	snprintf(dpm, sizeof(dpm), "%u", d->pages.y_dpm);
	snprintf(bytes, sizeof(bytes), "%lld", (long long)n);
	const char *values[] = {d->tenant, d->id, d->tiff, pages, width, dpm, bytes, sha256};
	return ran(wk_db_run(
		d->pg,
		"update zj.fax set state = 'queued', path = $3, pages = $4::int, width = $5::int, y_dpm = $6::int,"
		" bytes = $7::bigint, sha256 = $8 where tenant_id = $1::uuid and id = $2::uuid",
		8, values));
}

static int written_failed(struct doc *d)
{
	const char *values[] = {d->tenant, d->id, d->why};
	return ran(wk_db_run(d->pg,
			     "update zj.fax set state = 'failed', reason = 'document', because = $3 where tenant_id = "
			     "$1::uuid and id = $2::uuid",
			     3, values));
}

/* '': there is none, and it is not tried again. */
static int written_pdf(struct doc *d, bool good)
{
	const char *values[] = {d->tenant, d->id, good ? d->pdf : ""};
	return ran(wk_db_run(d->pg, "update zj.fax set pdf_path = $3 where tenant_id = $1::uuid and id = $2::uuid", 3,
			     values));
}

static int work(struct doc *d, const PGresult *r)
{
	if (strcmp(PQgetvalue(r, 0, STATE), "preparing") != 0)
		return written_pdf(d, make_pdf(d, PQgetvalue(r, 0, PATH)) == 0);
	int err = PQgetisnull(r, 0, SOURCE) ? ENOENT : prepare(d, PQgetvalue(r, 0, SOURCE));
	if (err == ENOENT)
		snprintf(d->why, sizeof(d->why), "the file is gone");
	zj_info("fax", "%s fax=%s tenant=%s pages=%u because=%s", err ? "cannot be sent" : "prepared", d->id, d->tenant,
		d->pages.pages, err ? zj_log_esc(d->why) : "-");
	if (!err)
		return written_prepared(d);
	if (err == ENOSPC || err == ENOMEM || err == EPROTO) /* the moment's fault: later */
		return err;
	if (!d->why[0])
		snprintf(d->why, sizeof(d->why), "%s", strerror(err));
	return written_failed(d);
}

static void clear(const struct doc *d)
{
	static const char *const names[] = {"source", "pages.tif", "done.tif", "in.tif", "out.pdf"};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(names); i++) {
		char *path = in_dir(d, names[i]);
		if (path)
			(void)unlink(path);
		zj_deref(path);
	}
	(void)rmdir(d->dir);
}

static int one(PGconn *pg, const struct wk_conf *conf, const PGresult *r)
{
	struct doc d = {.pg = pg,
			.conf = conf,
			.tenant = PQgetvalue(r, 0, TENANT),
			.id = PQgetvalue(r, 0, ID),
			.fine = *PQgetvalue(r, 0, FINE) == 't',
			.most = (unsigned)atoi(PQgetvalue(r, 0, MOST))};
	snprintf(d.dir, sizeof(d.dir), "%s/%s", conf->store, d.tenant);
	(void)mkdir(d.dir, 0750);
	snprintf(d.dir, sizeof(d.dir), "%s/%s/fax", conf->store, d.tenant);
	(void)mkdir(d.dir, 0750);
	snprintf(d.dir, sizeof(d.dir), "%s/%s/fax/%s.work", conf->store, d.tenant, d.id);
	snprintf(d.tiff, sizeof(d.tiff), "%s/fax/%s.tif", d.tenant, d.id);
	snprintf(d.pdf, sizeof(d.pdf), "%s/fax/%s.pdf", d.tenant, d.id);
	if (mkdir(d.dir, 0750) && errno != EEXIST)
		return errno;
	int err = work(&d, r);
	clear(&d);
	return err;
}

/* True: there may be more. */
static bool next(PGconn *pg, const struct wk_conf *conf)
{
	bool more = false;
	if (wk_db_do(pg, "begin"))
		return false;
	PGresult *r = wk_db_run(pg, due_sql, 0, NULL);
	if (!wk_db_ok(r))
		wk_db_log(r, "fax");
	else if (PQntuples(r))
		more = one(pg, conf, r) == 0;
	PQclear(r);
	return wk_db_do(pg, "commit") == 0 && more;
}

int wk_fax_main(int argc, char **argv)
{
	static struct wk_conf conf;
	PGconn *pg = NULL;
	int code = zj_daemon_start(argc, argv, "worker", wk_conf_rows, &conf);
	if (code >= 0)
		return code;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_DFL);
	if (wk_db_connect(&pg, conf.database))
		return 1;
	for (int i = 0; i < ROUND_MAX && next(pg, &conf); i++)
		;
	PQfinish(pg);
	zj_conf_free(wk_conf_rows, &conf);
	return 0;
}
