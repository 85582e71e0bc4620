/* libcurl's multi interface on the loop. */
#include "fetch.h"
#include "kept.h"
#include "zj_log.h"
#include "zj_metrics.h"
#include "zj_trim.h"
#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRANSFERS_MAX 500
#define REDIRECTS_MAX 5
#define NAME_BYTES    16 /* of a hash */

struct zj_metric *vx_fetches_metric;

struct vx_fetcher {
	struct vx_kept_list *kept;
	uv_loop_t *loop;
	CURLM *multi;
	uv_timer_t timer;
	char *cache_dir;
	uint64_t max_disk;
	unsigned made; /* files */
	bool allow_private, closing;
	unsigned max_ms, n;
	int handles;
};

struct vx_fetch {
	struct vx_fetcher *f;
	CURL *easy;
	vx_fetch_h *h;
	void *arg;
	char *post, *url;
	char error[CURL_ERROR_SIZE];
	const char *refused; /* why the socket was not opened */
	char *body;
	size_t len, size, max;
	struct vx_validators said; /* by the answer */
	struct curl_slist *asked;  /* headers of a request about what is kept */
	bool to_file, cancelled;
};

struct watch {
	uv_poll_t poll;
	curl_socket_t fd;
	struct vx_fetcher *f;
};

static bool v4_is_private(uint32_t a)
{
	return (a >> 24) == 0 || (a >> 24) == 10 || (a >> 24) == 127 || (a >> 16) == 0xa9fe || (a >> 20) == 0xac1 ||
	       (a >> 16) == 0xc0a8 || (a >> 22) == (0x64400000 >> 22) || (a >> 17) == (0xc6120000 >> 17) ||
	       (a >> 28) >= 0xe || (a >> 8) == 0xc00000;
}

/* Loopback, link-local, private, shared, multicast, and IPv6 addresses that carry such an IPv4 one. */
bool vx_address_is_private(const struct sockaddr *a)
{
	const struct sockaddr_in6 *six = (const void *)a;
	const uint8_t *b = six->sin6_addr.s6_addr;
	uint32_t inner;

	if (a->sa_family == AF_INET)
		return v4_is_private(ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr));
	if (a->sa_family != AF_INET6)
		return true;
	memcpy(&inner, b + 12, sizeof(inner));
	if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr) || IN6_IS_ADDR_V4COMPAT(&six->sin6_addr))
		return v4_is_private(ntohl(inner)); /* ::1 and :: are V4COMPAT of 0.0.0.x: private too */
	if (b[0] == 0 && b[1] == 0x64 && b[2] == 0xff && b[3] == 0x9b) /* NAT64 */
		return v4_is_private(ntohl(inner));
	return (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0) >= 0x80) || b[0] == 0xff || b[0] == 0 ||
	       (b[0] == 0x20 && b[1] == 2);
}

/* Every connection passes here: the first, and each redirect's; names are resolved already. */
static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct vx_fetch *t = arg;

	if (purpose != CURLSOCKTYPE_IPCXN)
		return CURL_SOCKET_BAD;
	if (!t->f->allow_private && vx_address_is_private(&address->addr)) {
		t->refused = "the address is a private one";
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct vx_fetch *t = arg;
	size_t bytes = size * n;

	if (t->len + bytes > t->max) {
		t->refused = "the answer is too large";
		return 0;
	}
	if (t->len + bytes + 1 > t->size) {
		size_t want = (t->len + bytes + 1) * 2;
		char *bigger = realloc(t->body, want);

		if (!bigger)
			return 0;
		t->body = bigger;
		t->size = want;
	}
	memcpy(t->body + t->len, data, bytes);
	t->len += bytes;
	return bytes;
}

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
	struct vx_fetch *t = arg;

	vx_validators_take(&t->said, line, size * n);
	return size * n;
}

/* Is what is kept good still? A line with a line break in it cannot come from curl, but is not sent either. */
static void ask_about(struct vx_fetch *t, const char *name, const char *value)
{
	char line[600];

	if (!value || strpbrk(value, "\r\n"))
		return;
	snprintf(line, sizeof(line), "%s: %s", name, value);
	struct curl_slist *more = curl_slist_append(t->asked, line);
	t->asked = more ? more : t->asked;
}

static void transfer_free(struct vx_fetch *t)
{
	curl_multi_remove_handle(t->f->multi, t->easy);
	curl_easy_cleanup(t->easy);
	t->f->n--;
	free(t->body);
	free(t->post);
	free(t->url);
	curl_slist_free_all(t->asked);
	vx_validators_clear(&t->said);
	free(t);
}

/* Audio is kept under a name made from its address and its contents (a file that plays is never changed), which nobody
 * can make another tenant's sound have. Returns the path (an object), NULL on failure. */
