/* E-mails that wait (zj.mail), a child of the daemon whenever one is due: composed, handed to the SMTP server, and what
 * became of it is written into its row. A row is held while its mail is on its way, so a worker that dies leaves it
 * waiting; the mail then goes out again under the same Message-ID. */
#include "base64.h"
#include "db.h"
#include "worker.h"
#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

#define ATTEMPTS_MAX   12
#define ATTACHED_MAX   (20 << 20) /* bytes; a larger message goes as a link */
#define TRANSCRIPT_MAX 20000
#define ROUND_MAX      200 /* mails of one child */

enum column {
	TENANT,
	ID,
	TO,
	MODE,
	ATTEMPTS,
	MESSAGE,
	NAME,
	CALLER,
	CALLER_NAME,
	LEFT_AT,
	SECONDS,
	PATH,
	BOX,
	LANGUAGE,
	TITLE,
	TRANSCRIPT,
	SUBJECT,
	BODY,
	ATTACHMENT,
	ATTACHMENT_NAME
};
static const char due_sql[] =
	"select m.tenant_id, m.id, m.to_address, m.mode, m.attempts, v.id, v.name, v.caller, v.caller_name,"
	" to_char(v.left_at at time zone t.time_zone, 'YYYY-MM-DD HH24:MI:SS'), (v.ms + 500) / 1000, v.path, b.name, "
	"t.language, t.title, v.transcript, m.subject, m.body, m.attachment, m.attachment_name"
	" from zj.mail m join zj.tenant t on t.id = m.tenant_id left join zj.voicemail v on v.tenant_id = m.tenant_id "
	"and v.id = m.ref_id"
	" left join zj.voicemail_box b on b.tenant_id = v.tenant_id and b.id = v.box_id"
	" where m.state = 'waiting' and m.due_at <= now() order by m.due_at limit 1 for update of m skip locked";

static const char *cell(const PGresult *r, enum column c)
{
	return PQgetvalue(r, 0, (int)c);
}

/* ---- composing ---- */
/* RFC 2047: words of at most 45 bytes, cut between characters. An object. */
static char *encoded(const char *text)
{
	struct res_buf b = {0};
	size_t n = strlen(text);

	for (size_t at = 0; at < n;) {
		size_t k = n - at > 45 ? 45 : n - at;
		char word[72];

		while (at + k < n && k > 1 && ((unsigned char)text[at + k] & 0xc0) == 0x80)
			k--;
		wk_base64(word, (const unsigned char *)text + at, k);
		res_buf_printf(&b, "%s=?UTF-8?B?%s?=", at ? "\r\n " : "", word);
		at += k;
	}
	char *out = zj_strdup(b.p ? b.p : "");
	res_buf_free(&b);
	return out;
}

/* It carries its own words (alarms); else it is about a message. */
static bool is_plain(const PGresult *r)
{
	return !PQgetisnull(r, 0, BODY);
}

static char *subject(const PGresult *r)
{
	bool zh = strcmp(cell(r, LANGUAGE), "en") != 0;
	const char *who = *cell(r, CALLER_NAME) ? cell(r, CALLER_NAME) : cell(r, CALLER);
	char *plain =
		     is_plain(r) ? zj_strdup(cell(r, SUBJECT))
		     : zh ? zj_asprintf("语音留言：来自 %s（%s 秒）", *who ? who : "未知号码", cell(r, SECONDS))
			  : zj_asprintf("Voicemail from %s (%s s)", *who ? who : "an unknown number", cell(r, SECONDS)),
	     *out = plain ? encoded(plain) : NULL;

	zj_deref(plain);
	return out;
}

