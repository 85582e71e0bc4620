/* Follows live tables (schema/0003_change_log.sql) into a sink: all rows first, then every change, each transaction
 * whole.
 *
 * While the database is away, the rows last seen come from a copy in the run directory: a base of all rows and a
 * journal of the changes since, each batch ended by the snapshot it is good for. So a start without the database, and
 * the first look after one, miss nothing and repeat nothing that matters. */
#ifndef ZK_FOLLOW_H
#define ZK_FOLLOW_H
#include "zk_text.h"

#define ZK_FIELDS_MAX 48
#define ZK_TABLES_MAX 16

struct zk_table {
	const char *name;
	const char *columns; /* SQL after `select id, `; each as text */
	unsigned fields;     /* how many columns that is */
};

struct zk_sink {
	/* A batch begins: at most rows[i] rows of table i; `anew`: it replaces everything. Not 0: try again later. One
	 * that is not ended (the database went away) is forgotten with the next. */
	int (*begin)(const size_t *rows, bool anew, void *arg);
	/* One row (borrowed; NULL members are SQL nulls), or `fields` NULL: the row is gone. */
	void (*row)(unsigned table, const struct zk_uuid *id, const char *const *fields, void *arg);
	/* Not 0: nothing of the batch counts; try again later. */
	int (*end)(void *arg);
	void *arg;
};

struct zk_follow;
/* Everything is borrowed and outlives the follower. `copy_path` may be NULL. */
int zk_follow_alloc(struct zk_follow **fp, const char *who, const char *conninfo, const char *copy_path,
		    const struct zk_table *tables, unsigned n, const struct zk_sink *sink)
	__attribute__((warn_unused_result));
/* Before the fork: loads from the database, else from the copy. 0, or ENOENT: neither was there and the tables are
 * empty. */
int zk_follow_start(struct zk_follow *f);

/* In the module's own process. Descriptor to poll for reading; -1: none. */
int zk_follow_fd(const struct zk_follow *f);
/* How long until the next look is due, whoever else wakes the process; 0: now. */
int zk_follow_wait_ms(const struct zk_follow *f);
/* Connects, fetches, applies; call it when the descriptor is readable or the wait is 0. Blocks on the database only. */
void zk_follow_turn(struct zk_follow *f);
/* zk_follow_turn for ever. */
void zk_follow_run(struct zk_follow *f) __attribute__((noreturn));

#endif
