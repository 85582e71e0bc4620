/* A private PostgreSQL in a temporary directory, for tests: started on a Unix socket only, gone with the test. */
#ifndef PGSERVER_H
#define PGSERVER_H
#include "testing.h"
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PG_BIN "/usr/lib/postgresql/15/bin"

struct pgserver {
	char dir[40], conninfo[160];
	pid_t pid;
};

static inline void sh(const char *fmt, const char *a, const char *b)
{
	char cmd[2000];

	snprintf(cmd, sizeof(cmd), fmt, a, b);
	if (system(cmd)) {
		fprintf(stderr, "failed: %s\n", cmd);
		abort();
	}
}

/* PostgreSQL refuses to run as root; its package made a user for it. */
static inline const char *pg_as(void)
{
	return geteuid() ? "" : "setpriv --reuid=postgres --regid=postgres --clear-groups ";
}

static inline void pgserver_start(struct pgserver *pg)
{
	char dir[80];

	snprintf(dir, sizeof(dir), "%s/data", pg->dir);
	pg->pid = fork();
	if (!pg->pid) {
		prctl(PR_SET_PDEATHSIG, SIGQUIT);
		if (!freopen("/dev/null", "w", stderr) || !freopen("/dev/null", "w", stdout))
			_exit(1);
		if (geteuid())
			execl(PG_BIN "/postgres", "postgres", "-D", dir, "-k", pg->dir, "-h", "", "-F", (char *)NULL);
		else
			execlp("setpriv", "setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups",
			       "--pdeathsig=QUIT", PG_BIN "/postgres", "-D", dir, "-k", pg->dir, "-h", "", "-F",
			       (char *)NULL);
		_exit(1);
	}
	for (int i = 0; i < 300; i++) {
		PGconn *c = PQconnectdb(pg->conninfo);
		bool up = PQstatus(c) == CONNECTION_OK;

		PQfinish(c);
		if (up)
			return;
		usleep(50000);
	}
	abort();
}

static inline void pgserver_stop(struct pgserver *pg)
{
	kill(pg->pid, SIGINT); /* fast: ends the sessions */
	waitpid(pg->pid, NULL, 0);
}

static inline void pgserver_new(struct pgserver *pg)
{
	strcpy(pg->dir, "/tmp/zj-pg-XXXXXX");
	if (!mkdtemp(pg->dir))
		abort();
	if (!geteuid())
		sh("chown postgres %s%s", pg->dir, "");
	sh("%s" PG_BIN "/initdb -D %s/data -U postgres --auth=trust --no-sync -E UTF8 --locale=C.UTF-8 >/dev/null",
	   pg_as(), pg->dir);
	snprintf(pg->conninfo, sizeof(pg->conninfo), "host=%s user=postgres dbname=postgres", pg->dir);
	pgserver_start(pg);
}

static inline void pgserver_free(struct pgserver *pg)
{
	pgserver_stop(pg);
	sh("rm -rf %s%s", pg->dir, "");
}

/* From outside of the library under test. */
static inline void pg_exec(const struct pgserver *pg, const char *sql)
{
	PGconn *c = PQconnectdb(pg->conninfo);
	PGresult *r = PQexec(c, sql);
	ExecStatusType status = PQresultStatus(r);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		fprintf(stderr, "%s: %s\n", sql, PQerrorMessage(c));
		abort();
	}
	PQclear(r);
	PQfinish(c);
}
#endif
