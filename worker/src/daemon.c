/* The daemon: takes jobs, a child process for each, tells the database that they live, takes up what died. */
#include "daemon_sql.h"
#include "worker.h"
#include "zj_metrics.h"
#include "zj_pg.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHILDREN_MAX 104 /* jobs, one each for housekeeping, e-mails, faxes, recordings */
#define BEAT_MS      2000
#define CANCEL_US    (10 * 1000000) /* a child that does not hear of its cancelling for so long is ended */
#define DRAIN_MS     15000

/* Metrics: X(name, help, type) */
#define WK_METRICS(X)                                                                                                  \
	X(taken, "jobs taken", ZJ_COUNTER)                                                                             \
	X(ended, "children that ended by themselves", ZJ_COUNTER)                                                      \
	X(died, "children that died, or gave up", ZJ_COUNTER)                                                          \
	X(running, "jobs running", ZJ_GAUGE)
enum wk_metric {
#define X(n, h, t) WK_M_##n,
	WK_METRICS(X)
#undef X
		WK_METRIC_COUNT
};
static struct zj_metric metrics[WK_METRIC_COUNT + 1] = {
#define X(n, h, t) {#n, h, t, 0},
	WK_METRICS(X)
#undef X
};
#define count(name, n) zj_metric_add(&metrics[WK_M_##name], n)

struct worker;
struct child {
	struct worker *w;
	uv_process_t process;
	bool used, house; /* house: no job, but a chore: `word` */
	const char *word;
	char tenant[ZJ_UUID_SIZE], id[ZJ_UUID_SIZE], attempt[12];
	int64_t cancelled_us; /* since when it should be ending; 0: it may go on */
};
struct worker {
	struct wk_conf conf;
	uv_loop_t *loop;
	struct zj_pg *pg;
	struct zj_health *health;
	uv_timer_t poll, beat, drain;
	struct child children[CHILDREN_MAX];
	const char *config; /* the file, as given */
	bool asked, beating, draining;
	unsigned releasing;        /* children that are gone, of whose jobs the database has not heard yet */
	int64_t house_us, mail_us; /* when housekeeping, and a look for e-mails, is due */
	bool fax_asked;            /* for documents of faxes */
	int64_t fax_us;            /* when to look again */
	bool looking, words_turn;  /* for e-mails; the next look is for transcripts */
	int64_t record_us;         /* when a look for recordings is due */
	bool record_asked;
	int64_t dnc_us; /* when filter plans are looked for */
	bool dnc_asked;
	char self[4096];
};

static void claim(struct worker *w);

static size_t running(const struct worker *w)
{
	size_t n = 0;
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		n += w->children[i].used && !w->children[i].house;
	return n;
}

static struct child *vacant(struct worker *w)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (!w->children[i].used)
			return &w->children[i];
	return NULL;
}

static void look_drained(struct worker *w)
{
	if (w->releasing)
		return;
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (w->children[i].used)
			return;
	uv_stop(w->loop);
}

static void released(int err, int failed ZJ_UNUSED, PGresult *const *results, int n ZJ_UNUSED, void *arg)
{
	struct worker *w = arg;

	w->releasing--;
	if (err)
		zj_warn("job", "its row could not be told; another look follows when its heartbeat is old error=%d",
			err);
	else if (PQntuples(results[0]))
		zj_info("job", "let go of state=%s", PQgetvalue(results[0], 0, 0));
	if (w->draining)
		look_drained(w);
}

/* The child is gone: what it left undone is for the next to take. */
static void release(struct child *c, bool properly, const char *why)
{
	struct worker *w = c->w;
	char most[12];
	const char *values[] = {c->tenant, c->id, c->attempt, most, why, properly ? "true" : "false"};
	struct zj_pg_query q = {.sql = wk_release_sql, .n = 6, .values = values};

	snprintf(most, sizeof(most), "%lld", (long long)w->conf.max_attempts);
	if (zj_pg_run(w->pg, &q, 1, released, w))
		zj_warn("job", "the database is away; the job is taken again when its heartbeat is old job=%s", c->id);
	else
		w->releasing++;
}

static void closed(uv_handle_t *h)
{
	struct child *c = h->data;
	struct worker *w = c->w;

	c->used = false;
	zj_metric_set(&metrics[WK_M_running], (int64_t)running(w));
	if (w->draining && !running(w))
		look_drained(w);
	else
		claim(w);
}