static char *file_keep(struct vx_fetch *t, const char *url)
{
	unsigned char hash[NAME_BYTES];
	char name[2 * NAME_BYTES + 1], *path, *temp;
	crypto_generichash_state h;
	int fd;

	if (!t->f->cache_dir)
		return zj_strdup(url);
	crypto_generichash_init(&h, NULL, 0, sizeof(hash));
	crypto_generichash_update(&h, (const unsigned char *)url, strlen(url) + 1);
	crypto_generichash_update(&h, (const unsigned char *)t->body, t->len);
	crypto_generichash_final(&h, hash, sizeof(hash));
	path = zj_asprintf("%s/%s.wav", t->f->cache_dir, sodium_bin2hex(name, sizeof(name), hash, sizeof(hash)));
	temp = path ? zj_asprintf("%s.%p.tmp", path, (void *)t) : NULL;
	fd = temp ? open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
	if (fd < 0 || write(fd, t->body, t->len) != (ssize_t)t->len || rename(temp, path)) {
		if (temp)
			unlink(temp);
		path = zj_deref(path);
	}
	if (fd >= 0)
		close(fd);
	zj_deref(temp);
	if (++t->f->made % ZJ_TRIM_EVERY == 0)
		zj_trim_later(t->f->loop, t->f->cache_dir, t->f->max_disk);
	return path;
}

const char *vx_fetch_kept(struct vx_fetcher *f, const char *url)
{
	const struct vx_kept *k = vx_kept_find(&f->kept, url);

	return k && uv_now(f->loop) < k->until ? k->file : NULL;
}

/* What an answer about an audio file comes to: its file, or the one that is there already: told to be good still, or
 * better than none when the server is away. An object. */
static char *file_of(struct vx_fetch *t, long *status, const char *url)
{
	const struct vx_kept *k = vx_kept_find(&t->f->kept, t->url);
	char *file = NULL;

	if (*status >= 200 && *status < 300 && t->len) {
		file = file_keep(t, url);
	} else if (k && (!*status || *status >= 500)) { /* nothing was said of it: the next caller asks again */
		zj_warn("fetch", "an older file is used, the server is away url=%s status=%ld", zj_log_esc(url),
			*status);
		*status = 200;
		return zj_strdup(k->file);
	} else if (k && *status == 304) {
		file = zj_strdup(k->file);
		if (!t->said.etag && k->etag)
			t->said.etag = zj_strdup(k->etag);
		if (!t->said.modified && k->modified)
			t->said.modified = zj_strdup(k->modified);
		*status = 200;
	}
	if (file)
		vx_kept_put(&t->f->kept, t->url, file, &t->said, uv_now(t->f->loop));
	return file;
}

static void finish(struct vx_fetch *t, CURLcode code)
{
	const char *why = t->refused ? t->refused : *t->error ? t->error : curl_easy_strerror(code);
	char *url = NULL, *file = NULL;
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->easy, CURLINFO_EFFECTIVE_URL, &url);
	if (code != CURLE_OK) {
		status = 0;
		zj_info("fetch", "failed url=%s why=%s", zj_log_esc(url), zj_log_esc(why));
	}
	if (!t->cancelled) {
		if (t->to_file)
			file = file_of(t, &status, url);
		bool good = code == CURLE_OK || file;
		t->h(status, good ? (t->body ? t->body : "") : NULL, t->len, file, url, good ? NULL : why, t->arg);
	}
	zj_deref(file);
	transfer_free(t);
}

static void reap(struct vx_fetcher *f)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(f->multi, &left))) {
		struct vx_fetch *t = NULL;
		CURLcode code = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		finish(t, code);
	}
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct watch *w = poll->data;
	struct vx_fetcher *f = w->f;
	int flags = (status < 0 ? CURL_CSELECT_ERR : 0) | (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
		    (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);
	int running;

	curl_multi_socket_action(f->multi, w->fd, flags, &running);
	reap(f);
}

static void fetcher_release(struct vx_fetcher *f)
{
	if (!f->closing || f->handles)
		return;
	zj_deref(f->cache_dir);
	free(f);
}

static void on_watch_closed(uv_handle_t *h)
{
	struct watch *w = h->data;

	w->f->handles--;
	fetcher_release(w->f);
	free(w);
}

static int on_socket(CURL *easy ZJ_UNUSED, curl_socket_t fd, int what, void *arg, void *sock_arg)
{
	struct vx_fetcher *f = arg;
	struct watch *w = sock_arg;

	if (what == CURL_POLL_REMOVE) {
		if (w) {
			uv_poll_stop(&w->poll);
			uv_close((uv_handle_t *)&w->poll, on_watch_closed);
			curl_multi_assign(f->multi, fd, NULL);
		}
		return 0;
	}
	if (!w) {
		w = calloc(1, sizeof(*w));
		if (!w || uv_poll_init_socket(f->loop, &w->poll, fd)) {
			free(w);
			return -1;
		}
		w->fd = fd;
		w->f = f;
		w->poll.data = w;
		f->handles++;
		curl_multi_assign(f->multi, fd, w);
	}
	uv_poll_start(&w->poll, (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0),
		      on_poll);
	return 0;
}

static void on_timeout(uv_timer_t *timer)
{
	struct vx_fetcher *f = timer->data;
	int running;

	curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	reap(f);
}