static char *text_of(const struct wk_conf *conf, const PGresult *r, bool attached)
{
	bool zh = strcmp(cell(r, LANGUAGE), "en") != 0;
	const char *words = cell(r, TRANSCRIPT);
	struct res_buf b = {0};

	if (is_plain(r))
		return zj_strdup(cell(r, BODY));
	res_buf_printf(&b,
		       zh ? "%s\r\n\r\n信箱：%s\r\n来自：%s %s\r\n时间：%s\r\n时长：%s 秒\r\n"
			  : "%s\r\n\r\nMailbox: %s\r\nFrom: %s %s\r\nLeft at: %s\r\nLength: %s s\r\n",
		       cell(r, TITLE), cell(r, BOX), cell(r, CALLER), cell(r, CALLER_NAME), cell(r, LEFT_AT),
		       cell(r, SECONDS));
	if (*words)
		res_buf_printf(&b, "\r\n%s\r\n", words);
	if (!attached)
		res_buf_printf(&b, zh ? "\r\n收听：%s/voicemails/%s\r\n" : "\r\nListen: %s/voicemails/%s\r\n",
			       conf->console_url, cell(r, MESSAGE));
	char *out = zj_strdup(b.p ? b.p : "");
	res_buf_free(&b);
	return out;
}

/* Below the tenant's folder, without tricks; NULL: it is not, or too large. */
static char *attachment(const struct wk_conf *conf, const PGresult *r)
{
	const char *path = cell(r, is_plain(r) ? ATTACHMENT : PATH);
	size_t n = strlen(cell(r, TENANT));
	struct stat st;
	char *full;

	if (strncmp(path, cell(r, TENANT), n) != 0 || path[n] != '/' || strstr(path, "/."))
		return NULL;
	full = zj_asprintf("%s/%s", conf->store, path);
	if (full && stat(full, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= ATTACHED_MAX)
		return full;
	zj_deref(full);
	return NULL;
}

static struct curl_slist *headers(const struct wk_conf *conf, const PGresult *r)
{
	char date[64], *title = encoded(cell(r, TITLE)), *about = subject(r), *line;
	struct curl_slist *list = NULL;
	time_t now = time(NULL);
	struct tm tm;
	const char *at = strchr(conf->mail_from, '@');

	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "Date: %a, %d %b %Y %H:%M:%S +0000", &tm);
	list = curl_slist_append(list, date);
#define ADD(...)                                                                                                       \
	do {                                                                                                           \
		line = zj_asprintf(__VA_ARGS__);                                                                       \
		list = line ? curl_slist_append(list, line) : list;                                                    \
		zj_deref(line);                                                                                        \
	} while (0)
	ADD("From: %s <%s>", title ? title : "", conf->mail_from);
	ADD("To: <%s>", cell(r, TO));
	ADD("Subject: %s", about ? about : "");
	ADD("Message-ID: <%s%s>", cell(r, ID), at ? at : "@zongji");
	ADD("Auto-Submitted: auto-generated");
#undef ADD
	zj_deref(title);
	zj_deref(about);
	return list;
}

