/* What the pure files need outside of Kamailio: plain memory that can be made to fail, a log on standard error. */
#include "plain.h"
#include "zk_log.h"
#include "zk_map.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static long alive, allowed = -1;

long plain_alive(void)
{
	return alive;
}

void plain_fail_after(long n)
{
	allowed = n;
}

void *zk_mem_alloc(size_t size)
{
	if (allowed == 0)
		return NULL;
	if (allowed > 0)
		allowed--;
	alive++;
	return malloc(size);
}

void zk_mem_free(void *p)
{
	alive--;
	free(p);
}

void zk_log(enum zk_log_level level, const char *fmt, ...)
{
	va_list ap;
	if (!getenv("ZK_TEST_LOG"))
		return;
	va_start(ap, fmt);
	fprintf(stderr, "%d ", level);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}