static int on_timer(CURLM *multi ZJ_UNUSED, long ms, void *arg)
{
	struct vx_fetcher *f = arg;

	if (ms < 0)
		uv_timer_stop(&f->timer);
	else
		uv_timer_start(&f->timer, on_timeout, (uint64_t)(ms ? ms : 1), 0);
	return 0;
}

int vx_fetcher_alloc(struct vx_fetcher **fp, uv_loop_t *loop, const struct vx_fetcher_args *args)
{
	struct vx_fetcher *f = calloc(1, sizeof(*f));

	if (!f)
		return ENOMEM;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	f->loop = loop;
	f->multi = curl_multi_init();
	if (!f->multi) {
		free(f);
		return ENOMEM;
	}
	f->cache_dir = args->cache_dir ? zj_strdup(args->cache_dir) : NULL;
	f->max_disk = args->max_disk;
	f->allow_private = args->allow_private;
	if (f->cache_dir)
		zj_trim_later(loop, f->cache_dir, f->max_disk);
	f->max_ms = args->max_ms;
	uv_timer_init(loop, &f->timer);
	f->timer.data = f;
	f->handles = 1;
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
	*fp = f;
	return 0;
}

static void on_timer_closed(uv_handle_t *h)
{
	struct vx_fetcher *f = h->data;

	f->handles--;
	fetcher_release(f);
}

/* Its transfers have been cancelled by their sessions. */
void vx_fetcher_close(struct vx_fetcher *f)
{
	if (!f || f->closing)
		return;
	f->closing = true;
	vx_kept_clear(&f->kept);
	curl_multi_cleanup(f->multi);
	uv_close((uv_handle_t *)&f->timer, on_timer_closed);
}

static void options_set(struct vx_fetch *t, const struct vx_fetch_args *args)
{
	long ms = (long)(args->timeout_ms && args->timeout_ms < t->f->max_ms ? args->timeout_ms : t->f->max_ms);

	curl_easy_setopt(t->easy, CURLOPT_URL, args->url);
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(t->easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(t->easy, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
	curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, ms);
	curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 0L);
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "zongji-ivr-vxml/0.1");
	const struct vx_kept *k = args->to_file ? vx_kept_find(&t->f->kept, args->url) : NULL;
	if (k) {
		ask_about(t, "If-None-Match", k->etag);
		ask_about(t, "If-Modified-Since", k->modified);
		curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->asked);
	}
	curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	if (args->post) {
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(t->post));
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->post);
	}
}

int vx_fetch_start(struct vx_fetch **fp, struct vx_fetcher *f, const struct vx_fetch_args *args, vx_fetch_h *h,
		   void *arg)
{
	struct vx_fetch *t;

	if (f->closing || f->n >= TRANSFERS_MAX ||
	    (strncmp(args->url, "http://", 7) && strncmp(args->url, "https://", 8)))
		return EINVAL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return ENOMEM;
	t->f = f;
	t->h = h;
	t->arg = arg;
	t->max = args->max_bytes;
	t->to_file = args->to_file;
	t->said.max_age_s = -1;
	t->post = args->post ? strdup(args->post) : NULL;
	t->url = strdup(args->url);
	t->easy = curl_easy_init();
	if (!t->easy || !t->url || (args->post && !t->post)) {
		curl_easy_cleanup(t->easy);
		free(t->post);
		free(t->url);
		free(t);
		return ENOMEM;
	}
	options_set(t, args);
	f->n++;
	if (curl_multi_add_handle(f->multi, t->easy)) {
		transfer_free(t);
		return EIO;
	}
	if (vx_fetches_metric)
		zj_metric_add(vx_fetches_metric, 1);
	*fp = t;
	return 0;
}

void vx_fetch_cancel(struct vx_fetch *t)
{
	if (!t)
		return;
	t->cancelled = true;
	transfer_free(t);
}

char *vx_url_resolve(const char *base, const char *ref)
{
	CURLU *u;
	char *out = NULL, *copy = NULL;

	if (!strncmp(ref, "flow:", 5) || !strncmp(ref, "file:", 5))
		return zj_strdup(ref);
	if (base && !strncmp(base, "file:", 5) && !strstr(ref, "://")) { /* curl's parser does not resolve these */
		size_t dir = (size_t)((strrchr(base, '/') ? strrchr(base, '/') : base + 4) - base) + 1;

		return *ref == '/' ? zj_asprintf("file://%s", ref) : zj_asprintf("%.*s%s", (int)dir, base, ref);
	}
	u = curl_url();
	if (!u)
		return NULL;
	if (base && !strncmp(base, "http", 4) && curl_url_set(u, CURLUPART_URL, base, 0))
		goto out;
	if (!curl_url_set(u, CURLUPART_URL, ref, 0) && !curl_url_get(u, CURLUPART_URL, &copy, 0))
		out = zj_strdup(copy);
	curl_free(copy);
out:
	curl_url_cleanup(u);
	return out;
}
