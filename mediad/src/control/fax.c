/* Fax machines, ears for fax tones, listeners to a call's progress on legs: one a leg. Their work is done beside the
 * media threads (fax/aside.h); here is who asked for it, and what is told. A fax may outlive its leg by the moment it
 * takes to sum up its file. */
#include "fax/fax.h"
#include "control/control.h"
#include "fax/ear.h"
#include "progress/listener.h"
#include "progress/report.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <tiffio.h>
#include <unistd.h>
#include <utlist.h>
#include <zj_log.h>

struct md_work {
	struct md_control *ctl;
	struct md_work *prev, *next;
	char id[ZJ_UUID_SIZE], owner[ZJ_UUID_SIZE], call[ZJ_UUID_SIZE], tenant[ZJ_UUID_SIZE];
	struct md_leg *leg; /* NULL: gone */
	struct md_peer *controller;
	struct md_tap *tap;
	bool back, hungup; /* its tap is ours again; the leg ended before it */
	struct md_job *job;
	enum md_work_kind kind;
	struct md_ear *ear;           /* or */
	struct md_listener *listener; /* or */
	struct md_fax *fax;
	int64_t answered_ms; /* of a listener: the leg was answered so long before it began */
	bool send;
	int fd;
	char path[512];
	int64_t from_us, end_us;
	uv_work_t sum;
	char sha256[65];
	int64_t bytes;
	unsigned pages_there; /* that the received file has */
};

/* ---- files ---- */

