#include "testing.h"
#include "zj_metrics.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct zj_metric metrics[] = {
	{"calls_total", "Calls since the start", ZJ_COUNTER, 0},
	{"calls", "Calls now", ZJ_GAUGE, 0},
	{NULL, NULL, 0, 0},
};

static uint16_t free_port(void)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	getsockname(fd, (struct sockaddr *)&sa, &len);
	close(fd);
	return ntohs(sa.sin_port);
}

static void get(uint16_t port, const char *path, char *out, size_t size)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t n = 0;
	ssize_t got;

	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	dprintf(fd, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
	while (n < size - 1 && (got = read(fd, out + n, size - 1 - n)) > 0)
		n += (size_t)got;
	out[n] = '\0';
	close(fd);
}

static void health_and_metrics_are_served(void **state)
{
	uint16_t port = free_port();
	struct zj_health *h, *second = NULL;
	char text[8000];

	(void)state;
	assert_int_equal(zj_health_alloc(&h, "ivr-vxml", port, metrics), 0);
	assert_int_equal(zj_health_alloc(&second, "ivr-vxml", port, metrics), EADDRINUSE);
	zj_metric_add(&metrics[0], 3);
	zj_metric_set(&metrics[1], -2);
	get(port, "/metrics", text, sizeof(text));
	assert_non_null(strstr(text, "# TYPE zj_ivr_vxml_calls_total counter\nzj_ivr_vxml_calls_total 3\n"));
	assert_non_null(strstr(text, "zj_ivr_vxml_calls -2\n"));
	assert_non_null(strstr(text, "zj_ivr_vxml_healthy 1\n"));
	assert_non_null(strstr(text, "process_resident_memory_bytes "));
	assert_non_null(strstr(text, "process_cpu_seconds_total "));
	get(port, "/healthz", text, sizeof(text));
	assert_non_null(strstr(text, "200 OK"));
	assert_non_null(strstr(text, "ok\nup since 20"));
	zj_health_set(h, false, "no mediad");
	get(port, "/healthz", text, sizeof(text));
	assert_non_null(strstr(text, " 503 "));
	assert_non_null(strstr(text, "no mediad\n"));
	zj_health_set(h, true, NULL);
	get(port, "/healthz", text, sizeof(text));
	assert_non_null(strstr(text, "200 OK"));
	get(port, "/else", text, sizeof(text));
	assert_non_null(strstr(text, " 404 "));
	zj_deref(h);
	assert_int_equal(zj_objects_alive(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(health_and_metrics_are_served)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
