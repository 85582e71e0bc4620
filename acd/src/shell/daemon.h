/* The shell around the engine: sockets, stores, clocks. One libuv loop; everything here runs on it. */
#ifndef ACD_DAEMON_H
#define ACD_DAEMON_H
#include "core/acd.h"
#include "zj_conf.h"
#include "zj_metrics.h"
#include "zj_pg.h"
#include "zj_redis.h"
#include "zj_rpc.h"
#include "zj_spool.h"
#include <uv.h>

struct acd_conf {
	char *log, *log_level, *run, *node, *store, *music, *spool, *mediad, *edge, *listen, *redis, *postgres;
	int64_t health_port, dial_ring_s, start_wait_ms, lease_ms;
};
extern const struct zj_conf_row acd_conf_rows[];

enum acd_metric {
	ACD_M_CALLS,
	ACD_M_WAITING,
	ACD_M_SIGNED_IN,
	ACD_M_DECISIONS,
	ACD_M_OFFERS,
	ACD_M_ANSWERED,
	ACD_M_REFUSED,
	ACD_M_IMPOSSIBLE,
	ACD_M_SPOOL,
	ACD_M_SPOOL_FAILURES,
	ACD_M_WRITTEN,
	ACD_M_DEAD,
	ACD_M_REDIS_UP,
	ACD_M_PG_UP,
	ACD_M_MEDIA_UP,
	ACD_M_EDGE_UP,
	ACD_M_UNACKED,
	ACD_M_STEP_US,
	ACD_M_STEPS,
	ACD_M_STEP_MAX_US,
	ACD_M_OFFER_US,
	ACD_M_COUNT
};
extern struct zj_metric acd_metrics[ACD_M_COUNT + 1];

struct acd_mirror;
struct acd_writer;
struct acd_media_link;
struct acd_edge;
struct acd_api;
struct acd_lease;
struct acd_follower;

struct acd_daemon {
	struct acd_conf conf;
	uv_loop_t *loop;
	struct acd *acd;
	struct zj_health *health;
	struct zj_spool *spool;
	struct zj_pg *pg;
	struct acd_mirror *mirror;
	struct acd_writer *writer;
	struct acd_media_link *media;
	struct acd_edge *edge;
	struct acd_api *api;
	struct acd_lease *lease;
	struct acd_follower *follower;
	uv_timer_t wake, tick;
	uv_signal_t term, intr;
	int64_t clock_offset, last_now; /* wall less monotonic */
	int64_t up_since, entered_at;   /* entered_at: monotonic, when the engine last took the time */
	int64_t keep_house_at;
	int64_t living_at; /* when the edges were told last which calls live on trunks */
	bool serving;      /* state is rebuilt; the doors are open */
	int exit_code;
};

/* boot.c */
void acd_boot(struct acd_daemon *d); /* goes on by itself until `serving` */

/* effects.c */
void acd_stop(struct acd_daemon *d, int code, const char *why);
extern const struct acd_effects acd_effects;
void acd_wake(struct acd_daemon *d); /* sets the loop's timer to the engine's next; after every entry */

/* redis_mirror.c: state, facts and events go to Redis in order, one atomic step an entry, refused when our epoch is
 * old. Facts go on to the spool when Redis has them, or at once while it is away. */
int acd_mirror_alloc(struct acd_mirror **mp, struct acd_daemon *d) ZJ_MUST_CHECK;
void acd_mirror_close(struct acd_mirror *m);
bool acd_mirror_is_up(const struct acd_mirror *m);
bool acd_mirror_is_stale(const struct acd_mirror *m); /* Redis lacks something */
void acd_mirror_state(struct acd_mirror *m, const char *tenant, enum acd_kind kind, const char *id, json_t *value);
void acd_mirror_fact(struct acd_mirror *m, const char *tenant, const char *table, json_t *row);
void acd_mirror_event(struct acd_mirror *m, const char *tenant, json_t *event, const char *text, const char *data);
void acd_mirror_seen(struct acd_mirror *m, const char *tenant, const char *instance, int64_t seq);
void acd_mirror_commit(struct acd_mirror *m, const char *tenant);
void acd_mirror_written(struct acd_mirror *m, const char *tenant, const char *const *ids,
			size_t n);                        /* facts PostgreSQL has */
int64_t acd_mirror_issued(const struct acd_mirror *m);    /* steps sent … */
int64_t acd_mirror_confirmed(const struct acd_mirror *m); /* … and kept, or given up to the spool */
struct zj_redis *acd_mirror_redis(struct acd_mirror *m);
void acd_mirror_write_all(struct acd_mirror *m); /* after Redis came back, or was found empty */
/* Loads what Redis knows of every tenant into the engine; done_h once, also when Redis fails meanwhile. */
void acd_restore(struct acd_daemon *d, void (*done_h)(struct acd_daemon *d));

