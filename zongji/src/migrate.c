/* zongji migrate: brings the database to the schema of this version. Each file of schema/ is one transaction, applied
 * once, in order of its name; a file that changed after it was applied is refused. Safe to run twice at once. */
#include "zj_obj.h"
#include "zongji.h"
#include <dirent.h>
#include <errno.h>
#include <libpq-fe.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (4 * 1024 * 1024)
#define LOCK_KEY "7260471" /* of pg_advisory_lock: any number, the same for every migrate */

static const char *const table_sql = "create table if not exists public.zj_migration (name text primary key, sha256 "
				     "text not null, at timestamptz not null default now())";

struct migration {
	char *name, *sql, sha256[65];
};

static void checksum(struct migration *m)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	EVP_Digest(m->sql, strlen(m->sql), digest, &len, EVP_sha256(), NULL);
	for (unsigned i = 0; i < len && i < 32; i++)
		snprintf(m->sha256 + 2 * i, 3, "%02x", digest[i]);
}

static int read_file(const char *folder, struct migration *m)
{
	char path[4096];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", folder, m->name);
	f = fopen(path, "re");
	m->sql = calloc(1, FILE_MAX);
	if (!f || !m->sql) {
		fprintf(stderr, "zongji migrate: %s: %s\n", path, strerror(errno));
		if (f)
			fclose(f);
		return EIO;
	}
	n = fread(m->sql, 1, FILE_MAX - 1, f);
	fclose(f);
	m->sql[n] = '\0';
	checksum(m);
	return 0;
}

static int is_migration(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot && !strcmp(dot, ".sql") && e->d_name[0] >= '0' && e->d_name[0] <= '9';
}

static PGconn *connect_patiently(const char *conninfo, long wait_s)
{
	for (;;) {
		PGconn *pg = PQconnectdb(conninfo);

		if (PQstatus(pg) == CONNECTION_OK)
			return pg;
		if (wait_s-- <= 0) {
			fprintf(stderr, "zongji migrate: %s", PQerrorMessage(pg));
			PQfinish(pg);
			return NULL;
		}
		PQfinish(pg);
		sleep(1);
	}
}

/* The first connection goes to the maintenance database, where ours may have to be created. */
static int create_database(const char *conninfo, long wait_s)
{
	char *elsewhere = zj_asprintf("%s dbname=postgres", conninfo);
	PGconn *pg = elsewhere ? connect_patiently(elsewhere, wait_s) : NULL;
	PGresult *r;
	int err = 0;

	zj_deref(elsewhere);
	if (!pg)
		return EIO;
	r = PQexec(pg, "select from pg_database where datname = 'zongji'");
	if (PQntuples(r) == 0) {
		PQclear(r);
		r = PQexec(pg, "create database zongji");
		if (PQresultStatus(r) != PGRES_COMMAND_OK) {
			fprintf(stderr, "zongji migrate: %s", PQerrorMessage(pg));
			err = EIO;
		}
	}
	PQclear(r);
	PQfinish(pg);
	return err;
}

static int run(PGconn *pg, const char *name, const char *sql)
{
	PGresult *r = PQexec(pg, sql);
	ExecStatusType status = PQresultStatus(r);
	int err = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? 0 : EPROTO;

	if (err) {
		const char *at = PQresultErrorField(r, PG_DIAG_STATEMENT_POSITION);
		unsigned line = 1;

		for (long i = 0; at && i < atol(at) - 1 && sql[i]; i++)
			line += sql[i] == '\n';
		fprintf(stderr, "zongji migrate: %s:%u: %s", name, line, PQresultErrorMessage(r));
	}
	PQclear(r);
	return err;
}

/* 0: to be applied; EEXIST: it is there; EINVAL: it is there, and was another text. */
static int look_up(PGconn *pg, const struct migration *m)
{
	const char *values[] = {m->name};
	PGresult *r = PQexecParams(pg, "select sha256 from public.zj_migration where name = $1", 1, NULL, values, NULL,
				   NULL, 0);
	int err = PQresultStatus(r) != PGRES_TUPLES_OK     ? EIO
		  : PQntuples(r) == 0                      ? 0
		  : strcmp(PQgetvalue(r, 0, 0), m->sha256) ? EINVAL
							   : EEXIST;

	if (err == EINVAL)
		fprintf(stderr,
			"zongji migrate: %s was applied with another text: a migration is never changed, add a new "
			"one\n",
			m->name);
	else if (err == EIO)
		fprintf(stderr, "zongji migrate: %s", PQerrorMessage(pg));
	PQclear(r);
	return err;
}

static int apply(PGconn *pg, const struct migration *m)
{
	const char *values[] = {m->name, m->sha256};
	PGresult *r;
	int err = look_up(pg, m);

	if (err)
		return err == EEXIST ? 0 : err;
	if (run(pg, m->name, "begin") || run(pg, m->name, m->sql) || run(pg, m->name, "reset role"))
		return EPROTO;
	r = PQexecParams(pg, "insert into public.zj_migration (name, sha256) values ($1, $2)", 2, NULL, values, NULL,
			 NULL, 0);
	err = PQresultStatus(r) == PGRES_COMMAND_OK ? run(pg, m->name, "commit; reset all; reset role") : EPROTO;
	PQclear(r);
	if (!err)
		printf("applied %s\n", m->name);
	return err;
}

static int apply_all(PGconn *pg, const char *folder)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, is_migration, alphasort), err = 0;

	if (n < 0) {
		fprintf(stderr, "zongji migrate: %s: %s\n", folder, strerror(errno));
		return EIO;
	}
	if (run(pg, "lock", "select pg_advisory_lock(" LOCK_KEY ")") || run(pg, "zj_migration", table_sql))
		err = EPROTO;
	for (int i = 0; i < n; i++) {
		struct migration m = {.name = entries[i]->d_name};

		if (!err)
			err = read_file(folder, &m);
		if (!err)
			err = apply(pg, &m);
		free(m.sql);
		free(entries[i]);
	}
	free(entries);
	return err;
}

static void quiet(void *arg ZJ_UNUSED, const char *message ZJ_UNUSED)
{
}

int cmd_migrate(const struct zongji_conf *conf, int argc, char **argv)
{
	long wait_s = argc == 3 && !strcmp(argv[1], "--wait") ? atol(argv[2]) : 0;
	PGconn *pg;
	int err;

	if (argc != 1 && wait_s <= 0) {
		fprintf(stderr, "usage: zongji migrate [--wait SECONDS]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (create_database(conf->pg, wait_s))
		return 1;
	pg = connect_patiently(conf->pg, 0);
	if (!pg)
		return 1;
	PQsetNoticeProcessor(pg, quiet, NULL);
	err = apply_all(pg, conf->schema);
	PQfinish(pg);
	return err ? 1 : 0;
}