static void on_exit_h(uv_process_t *p, int64_t status, int sig)
{
	struct child *c = p->data;
	char why[200];

	if (status == 0 && sig == 0) {
		count(ended, 1);
	} else if (!c->house) {
		count(died, 1);
		snprintf(why, sizeof(why),
			 "{\"rule\":\"died\",\"zh\":\"处理进程多次异常结束\",\"en\":\"the process of this job died "
			 "again and "
			 "again (status %d, signal %d)\"}",
			 (int)status, sig);
		if (status != WK_EXIT_AGAIN)
			zj_warn("job", "its process died status=%d signal=%d job=%s", (int)status, sig, c->id);
		release(c, status == WK_EXIT_AGAIN && c->w->draining, why);
	}
	uv_close((uv_handle_t *)p, closed);
}

static int spawn(struct worker *w, struct child *c)
{
	char *argv[6], word[12];
	int n = 0;

	snprintf(word, sizeof(word), "%s", c->house ? c->word : "job");
	argv[n++] = w->self;
	argv[n++] = word;
	if (!c->house)
		argv[n++] = c->id;
	if (w->config) {
		argv[n++] = (char *)"--config";
		argv[n++] = (char *)w->config;
	}
	argv[n] = NULL;
	uv_stdio_container_t io[3] = {
		{.flags = UV_IGNORE}, {.flags = UV_INHERIT_FD, .data.fd = 2}, {.flags = UV_INHERIT_FD, .data.fd = 2}};
	uv_process_options_t o = {.file = w->self, .args = argv, .stdio = io, .stdio_count = 3, .exit_cb = on_exit_h};

	c->w = w;
	c->used = true;
	c->cancelled_us = 0;
	c->process.data = c;
	int err = uv_spawn(w->loop, &c->process, &o);
	if (err) {
		zj_error("job", "cannot start a process error=%s", uv_strerror(err));
		if (!c->house)
			release(c, false,
				"{\"rule\":\"died\",\"zh\":\"无法启动处理进程\",\"en\":\"no process could be "
				"started\"}");
		uv_close((uv_handle_t *)&c->process, closed);
	}
	return err;
}

static void claimed(int err, int failed ZJ_UNUSED, PGresult *const *results, int n ZJ_UNUSED, void *arg)
{
	struct worker *w = arg;

	w->asked = false;
	if (err) {
		zj_health_set(w->health, false, "the database is away, or refuses");
		zj_warn("job", "cannot look for jobs error=%d message=%s", err,
			err == EPROTO ? zj_log_esc(PQresultErrorMessage(results[failed])) : "-");
		return;
	}
	zj_health_set(w->health, true, "");
	for (int i = 0; i < PQntuples(results[0]); i++) {
		struct child *c = vacant(w);
		if (!c)
			break; /* its heartbeat grows old and it comes again */
		c->house = false;
		snprintf(c->tenant, sizeof(c->tenant), "%s", PQgetvalue(results[0], i, 0));
		snprintf(c->id, sizeof(c->id), "%s", PQgetvalue(results[0], i, 1));
		snprintf(c->attempt, sizeof(c->attempt), "%s", PQgetvalue(results[0], i, 2));
		zj_info("job", "taken job=%s tenant=%s kind=%s resource=%s attempt=%s", c->id, c->tenant,
			PQgetvalue(results[0], i, 3), PQgetvalue(results[0], i, 4), c->attempt);
		count(taken, 1);
		spawn(w, c);
	}
	zj_metric_set(&metrics[WK_M_running], (int64_t)running(w));
}

static void claim(struct worker *w)
{
	size_t busy = running(w);
	char free_n[12], each[12], dead[12];
	const char *values[] = {free_n, each, dead};
	struct zj_pg_query q = {.sql = wk_claim_sql, .n = 3, .values = values};

	if (w->asked || w->draining || busy >= (size_t)w->conf.jobs || !zj_pg_is_up(w->pg))
		return;
	snprintf(free_n, sizeof(free_n), "%lld", (long long)w->conf.jobs - (long long)busy);
	snprintf(each, sizeof(each), "%lld", (long long)w->conf.jobs_per_tenant);
	snprintf(dead, sizeof(dead), "%lld", (long long)w->conf.dead_s);
	w->asked = zj_pg_run(w->pg, &q, 1, claimed, w) == 0;
}

/* A filter plan (schema/0121) whose time has come, or that is being cancelled, does not wait for the next round. */
static void dnc_known(int err, int failed ZJ_UNUSED, PGresult *const *results, int n ZJ_UNUSED, void *arg)
{
	struct worker *w = arg;

	w->dnc_asked = false;
	if (!err && PQntuples(results[0]) && *PQgetvalue(results[0], 0, 0) == 't')
		w->house_us = 0;
}