/* lease.c */
int acd_lease_alloc(struct acd_lease **lp, struct acd_daemon *d, void (*owned_h)(struct acd_daemon *d)) ZJ_MUST_CHECK;
void acd_lease_close(struct acd_lease *l);
void acd_lease_above(struct acd_lease *l, int64_t epoch); /* somebody has seen this epoch */
void acd_lease_take(struct acd_lease *l, int64_t above);  /* epoch > above; owned_h when it is ours */

/* media.c */
int acd_media_link_alloc(struct acd_media_link **lp, struct acd_daemon *d) ZJ_MUST_CHECK;
int acd_media_link_open(struct acd_media_link *l) ZJ_MUST_CHECK; /* connects, for ever */
void acd_media_link_close(struct acd_media_link *l);
void acd_media_link_send(struct acd_media_link *l, const char *method, json_t *params);
void acd_media_link_confirmed(struct acd_media_link *l); /* acknowledges what is kept */
void acd_media_link_epoch(struct acd_media_link *l);     /* ours has changed: claim again */
void acd_media_link_restore_seen(struct acd_media_link *l, const char *tenant, const char *instance, int64_t seq);

/* trunks.c */
void acd_trunks_living(struct acd_daemon *d); /* tells the edges now and then which calls live on trunks */
/* Answers `call` with how a tenant's trunks ("": all) are, in the eyes of all edges. */
void acd_trunks_now(struct acd_daemon *d, const char *tenant, struct zj_rpc_call *call);

/* edge.c, api.c */
int acd_edge_alloc(struct acd_edge **ep, struct acd_daemon *d) ZJ_MUST_CHECK;
void acd_edge_close(struct acd_edge *e);
void acd_edge_confirmed(struct acd_edge *e);
/* The i-th of ACD_EDGES: ENOTCONN, or `h` runs once. Steals params. */
int acd_edge_ask(struct acd_edge *e, unsigned i, const char *method, json_t *params, zj_rpc_answer_h *h, void *arg);
const char *acd_edge_name(const struct acd_edge *e, unsigned i);
/* Every edge that is connected; `h` runs once for each of the number answered. Steals params. */
unsigned acd_edge_ask_all(struct acd_edge *e, const char *method, json_t *params, zj_rpc_answer_h *h, void *arg);
/* phones.c: how extensions' telephones are now; answers `call`. */
void acd_phones(struct acd_daemon *d, const json_t *p, struct zj_rpc_call *call);
void acd_edge_publish(struct acd_edge *e, const struct acd_extension *x, const struct acd_phone_state *s);
int acd_api_alloc(struct acd_api **ap, struct acd_daemon *d) ZJ_MUST_CHECK;
void acd_api_close(struct acd_api *a);
void acd_api_confirmed(struct acd_api *a);     /* Redis has another step: answers that waited for it are given */
void acd_api_cork(struct acd_api *a, bool on); /* events to subscribers wait for the uncorking */
void acd_api_event(struct acd_api *a, const char *tenant, const char *text);

/* writer.c */
int acd_writer_alloc(struct acd_writer **wp, struct acd_daemon *d) ZJ_MUST_CHECK;
void acd_writer_close(struct acd_writer *w);
void acd_writer_kick(struct acd_writer *w);

/* fact_text.c: a fact as the spool has it, one line: table, tenant and id at fixed places, then the row. */
struct acd_fact {
	char table[24], tenant[ZJ_UUID_SIZE], id[ZJ_UUID_SIZE];
	const char *row; /* inside of the line, row_len bytes */
	size_t row_len;
};
char *acd_fact_text(const char *table, const char *tenant, const char *id, const json_t *row); /* free() it */
bool acd_fact_read(struct acd_fact *f, const char *line);

/* follower.c */
int acd_follower_alloc(struct acd_follower **fp, struct acd_daemon *d,
		       void (*ready_h)(struct acd_daemon *d)) ZJ_MUST_CHECK;
void acd_follower_close(struct acd_follower *f);
bool acd_follower_has_copy(const struct acd_follower *f);

/* music.c */
int acd_music_make(const char *path); /* the built-in music, unless the file is there */

/* reconcile.c (engine) */
void acd_reconcile(struct acd *acd, const json_t *snapshot);
void acd_save_all(struct acd *acd); /* says the state of everything again */
void acd_edge_rejected(struct acd *acd, const json_t *p);
void acd_edge_banned(struct acd *acd, const char *edge, const json_t *p); /* ban.c */
void acd_edge_guard(struct acd *acd, const char *edge, const json_t *p);  /* guard.c */
#endif
