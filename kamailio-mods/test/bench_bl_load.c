/* How long the lists take from PostgreSQL, and from the local copy: bench_bl_load CONNINFO COPY. JSON lines. */
#include "bl_follow.h"
#include "zk_log.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void zk_log(enum zk_log_level level, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	if (level != ZK_INFO) {
		vfprintf(stderr, fmt, ap);
		fputc('\n', stderr);
	}
	va_end(ap);
}

void *zk_mem_alloc(size_t size)
{
	return malloc(size);
}

void zk_mem_free(void *p)
{
	free(p);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double status_bytes(const char *what)
{
	char line[256];
	double kb = 0;
	FILE *f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, what, strlen(what)))
			kb = atof(line + strlen(what) + 1);
	if (f)
		fclose(f);
	return kb * 1024;
}

static void say(const char *metric, double value, const char *unit)
{
	printf("{\"bench\":\"blacklist\",\"metric\":\"%s\",\"value\":%.2f,\"unit\":\"%s\"}\n", metric, value, unit);
}

static void load(const char *metric, const char *conninfo, const char *copy)
{
	struct bl_store *s;
	struct bl_follow *f;
	struct bl_size size;
	struct stat st;
	char name[64];
	double began = now(), before = status_bytes("VmRSS:");
	if (bl_store_alloc(&s, (size_t)1 << 30) || bl_follow_alloc(&f, s, conninfo, copy) || bl_follow_start(f))
		exit(1);
	double took = now() - began, cpu = (double)clock() / CLOCKS_PER_SEC;
	bl_store_size(s, &size);
	snprintf(name, sizeof name, "%s_s", metric);
	say(name, took, "s");
	snprintf(name, sizeof name, "%s_cpu_s", metric);
	say(name, cpu, "s"); /* what it would take on a core of its own; PostgreSQL's part is another's */
	snprintf(name, sizeof name, "%s_numbers", metric);
	say(name, (double)size.numbers, "numbers");
	snprintf(name, sizeof name, "%s_bytes_per_number", metric);
	say(name, (double)size.bytes / (double)size.numbers, "B");
	snprintf(name, sizeof name, "%s_peak_rss_per_number", metric);
	say(name, (status_bytes("VmHWM:") - before) / (double)size.numbers, "B");
	if (!stat(copy, &st))
		say("copy_bytes_per_number", (double)st.st_size / (double)size.numbers, "B");
	bl_store_free(s);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 64;
	if (fork() == 0) {
		load("load", argv[1], argv[2]);
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	load("copy_load", "host=/nonexistent", argv[2]);
	return 0;
}
