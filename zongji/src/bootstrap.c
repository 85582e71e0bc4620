/* zongji bootstrap: what an empty database needs before the first login: passwords of the processes' roles, the
 * carrier's tenant and its first account. Running it again sets the same again. */
#include "zj_obj.h"
#include "zongji.h"
#include <errno.h>
#include <libpq-fe.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define SECRET_MAX 256

/* Reads secrets/<name> of the run directory, which ops/prepare made. */
static int secret(const struct zongji_conf *conf, const char *name, char out[SECRET_MAX])
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/secrets/%s", conf->run, name);
	f = fopen(path, "re");
	if (!f || !fgets(out, SECRET_MAX, f)) {
		fprintf(stderr, "zongji bootstrap: %s: %s\n", path, f ? "empty" : strerror(errno));
		if (f)
			fclose(f);
		return EIO;
	}
	fclose(f);
	out[strcspn(out, "\n")] = '\0';
	return 0;
}

static int done(PGconn *pg, PGresult *r)
{
	int err = PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK ? 0 : EPROTO;

	if (err)
		fprintf(stderr, "zongji bootstrap: %s", PQerrorMessage(pg));
	PQclear(r);
	return err;
}

static int set_passwords(const struct zongji_conf *conf, PGconn *pg)
{
	static const char *const roles[] = {"zj_api", "zj_acd", "zj_edge", "zj_ivr", "zj_worker"};
	char password[SECRET_MAX], *hash, *sql, *quoted;
	int err = 0;

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(roles) && !err; i++) {
		err = secret(conf, roles[i], password);
		if (err)
			break;
		/* Hashed here, so that the password itself is never in a statement or a server log. */
		hash = PQencryptPasswordConn(pg, password, roles[i], "scram-sha-256");
		quoted = hash ? PQescapeLiteral(pg, hash, strlen(hash)) : NULL;
		sql = quoted ? zj_asprintf("alter role %s password %s", roles[i], quoted) : NULL;
		err = sql ? done(pg, PQexec(pg, sql)) : ENOMEM;
		zj_deref(sql);
		PQfreemem(quoted);
		PQfreemem(hash);
	}
	sodium_memzero(password, sizeof(password));
	return err;
}

static const char *const carrier_sql[] = {
	"insert into zj.tenant (tenant_id, kind, name, title, sip_domain) values (zj.zj_uuid7(), 'carrier', 'carrier', "
	"'Carrier', 'carrier.invalid')"
	" on conflict do nothing",
};

static int make_carrier(const struct zongji_conf *conf, PGconn *pg)
{
	char password[SECRET_MAX], hash[crypto_pwhash_STRBYTES];
	const char *values[] = {hash};
	int err = secret(conf, "carrier_admin", password);

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(carrier_sql) && !err; i++)
		err = done(pg, PQexec(pg, carrier_sql[i]));
	if (!err && crypto_pwhash_str(hash, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE,
				      crypto_pwhash_MEMLIMIT_INTERACTIVE))
		err = ENOMEM;
	sodium_memzero(password, sizeof(password));
	if (err)
		return err;
	return done(pg,
		    PQexecParams(pg,
				 "insert into zj.account (tenant_id, username, name, password, role_id)"
				 " select t.id, 'carrier', 'Administrator', $1, r.id from zj.tenant t join zj.role r "
				 "on r.tenant_id = t.id and r.kind = 'admin'"
				 " where t.kind = 'carrier' and not exists (select from zj.account a where "
				 "a.tenant_id = t.id) on conflict do nothing",
				 1, NULL, values, NULL, NULL, 0));
}

int cmd_bootstrap(const struct zongji_conf *conf, int argc ZJ_UNUSED, char **argv ZJ_UNUSED)
{
	PGconn *pg;
	int err;

	if (sodium_init() < 0)
		return 1;
	pg = PQconnectdb(conf->pg);
	if (PQstatus(pg) != CONNECTION_OK) {
		fprintf(stderr, "zongji bootstrap: %s", PQerrorMessage(pg));
		PQfinish(pg);
		return 1;
	}
	err = set_passwords(conf, pg);
	if (!err)
		err = make_carrier(conf, pg);
	PQfinish(pg);
	return err ? 1 : 0;
}