static void ask_dnc(struct worker *w)
{
	struct zj_pg_query q = {.sql = "select exists (select from zj.dnc_plan where run_at <= now() and (enabled and "
				       "state = 'new' or state = 'cancelling'))"};

	if (w->dnc_asked || zj_mono_us() < w->dnc_us || !zj_pg_is_up(w->pg))
		return;
	w->dnc_us = zj_mono_us() + 2000000;
	w->dnc_asked = zj_pg_run(w->pg, &q, 1, dnc_known, w) == 0;
}

static void chore(struct worker *w, const char *word)
{
	struct child *c = vacant(w);

	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (w->children[i].used && w->children[i].house && strcmp(w->children[i].word, word) == 0)
			return; /* one at a time */
	if (!c || w->draining)
		return;
	c->house = true;
	c->word = word;
	spawn(w, c);
}

static void mails_seen(int err, int failed ZJ_UNUSED, PGresult *const *results, int n ZJ_UNUSED, void *arg)
{
	struct worker *w = arg;

	w->looking = false;
	if (!err && PQntuples(results[0]) > 0)
		chore(w, "mail");
}

/* An e-mail that is due, or a message whose words nobody has written down. */
static void look_for_mails(struct worker *w)
{
	static const struct zj_pg_query
		mails = {.sql = "select from zj.mail where state = 'waiting' and due_at <= now() limit 1"},
		words = {.sql = "select from zj.voicemail v join zj.voicemail_box b on b.tenant_id = v.tenant_id "
				"and b.id = v.box_id where b.transcribe and v.transcript is null and v.created_at "
				"> now() - interval '1 day' limit 1"};
	const struct zj_pg_query *q = w->words_turn && *w->conf.transcribe_url ? &words : &mails;

	if (w->looking || w->draining || zj_mono_us() < w->mail_us || !zj_pg_is_up(w->pg) ||
	    (q == &mails && !*w->conf.smtp_url))
		return;
	w->words_turn = !w->words_turn;
	w->mail_us = zj_mono_us() + w->conf.mail_s * 1000000;
	w->looking = zj_pg_run(w->pg, q, 1, mails_seen, w) == 0;
}

static void faxes_seen(int err, int failed ZJ_UNUSED, PGresult *const *results, int n ZJ_UNUSED, void *arg)
{
	struct worker *w = arg;

	w->fax_asked = false;
	if (!err && PQntuples(results[0]) > 0)
		chore(w, "fax");
}

/* A document to be converted. */
static void look_for_faxes(struct worker *w)
{
	static const struct zj_pg_query q = {
		.sql = "select from zj.fax where state = 'preparing' or (pdf_path is null and "
		       "path is not null) limit 1"};

	if (w->fax_asked || w->draining || zj_mono_us() < w->fax_us || !zj_pg_is_up(w->pg))
		return;
	w->fax_us = zj_mono_us() + 1000000;
	w->fax_asked = zj_pg_run(w->pg, &q, 1, faxes_seen, w) == 0;
}

static void records_seen(int err, int failed ZJ_UNUSED, PGresult *const *results, int n ZJ_UNUSED, void *arg)
{
	struct worker *w = arg;

	w->record_asked = false;
	if (!err && PQntuples(results[0]) && *PQgetvalue(results[0], 0, 0) == 't')
		chore(w, "record");
}

/* A recording to finish, a key to make, a plan that is due. */
static void look_for_records(struct worker *w)
{
	static const struct zj_pg_query q = {.sql = "select zj.zj_record_work()"};

	if (w->record_asked || w->draining || zj_mono_us() < w->record_us || !zj_pg_is_up(w->pg))
		return;
	w->record_us = zj_mono_us() + w->conf.record_s * 1000000;
	w->record_asked = zj_pg_run(w->pg, &q, 1, records_seen, w) == 0;
}

static void on_poll(uv_timer_t *t)
{
	struct worker *w = t->data;

	if (!zj_pg_is_up(w->pg))
		zj_health_set(w->health, false, "the database is away");
	claim(w);
	ask_dnc(w);
	look_for_mails(w);
	look_for_faxes(w);
	look_for_records(w);
	if (zj_mono_us() < w->house_us)
		return;
	w->house_us = zj_mono_us() + w->conf.house_s * 1000000;
	chore(w, "house");
	chore(w,
	      "record"); /* also what has waited for long: quotas, keys of the installation, recordings without a key */
}