/* ---- sending ---- */
static void server(CURL *c, const struct wk_conf *conf)
{
	curl_easy_setopt(c, CURLOPT_URL, conf->smtp_url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	if (*conf->smtp_user) {
		curl_easy_setopt(c, CURLOPT_USERNAME, conf->smtp_user);
		curl_easy_setopt(c, CURLOPT_PASSWORD, conf->smtp_password);
	}
	curl_easy_setopt(c, CURLOPT_USE_SSL,
			 (long)(strcmp(conf->smtp_tls, "need") == 0  ? CURLUSESSL_ALL
				: strcmp(conf->smtp_tls, "off") == 0 ? CURLUSESSL_NONE
								     : CURLUSESSL_TRY));
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, 10L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, 120L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
}

/* 0: the server has it; EINVAL: it never will; EAGAIN: later. `why` says it. */
static int hand_over(const struct wk_conf *conf, const PGresult *r, const char *mode, char *why, size_t size)
{
	CURL *c = curl_easy_init();
	char *file = is_plain(r) || strcmp(mode, "attachment") == 0 ? attachment(conf, r) : NULL,
	     *text = text_of(conf, r, file != NULL);
	curl_mime *mime = c ? curl_mime_init(c) : NULL;
	curl_mimepart *part = mime && text ? curl_mime_addpart(mime) : NULL;
	struct curl_slist *to = NULL, *lines = NULL;
	char error[CURL_ERROR_SIZE] = "";
	long code = 0;
	CURLcode rc = CURLE_OUT_OF_MEMORY;

	if (part) {
		server(c, conf);
		curl_mime_data(part, text, CURL_ZERO_TERMINATED);
		curl_mime_type(part, "text/plain; charset=utf-8");
		curl_mime_encoder(part, "base64");
		part = file ? curl_mime_addpart(mime) : NULL;
	}
	if (part) {
		curl_mime_filedata(part, file);
		curl_mime_filename(part, cell(r, is_plain(r) ? ATTACHMENT_NAME : NAME));
		curl_mime_type(part, is_plain(r) ? "application/pdf" : "audio/wav");
		curl_mime_encoder(part, "base64");
	}
	if (mime && text) {
		to = curl_slist_append(NULL, cell(r, TO));
		lines = headers(conf, r);
		curl_easy_setopt(c, CURLOPT_MAIL_FROM, conf->mail_from);
		curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to);
		curl_easy_setopt(c, CURLOPT_MIMEPOST, mime);
		curl_easy_setopt(c, CURLOPT_HTTPHEADER, lines);
		curl_easy_setopt(c, CURLOPT_ERRORBUFFER, error);
		rc = curl_easy_perform(c);
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
	}
	snprintf(why, size, "%s%s%ld", *error ? error : curl_easy_strerror(rc), ", the server said ", code);
	curl_slist_free_all(to);
	curl_slist_free_all(lines);
	curl_mime_free(mime);
	curl_easy_cleanup(c);
	zj_deref(text);
	zj_deref(file);
	return rc == CURLE_OK ? 0 : code >= 500 && code < 600 ? EINVAL : EAGAIN;
}

/* ---- the books ---- */
static int written(PGconn *pg, const PGresult *r, const char *state, const char *error)
{
	static const char sql[] = "update zj.mail set state = $3, error = $4, attempts = attempts + 1, sent_at = case "
				  "when $3 = 'sent' then now() end,"
				  " due_at = now() + make_interval(secs => least(60 * power(2, attempts), 3600)) where "
				  "tenant_id = $1::uuid and id = $2::uuid";
	const char *values[] = {cell(r, TENANT), cell(r, ID), state, error};
	PGresult *done = wk_db_run(pg, sql, 4, values);
	int err = wk_db_ok(done) ? 0 : EPROTO;

	if (err)
		wk_db_log(done, "mail");
	PQclear(done);
	return err;
}

static int send_one(PGconn *pg, const struct wk_conf *conf, const PGresult *r)
{
	const char *mode = strcmp(cell(r, MODE), "system") == 0 ? conf->mail_mode : cell(r, MODE);
	bool last = atoi(cell(r, ATTEMPTS)) + 1 >= ATTEMPTS_MAX;
	char why[400];
	int err;

	if (!is_plain(r) && PQgetisnull(r, 0, MESSAGE))
		return written(pg, r, "failed", "the message was deleted before its e-mail was sent");
	if (strpbrk(cell(r, TO), "<>,;\""))
		return written(pg, r, "failed", "this is no address that mail can be sent to");
	if (!is_plain(r) && strcmp(mode, "off") == 0)
		return written(pg, r, "failed", "the installation sends no voicemail by e-mail");
	err = hand_over(conf, r, mode, why, sizeof(why));
	zj_info("mail", "%s mail=%s tenant=%s attempt=%d because=%s", err ? "not sent" : "sent", cell(r, ID),
		cell(r, TENANT), atoi(cell(r, ATTEMPTS)) + 1, err ? zj_log_esc(why) : "-");
	return written(pg, r, !err ? "sent" : err == EINVAL || last ? "failed" : "waiting", err ? why : NULL);
}

