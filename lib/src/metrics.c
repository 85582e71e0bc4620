/* /healthz and /metrics (zj_metrics.h), served by a thread of libmicrohttpd that only reads atomics and /proc/self. */
#include "zj_log.h"
#include "zj_metrics.h"
#include "zj_time.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define CONNECTIONS_MAX 32
#define IDLE_S          10

struct zj_health {
	struct MHD_Daemon *daemon;
	char prefix[40]; /* "zj_ivr_vxml" */
	struct zj_metric *metrics;
	_Atomic bool ok;
	const char *_Atomic why;
	int64_t since_us;
};

static long descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	long n = 0;

	if (!d)
		return -1;
	while (readdir(d))
		n++;
	closedir(d);
	return n - 3; /* ".", "..", and the directory itself */
}

static long resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long total, resident = 0;

	if (!f)
		return -1;
	if (fscanf(f, "%ld %ld", &total, &resident) != 2)
		resident = 0;
	fclose(f);
	return resident * sysconf(_SC_PAGESIZE);
}

static void process_print(FILE *out, const struct zj_health *h)
{
	struct rusage u;
	double cpu;

	getrusage(RUSAGE_SELF, &u);
	cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
	fprintf(out,
		"# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %.6f\n"
		"# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %ld\n"
		"# TYPE process_open_fds gauge\nprocess_open_fds %ld\n"
		"# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %.3f\n",
		cpu, resident_bytes(), descriptors(), (double)h->since_us / 1e6);
	fprintf(out, "# HELP %s_healthy 1 when /healthz says ok\n# TYPE %s_healthy gauge\n%s_healthy %d\n", h->prefix,
		h->prefix, h->prefix, atomic_load(&h->ok));
}

static void metrics_print(FILE *out, const struct zj_health *h)
{
	for (struct zj_metric *m = h->metrics; m && m->name; m++) {
		fprintf(out, "# HELP %s_%s %s\n# TYPE %s_%s %s\n%s_%s %" PRId64 "\n", h->prefix, m->name, m->help,
			h->prefix, m->name, m->type == ZJ_COUNTER ? "counter" : "gauge", h->prefix, m->name,
			atomic_load_explicit(&m->value, memory_order_relaxed));
	}
	process_print(out, h);
}

static void health_print(FILE *out, const struct zj_health *h)
{
	char since[ZJ_RFC3339_SIZE];
	bool ok = atomic_load(&h->ok);

	zj_rfc3339(since, h->since_us);
	fprintf(out, "%s\nup since %s\n", ok ? "ok" : atomic_load(&h->why), since);
}

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status,
			      void (*print)(FILE *, const struct zj_health *), const struct zj_health *h)
{
	struct MHD_Response *response;
	enum MHD_Result result;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return MHD_NO;
	print(out, h);
	fclose(out);
	response = MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
	result = MHD_queue_response(c, status, response);
	MHD_destroy_response(response);
	return result;
}

static void nothing_print(FILE *out, const struct zj_health *h ZJ_UNUSED)
{
	fputs("/healthz and /metrics are here\n", out);
}

static enum MHD_Result request_h(void *arg, struct MHD_Connection *c, const char *url, const char *method,
				 const char *version ZJ_UNUSED, const char *upload ZJ_UNUSED, size_t *upload_size,
				 void **state ZJ_UNUSED)
{
	struct zj_health *h = arg;

	*upload_size = 0;
	if (strcmp(method, "GET") && strcmp(method, "HEAD"))
		return answer(c, MHD_HTTP_METHOD_NOT_ALLOWED, nothing_print, h);
	if (!strcmp(url, "/healthz"))
		return answer(c, atomic_load(&h->ok) ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, health_print, h);
	if (!strcmp(url, "/metrics"))
		return answer(c, MHD_HTTP_OK, metrics_print, h);
	return answer(c, MHD_HTTP_NOT_FOUND, nothing_print, h);
}

static void health_destructor(void *obj)
{
	struct zj_health *h = obj;

	if (h->daemon)
		MHD_stop_daemon(h->daemon);
}

int zj_health_alloc(struct zj_health **hp, const char *part, uint16_t port, struct zj_metric *metrics)
{
	return zj_health_alloc_unready(hp, part, port, metrics, NULL);
}

int zj_health_alloc_unready(struct zj_health **hp, const char *part, uint16_t port, struct zj_metric *metrics,
			    const char *why)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct zj_health *h = zj_alloc(sizeof(*h), health_destructor);

	if (!h)
		return ENOMEM;
	snprintf(h->prefix, sizeof(h->prefix), "zj_%s", part);
	for (char *c = h->prefix; *c; c++) {
		if (*c == '-')
			*c = '_';
	}
	h->metrics = metrics;
	h->since_us = zj_now_us();
	atomic_store(&h->ok, !why);
	atomic_store(&h->why, why ? why : "ok");
	h->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL, port, NULL, NULL, request_h, h,
				     MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&sa, MHD_OPTION_CONNECTION_LIMIT,
				     (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
				     MHD_OPTION_END);
	if (!h->daemon) {
		zj_deref(h);
		return EADDRINUSE;
	}
	*hp = h;
	return 0;
}

void zj_health_set(struct zj_health *h, bool ok, const char *why)
{
	if (atomic_exchange(&h->ok, ok) != ok) {
		if (ok)
			zj_info("health", "healthy again");
		else
			zj_warn("health", "unhealthy: %s", why);
	}
	atomic_store(&h->why, why ? why : "not ok");
}