static struct child *child_of(struct worker *w, const char *id)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (w->children[i].used && !w->children[i].house && strcmp(w->children[i].id, id) == 0)
			return &w->children[i];
	return NULL;
}

/* Who was cancelled hears it at its next word to the database; one that says none is ended. */
static void beaten(int err, int failed ZJ_UNUSED, PGresult *const *results, int n ZJ_UNUSED, void *arg)
{
	struct worker *w = arg;

	w->beating = false;
	for (int i = 0; !err && i < PQntuples(results[0]); i++) {
		struct child *c = child_of(w, PQgetvalue(results[0], i, 0));
		if (!c || *PQgetvalue(results[0], i, 1) != 't')
			continue;
		if (!c->cancelled_us)
			c->cancelled_us = zj_mono_us();
		else if (zj_mono_us() - c->cancelled_us > CANCEL_US)
			uv_process_kill(&c->process, SIGKILL);
	}
}

static void on_beat(uv_timer_t *t)
{
	struct worker *w = t->data;
	struct res_buf ids = {0};
	const char *sep = "{";

	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (w->children[i].used && !w->children[i].house) {
			res_buf_printf(&ids, "%s%s", sep, w->children[i].id);
			sep = ",";
		}
	res_buf_add(&ids, "}");
	const char *values[] = {ids.p};
	struct zj_pg_query q = {.sql = wk_beat_sql, .n = 1, .values = values};
	if (*sep == ',' && !w->beating && !ids.failed && zj_pg_is_up(w->pg))
		w->beating = zj_pg_run(w->pg, &q, 1, beaten, w) == 0;
	res_buf_free(&ids);
}

static void on_drain(uv_timer_t *t)
{
	struct worker *w = t->data;

	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (w->children[i].used)
			uv_process_kill(&w->children[i].process, SIGKILL);
	uv_stop(w->loop); /* what they held is taken again when its heartbeat is old */
}

/* Children stop at their next checkpoint and let go of their jobs; then the daemon leaves. */
static void on_signal(uv_signal_t *s, int number)
{
	struct worker *w = s->data;

	zj_info("main", "drains signal=%d running=%zu", number, running(w));
	if (w->draining)
		return;
	w->draining = true;
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (w->children[i].used)
			uv_process_kill(&w->children[i].process, SIGTERM);
	uv_timer_start(&w->drain, on_drain, DRAIN_MS, 0);
	look_drained(w);
}

static const char *config_of(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--config=", 9) == 0)
			return argv[i] + 9;
		if ((strcmp(argv[i], "--config") == 0 || strcmp(argv[i], "-c") == 0) && i + 1 < argc)
			return argv[i + 1];
	}
	return NULL;
}

static int start(struct worker *w)
{
	ssize_t n = readlink("/proc/self/exe", w->self, sizeof(w->self) - 1);
	int err = n > 0 ? 0 : errno;

	if (!err)
		err = zj_health_alloc_unready(&w->health, "worker", (uint16_t)w->conf.health_port, metrics,
					      "no look for jobs yet");
	if (!err)
		err = zj_pg_alloc(&w->pg, w->loop, w->conf.database, 2, 5000);
	return err;
}

int wk_daemon_main(int argc, char **argv)
{
	static struct worker w;
	uv_signal_t term, intr;
	int code = zj_daemon_start(argc, argv, "worker", wk_conf_rows, &w.conf);

	if (code >= 0)
		return code;
	w.loop = uv_default_loop();
	w.config = config_of(argc, argv);
	w.house_us = zj_mono_us() + 2000000;
	int err = start(&w);
	if (err) {
		zj_error("main", "cannot start error=%s", strerror(err));
		return 1;
	}
	w.poll.data = w.beat.data = w.drain.data = term.data = intr.data = &w;
	uv_signal_init(w.loop, &term);
	uv_signal_start(&term, on_signal, SIGTERM);
	uv_signal_init(w.loop, &intr);
	uv_signal_start(&intr, on_signal, SIGINT);
	uv_timer_init(w.loop, &w.drain);
	uv_timer_init(w.loop, &w.beat);
	uv_timer_start(&w.beat, on_beat, BEAT_MS, BEAT_MS);
	uv_timer_init(w.loop, &w.poll);
	uv_timer_start(&w.poll, on_poll, 50, (uint64_t)w.conf.poll_ms);
	zj_info("main", "works jobs=%lld per_tenant=%lld", (long long)w.conf.jobs, (long long)w.conf.jobs_per_tenant);
	uv_run(w.loop, UV_RUN_DEFAULT);
	zj_info("main", "ended");
	exit(0); /* nothing of ours is kept only in memory */
}