/* True: there may be more. */
static bool next(PGconn *pg, const struct wk_conf *conf)
{
	PGresult *r;
	bool more = false;

	if (wk_db_do(pg, "begin"))
		return false;
	r = wk_db_run(pg, due_sql, 0, NULL);
	if (!wk_db_ok(r))
		wk_db_log(r, "mail");
	else if (PQntuples(r))
		more = send_one(pg, conf, r) == 0;
	PQclear(r);
	return wk_db_do(pg, "commit") == 0 && more;
}

/* ---- transcripts: a service of the installation's turns sound into words ---- */
static size_t collect(char *data, size_t one, size_t n, void *arg)
{
	struct res_buf *b = arg;

	if (b->n + n * one > 4 * TRANSCRIPT_MAX)
		return 0;
	res_buf_addn(b, data, n * one);
	return n * one;
}

static char *ask(const struct wk_conf *conf, const char *file)
{
	CURL *c = curl_easy_init();
	curl_mime *mime = c ? curl_mime_init(c) : NULL;
	curl_mimepart *part = mime ? curl_mime_addpart(mime) : NULL;
	struct res_buf b = {0};
	json_t *answer;
	char *text;
	long code = 0;

	if (part) {
		curl_mime_name(part, "file");
		curl_mime_filedata(part, file);
		curl_mime_type(part, "audio/wav");
		curl_easy_setopt(c, CURLOPT_URL, conf->transcribe_url);
		curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
		curl_easy_setopt(c, CURLOPT_MIMEPOST, mime);
		curl_easy_setopt(c, CURLOPT_TIMEOUT, 120L);
		curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, 10L);
		curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, collect);
		curl_easy_setopt(c, CURLOPT_WRITEDATA, &b);
		if (curl_easy_perform(c) == CURLE_OK)
			curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
	}
	answer = code == 200 && b.p ? json_loadb(b.p, b.n, 0, NULL) : NULL;
	text = wk_text(answer, "text") ? zj_strdup(wk_text(answer, "text")) : NULL;
	json_decref(answer);
	curl_mime_free(mime);
	curl_easy_cleanup(c);
	res_buf_free(&b);
	return text;
}

/* What cannot be had is empty afterwards, and not asked for again. */
static bool transcribe(PGconn *pg, const struct wk_conf *conf)
{
	PGresult *r = wk_db_run(pg,
				"select v.tenant_id, v.id, v.path from zj.voicemail v join zj.voicemail_box b on "
				"b.tenant_id = v.tenant_id and b.id = v.box_id"
				" where b.transcribe and v.transcript is null and v.created_at > now() - interval '1 "
				"day' order by v.id limit 1",
				0, NULL);
	bool more = wk_db_ok(r) && PQntuples(r) > 0;
	char *file = more ? zj_asprintf("%s/%s", conf->store, PQgetvalue(r, 0, 2)) : NULL, *text = NULL;

	for (int i = 0; file && !text && i < 3; i++)
		text = ask(conf, file);
	if (more) {
		const char *values[] = {PQgetvalue(r, 0, 0), PQgetvalue(r, 0, 1), text ? text : ""};
		PGresult *w = wk_db_run(pg,
					"update zj.voicemail set transcript = left($3, 20000) where tenant_id = "
					"$1::uuid and id = $2::uuid",
					3, values);

		more = wk_db_ok(w);
		PQclear(w);
		zj_info("mail", "transcript %s message=%s", text ? "written" : "failed", values[1]);
	}
	zj_deref(text);
	zj_deref(file);
	PQclear(r);
	return more;
}

int wk_mail_main(int argc, char **argv)
{
	static struct wk_conf conf;
	PGconn *pg = NULL;
	int code = zj_daemon_start(argc, argv, "worker", wk_conf_rows, &conf);

	if (code >= 0)
		return code;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_DFL);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (wk_db_connect(&pg, conf.database))
		return 1;
	for (int i = 0; *conf.transcribe_url && i < ROUND_MAX && transcribe(pg, &conf); i++)
		;
	for (int i = 0; *conf.smtp_url && i < ROUND_MAX && next(pg, &conf); i++)
		;
	PQfinish(pg);
	curl_global_cleanup();
	zj_conf_free(wk_conf_rows, &conf);
	return 0;
}
