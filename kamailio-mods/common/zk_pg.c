#include "zk_pg.h"
#include "zk_log.h"
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define SILENCE_MAX_MS 10000
#define CONNECT_MAX_MS 3000

static long mono_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* False at the deadline. */
static bool wait_socket(PGconn *pg, short events, long deadline)
{
	for (;;) {
		long left = deadline - mono_ms();
		struct pollfd p = {.fd = PQsocket(pg), .events = events};
		if (left <= 0 || p.fd < 0)
			return false;
		int n = poll(&p, 1, (int)left);
		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
	}
}

static bool connect_wait(PGconn *pg)
{
	long deadline = mono_ms() + CONNECT_MAX_MS;
	if (!pg || PQstatus(pg) == CONNECTION_BAD)
		return false;
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;
	while (state != PGRES_POLLING_OK) {
		if (state == PGRES_POLLING_FAILED ||
		    !wait_socket(pg, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline))
			return false;
		state = PQconnectPoll(pg);
	}
	return true;
}

static const char *one_line(PGconn *pg)
{
	static char text[200];
	strncpy(text, pg ? PQerrorMessage(pg) : "out of memory", sizeof text - 1);
	for (char *p = text; *p; p++)
		if (*p == '\n')
			*p = ' ';
	return text;
}

PGconn *zk_pg_connect(const char *conninfo, const char *who)
{
	static bool away;
	PGconn *pg = PQconnectStart(conninfo);
	if (connect_wait(pg)) {
		away = false;
		return pg;
	}
	if (!away)
		zk_log(ZK_WARN, "database is away, going on without it who=%s because=\"%s\"", who, one_line(pg));
	away = true;
	PQfinish(pg);
	return NULL;
}

/* The last result of a query; NULL when the connection broke or nothing came for too long. */
static PGresult *result_wait(PGconn *pg)
{
	PGresult *last = NULL;
	for (;;) {
		while (PQisBusy(pg))
			if (!wait_socket(pg, POLLIN, mono_ms() + SILENCE_MAX_MS) || !PQconsumeInput(pg)) {
				PQclear(last);
				return NULL;
			}
		PGresult *r = PQgetResult(pg);
		if (!r)
			return last;
		PQclear(last);
		last = r;
	}
}

PGresult *zk_pg_exec(PGconn *pg, const char *sql, int n, const char *const *values)
{
	PGresult *r = NULL;
	if (PQsendQueryParams(pg, sql, n, NULL, values, NULL, NULL, 0))
		r = result_wait(pg);
	ExecStatusType status = PQresultStatus(r);
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return r;
	zk_log(ZK_WARN, "database query failed because=\"%s\" query=\"%.60s\"", one_line(pg), sql);
	PQclear(r);
	return NULL;
}

static void copy_failed(PGconn *pg)
{
	zk_log(ZK_WARN, "database stream failed because=\"%s\"", one_line(pg));
}

bool zk_pg_copy_begin(PGconn *pg, const char *sql)
{
	if (!PQsendQuery(pg, sql)) {
		copy_failed(pg);
		return false;
	}
	while (PQisBusy(pg))
		if (!wait_socket(pg, POLLIN, mono_ms() + SILENCE_MAX_MS) || !PQconsumeInput(pg)) {
			copy_failed(pg);
			return false;
		}
	PGresult *r = PQgetResult(pg);
	bool good = PQresultStatus(r) == PGRES_COPY_OUT;
	PQclear(r);
	if (!good) {
		copy_failed(pg);
		while ((r = PQgetResult(pg)))
			PQclear(r);
	}
	return good;
}

int zk_pg_copy_next(PGconn *pg, char **data)
{
	int n;
	while ((n = PQgetCopyData(pg, data, 1)) == 0)
		if (!wait_socket(pg, POLLIN, mono_ms() + SILENCE_MAX_MS) || !PQconsumeInput(pg)) {
			copy_failed(pg);
			return -1;
		}
	if (n > 0)
		return n;
	PGresult *r = n == -1 ? result_wait(pg) : NULL;
	bool good = PQresultStatus(r) == PGRES_COMMAND_OK;
	PQclear(r);
	if (!good)
		copy_failed(pg);
	return good ? 0 : -1;
}