/* Below the store, whatever links lie there. */
static int open_below(const char *store, const char *path, bool send)
{
	struct open_how how = {.flags = send ? O_RDONLY | O_CLOEXEC : O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
			       .mode = send ? 0 : 0640,
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
	char part[512];
	int dir = open(store, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	for (const char *p = send ? NULL : strchr(path, '/'); p; p = strchr(p + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
		(void)mkdirat(dir, part, 0750); /* what fails here is said by open */
	}
	int fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
	int err = fd < 0 ? errno : 0;
	close(dir);
	return err ? -err : fd;
}

/* How many pages the file really has: what the disk did not take is not there, whatever the machine thinks. */
static unsigned pages_of(int fd, unsigned most)
{
	unsigned n = 0;
	int own = dup(fd);
	TIFF *t = own < 0 || lseek(own, 0, SEEK_SET) ? NULL : TIFFFdOpen(own, "fax", "rm");
	if (!t) {
		if (own >= 0)
			close(own);
		return 0;
	}
	do {
		uint32_t height = 0;
		uint64_t *counts = NULL, *at = NULL;
		struct stat st;
		if (!TIFFGetField(t, TIFFTAG_IMAGELENGTH, &height) || !height || fstat(fd, &st) ||
		    !TIFFGetField(t, TIFFTAG_STRIPBYTECOUNTS, &counts) || !TIFFGetField(t, TIFFTAG_STRIPOFFSETS, &at) ||
		    at[0] + counts[0] > (uint64_t)st.st_size)
			break;
		n++;
	} while (n < most && TIFFReadDirectory(t));
	TIFFClose(t); /* closes `own` */
	return n;
}

static void sum_h(uv_work_t *uw)
{
	struct md_work *w = uw->data;
	unsigned char buf[65536], sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	ssize_t k;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
	while ((k = pread(w->fd, buf, sizeof(buf), w->bytes)) > 0) {
		EVP_DigestUpdate(ctx, buf, (size_t)k);
		w->bytes += k;
	}
	EVP_DigestFinal_ex(ctx, sum, &n);
	EVP_MD_CTX_free(ctx);
	for (unsigned i = 0; i < n; i++)
		snprintf(w->sha256 + 2 * i, 3, "%02x", sum[i]);
	if (!w->send)
		w->pages_there = pages_of(w->fd, MD_FAX_PAGES_MAX);
}

/* ---- telling ---- */

static json_t *event(const struct md_work *w)
{
	return json_pack("{s:s,s:s,s:s}", "leg", w->owner, "call", w->call, "tenant", w->tenant);
}

static json_t *fax_event(const struct md_work *w, struct md_fax_figures *g)
{
	md_fax_figures(w->fax, g);
	json_t *o = event(w);
	json_object_update_new(o, json_pack("{s:s,s:s,s:s,s:i,s:s,s:i,s:b}", "fax", w->id, "do",
					    w->send ? "send" : "receive", "path", w->path, "pages", (int)g->pages,
					    "station", g->station, "bit_rate", (int)g->bit_rate, "ecm", g->ecm));
	json_object_set_new(o, "t38", json_boolean(g->t38));
	if (w->send)
		json_object_set_new(o, "of", json_integer(g->pages_in_file));
	return o;
}

static void tell_end(struct md_work *w)
{
	struct md_fax_figures g;
	const char *because;
	enum md_fax_end end = md_fax_end(w->fax, &because);
	json_t *o = fax_event(w, &g);
	if (end == MD_FAX_STOPPED && w->hungup)
		end = MD_FAX_HUNGUP;
	if (!w->send && w->pages_there < g.pages) {
		end = MD_FAX_DISK;
		because = "the file lacks pages that were received";
		g.pages = w->pages_there;
	}
	json_object_update_new(o,
			       json_pack("{s:s,s:s,s:i,s:I,s:s,s:I,s:I,s:i,s:i,s:i,s:i}", "reason",
					 md_fax_end_names[end], "because", because, "pages", (int)g.pages, "bytes",
					 (json_int_t)w->bytes, "sha256", w->sha256, "from_at", (json_int_t)w->from_us,
					 "ms", (json_int_t)((w->end_us - w->from_us) / 1000), "width", (int)g.width,
					 "x_dpm", (int)g.x_dpm, "y_dpm", (int)g.y_dpm, "bad_rows", (int)g.bad_rows));
	zj_info("fax", "%s: reason=%s because=%s pages=%u station=%s bit_rate=%u ecm=%d starved=%u path=%s call=%s",
		w->send ? "sent" : "received", md_fax_end_names[end], because, g.pages, zj_log_esc(g.station),
		g.bit_rate, g.ecm, atomic_load(&w->tap->starved), zj_log_esc(w->path), w->call);
	md_peer_event(w->controller, "leg.faxed", o);
}

static void work_free(struct md_work *w)
{
	DL_DELETE(w->ctl->works, w);
	md_fax_free(w->fax);
	md_ear_free(w->ear);
	md_listener_free(w->listener);
	if (w->fd >= 0)
		close(w->fd);
	free(w->tap);
	free(w);
}

static void summed_h(uv_work_t *uw, int status ZJ_UNUSED)
{
	struct md_work *w = uw->data;
	w->ctl->closing--;
	tell_end(w);
	work_free(w);
}

/* Nobody else has it any more. */
static void finish(struct md_work *w)
{
	if (w->leg && w->leg->work == w)
		w->leg->work = NULL;
	w->leg = NULL;
	if (!w->fax) {
		work_free(w);
		return;
	}
	w->end_us = zj_now_us();
	w->sum.data = w;
	w->ctl->closing++;
	uv_queue_work(w->ctl->loop, &w->sum, sum_h, summed_h);
}

static void tell_progress(struct md_work *w)
{
	struct md_progress_heard h;
	while (md_listener_heard(w->listener, &h)) {
		h.ms += h.answered ? (unsigned)w->answered_ms : 0;
		json_t *o = event(w);
		json_object_set_new(o, "detect", json_string(w->id));
		json_object_update_new(o, md_progress_json(&h));
		zj_info("progress", "heard: what=%s cause=%s confidence=%.2f answered=%d ms=%u final=%d leg=%s call=%s",
			md_progress_names[h.what], h.cause, (double)h.confidence, h.answered, h.ms, h.final, w->owner,
			w->call);
		md_peer_event(w->controller, "leg.detected", o);
	}
}

static void news(struct md_work *w)
{
	struct md_fax_figures g;
	const char *tone;
	unsigned changed = atomic_load(&w->job->changed);
	if (changed == w->job->told || !w->leg)
		return;
	w->job->told = changed;
	if (w->fax && !atomic_load(&w->job->over))
		md_peer_event(w->controller, "leg.fax_page", fax_event(w, &g));
	while (w->ear && (tone = md_ear_heard(w->ear))) {
		json_t *o = event(w);
		json_object_set_new(o, "tone", json_string(tone));
		md_peer_event(w->controller, "leg.tone", o);
	}
	if (w->listener)
		tell_progress(w);
}

void md_works_changed(void *arg)
{
	struct md_control *c = arg;
	struct md_work *w, *next;
	DL_FOREACH_SAFE (c->works, w, next) {
		news(w);
		if (!atomic_load(&w->job->over) || w->end_us)
			continue;
		if (w->back)
			finish(w);
		else if (w->leg)
			md_stream_untap(w->leg->stream, w->tap);
	}
}

/* The engine has let go of its tap. */
void md_work_tap_back(struct md_tap *tap)
{
	struct md_work *w = tap->owner;
	w->back = true;
	if (atomic_load(&w->job->over))
		finish(w);
	else
		atomic_store(&w->job->stop, true);
}

void md_work_leg_gone(struct md_work *w)
{
	w->leg = NULL;
	w->hungup = true;
	atomic_store(&w->job->stop, true);
}

void md_work_t38(struct md_work *w)
{
	if (w->fax)
		md_fax_t38(w->fax);
}

void md_work_stop(struct md_work *w)
{
	atomic_store(&w->job->stop, true);
}

void md_works_free(struct md_control *c)
{
	struct md_work *w, *next;
	DL_FOREACH_SAFE (c->works, w, next)
		work_free(w);
}

/* ---- beginning ---- */

static struct md_work *work_alloc(struct md_leg *l, enum md_work_kind kind)
{
	struct md_work *w = calloc(1, sizeof(*w));
	struct md_tap *tap = calloc(1, sizeof(*tap));
	if (!w || !tap) {
		free(w);
		free(tap);
		return NULL;
	}
	w->ctl = l->ctl;
	w->controller = l->controller;
	memcpy(w->owner, l->id, sizeof(w->owner));
	memcpy(w->call, l->call, sizeof(w->call));
	memcpy(w->tenant, l->tenant, sizeof(w->tenant));
	w->fd = -1;
	w->tap = tap;
	tap->owner = w;
	w->kind = kind;
	tap->speaks = kind == MD_WORK_FAX;
	w->from_us = zj_now_us();
	DL_APPEND(l->ctl->works, w);
	return w;
}

static void begin(struct md_leg *l, struct md_work *w, struct md_job *job)
{
	w->job = job;
	w->leg = l;
	if (l->work)
		l->work->leg = NULL; /* no fax: its tap comes back when the stream gets the new one */
	l->work = w;
	md_stream_tap(l->stream, w->tap);
	md_aside_add(l->ctl->aside, job);
}

static unsigned works(const struct md_control *c, enum md_work_kind kind)
{
	const struct md_work *w;
	unsigned n = 0;
	DL_FOREACH (c->works, w)
		n += w->kind == kind;
	return n;
}

int md_fax_start(struct md_leg *l, const char *id, const char *path, const struct md_fax_args *a)
{
	if (!md_path_is_good(path, ".tif"))
		return EINVAL;
	if (works(l->ctl, MD_WORK_FAX) >= (unsigned)l->ctl->conf->max_faxes)
		return EAGAIN;
	struct md_work *w = work_alloc(l, MD_WORK_FAX);
	if (!w)
		return ENOMEM;
	memcpy(w->id, id, ZJ_UUID_LEN);
	snprintf(w->path, sizeof(w->path), "%s", path);
	w->send = a->send;
	w->fd = open_below(l->ctl->conf->store, path, a->send);
	int err = w->fd < 0 ? -w->fd : md_fax_alloc(&w->fax, w->tap, w->fd, a);
	if (err) {
		zj_warn("fax", "cannot begin: path=%s because=%s call=%s", zj_log_esc(path), strerror(err), l->call);
		work_free(w);
		return err == EINVAL ? EPROTO : err == ENOMEM ? err : EIO;
	}
	zj_info("fax", "%s: path=%s leg=%s call=%s", a->send ? "sending" : "receiving", zj_log_esc(path), l->id,
		l->call);
	begin(l, w, md_fax_job(w->fax));
	if (a->offer_t38 && l->dialog)
		(void)md_dialog_offer_image(l->dialog); /* refused: as audio */
	return 0;
}

int md_ear_start(struct md_leg *l)
{
	struct md_work *w = work_alloc(l, MD_WORK_EAR);
	if (!w)
		return ENOMEM;
	if (md_ear_alloc(&w->ear, w->tap)) {
		work_free(w);
		return ENOMEM;
	}
	begin(l, w, md_ear_job(w->ear));
	return 0;
}

int md_detect_start(struct md_leg *l, const char *id, const struct md_progress_rules *rules)
{
	if (works(l->ctl, MD_WORK_DETECT) >= (unsigned)l->ctl->conf->max_detects)
		return EAGAIN;
	struct md_work *w = work_alloc(l, MD_WORK_DETECT);
	if (!w)
		return ENOMEM;
	memcpy(w->id, id, ZJ_UUID_LEN);
	if (md_listener_alloc(&w->listener, w->tap, rules)) {
		work_free(w);
		return ENOMEM;
	}
	if (l->state == MD_L_ANSWERED) {
		w->answered_ms = (w->from_us - l->answered_us) / 1000;
		md_listener_answered(w->listener);
	}
	begin(l, w, md_listener_job(w->listener));
	return 0;
}

void md_work_answered(struct md_work *w)
{
	if (w->listener)
		md_listener_answered(w->listener);
}

bool md_work_is(const struct md_work *w, enum md_work_kind kind, const char *id)
{
	return w && w->kind == kind && (!id || !strcmp(w->id, id));
}
