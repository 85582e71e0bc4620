#include "edge_save.h"
#include "edge_usrloc.h"
#include "zk_log.h"
#include "zk_pg.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uthash.h>

/* What the database has of a contact: the row is written anew when any of it differs. */
struct saved {
	UT_hash_handle hh;
	int cseq;
	long expires;
	unsigned round;
	char ruid[];
};

struct edge_save {
	const char *conninfo, *edge;
	PGconn *pg;
	struct saved *saved; /* by ruid */
	bool restored, failed;
	unsigned long changes;
	unsigned round, written;
};

int edge_save_alloc(struct edge_save **sp, const char *conninfo, const char *edge)
{
	struct edge_save *s = calloc(1, sizeof *s);
	if (!s)
		return ENOMEM;
	s->conninfo = conninfo;
	s->edge = edge;
	*sp = s;
	return 0;
}

static const char load_sql[] =
	"select ruid, username, domain, contact, received, path, callid, user_agent, socket, instance, "
	"extract(epoch from expires)::bigint, extract(epoch from last_modified)::bigint, cseq, q, reg_id, flags, "
	"cflags, methods from kamailio.location where edge = $1 and expires > now()";

static const char put_sql[] =
	"insert into kamailio.location (ruid, username, domain, contact, received, path, callid, user_agent, socket, "
	"instance, expires, last_modified, cseq, q, reg_id, flags, cflags, methods, edge) values ($1, $2, $3, $4, $5, "
	"$6, "
	"$7, $8, $9, $10, to_timestamp($11::bigint), to_timestamp($12::bigint), $13, $14, $15, $16, $17, $18, $19) "
	"on conflict (edge, ruid) do update set contact = excluded.contact, received = excluded.received, path = "
	"excluded.path, "
	"callid = excluded.callid, user_agent = excluded.user_agent, socket = excluded.socket, instance = "
	"excluded.instance, "
	"expires = excluded.expires, last_modified = excluded.last_modified, cseq = excluded.cseq, q = excluded.q, "
	"reg_id = excluded.reg_id, flags = excluded.flags, cflags = excluded.cflags, methods = excluded.methods";

static const char del_sql[] = "delete from kamailio.location where ruid = $1 and edge = $2";

static void remember(struct edge_save *s, const char *ruid, int cseq, long expires)
{
	struct saved *row;
	HASH_FIND_STR(s->saved, ruid, row);
	if (!row) {
		row = calloc(1, sizeof *row + strlen(ruid) + 1);
		if (!row)
			return;
		memcpy(row->ruid, ruid, strlen(ruid) + 1);
		HASH_ADD_STR(s->saved, ruid, row);
	}
	row->cseq = cseq;
	row->expires = expires;
	row->round = s->round;
}

static struct edge_contact decode(const PGresult *r, int row)
{
	const char *f[18];
	for (int i = 0; i < 18; i++)
		f[i] = PQgetvalue(r, row, i);
	return (struct edge_contact){.ruid = f[0],
				     .aor = f[1],
				     .domain = f[2],
				     .contact = f[3],
				     .received = f[4],
				     .path = f[5],
				     .callid = f[6],
				     .user_agent = f[7],
				     .socket = f[8],
				     .instance = f[9],
				     .expires = atol(f[10]),
				     .last_modified = atol(f[11]),
				     .cseq = atoi(f[12]),
				     .q = atoi(f[13]),
				     .reg_id = atoi(f[14]),
				     .flags = (unsigned)strtoul(f[15], NULL, 10),
				     .cflags = (unsigned)strtoul(f[16], NULL, 10),
				     .methods = (unsigned)strtoul(f[17], NULL, 10)};
}

static bool restore(struct edge_save *s)
{
	PGresult *r = zk_pg_exec(s->pg, load_sql, 1, &s->edge);
	if (!r)
		return false;
	for (int row = 0; row < PQntuples(r); row++) {
		struct edge_contact c = decode(r, row);
		edge_usrloc_restore(&c);
		remember(s, c.ruid, c.cseq, c.expires);
	}
	zk_log(ZK_INFO, "registrations put back rows=%d", PQntuples(r));
	PQclear(r);
	PQclear(zk_pg_exec(s->pg, "delete from kamailio.location where expires <= now()", 0, NULL));
	s->restored = true;
	return true;
}

static bool put_row(struct edge_save *s, const struct edge_contact *c)
{
	char expires[24], modified[24], numbers[6][16];
	const long n[6] = {c->cseq, c->q, c->reg_id, (long)c->flags, (long)c->cflags, (long)c->methods};
	snprintf(expires, sizeof expires, "%ld", c->expires);
	snprintf(modified, sizeof modified, "%ld", c->last_modified);
	for (int i = 0; i < 6; i++)
		snprintf(numbers[i], sizeof numbers[i], "%ld", n[i]);
	const char *values[] = {c->ruid,       c->aor,     c->domain,   c->contact, c->received, c->path,    c->callid,
				c->user_agent, c->socket,  c->instance, expires,    modified,    numbers[0], numbers[1],
				numbers[2],    numbers[3], numbers[4],  numbers[5], s->edge};
	PGresult *r = zk_pg_exec(s->pg, put_sql, 19, values);
	PQclear(r);
	return r != NULL;
}

static void contact_h(const struct edge_contact *c, void *arg)
{
	struct edge_save *s = arg;
	struct saved *row;
	if (c->transient || c->owner || s->failed)
		return;
	HASH_FIND_STR(s->saved, c->ruid, row);
	if (row && row->cseq == c->cseq && row->expires == c->expires) {
		row->round = s->round;
		return;
	}
	if (!put_row(s, c)) {
		s->failed = true;
		return;
	}
	s->written++;
	remember(s, c->ruid, c->cseq, c->expires);
}

static void drop_gone(struct edge_save *s)
{
	struct saved *row, *next;
	HASH_ITER (hh, s->saved, row, next) {
		if (row->round == s->round || s->failed)
			continue;
		const char *values[] = {row->ruid, s->edge};
		PGresult *r = zk_pg_exec(s->pg, del_sql, 2, values);
		s->failed = r == NULL;
		PQclear(r);
		if (s->failed)
			return;
		HASH_DEL(s->saved, row);
		free(row);
	}
}

/* The walk compares the whole table with what is saved, so nothing that changed while the database was away is
 * forgotten. */
static void write_changes(struct edge_save *s)
{
	unsigned long seen = edge_usrloc_changes();
	if (seen == s->changes)
		return;
	s->round++;
	s->failed = false;
	PQclear(zk_pg_exec(s->pg, "begin", 0, NULL));
	edge_usrloc_walk(contact_h, s);
	drop_gone(s);
	PGresult *r = s->failed ? NULL : zk_pg_exec(s->pg, "commit", 0, NULL);
	if (r)
		s->changes = seen;
	PQclear(r);
	s->failed = r == NULL;
}

/* A transaction that failed leaves unknown what is saved: the next connection compares with the table again. */
static void lost(struct edge_save *s)
{
	struct saved *row, *next;
	PQfinish(s->pg);
	s->pg = NULL;
	HASH_ITER (hh, s->saved, row, next) {
		row->cseq = -1;
	}
}

void edge_save_turn(struct edge_save *s)
{
	if (!s->pg)
		s->pg = zk_pg_connect(s->conninfo, "registrations");
	if (!s->pg)
		return;
	s->failed = false;
	if (!s->restored && !restore(s)) {
		lost(s);
		return;
	}
	write_changes(s);
	if (s->failed)
		lost(s);
}
