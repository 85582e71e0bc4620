/* The control thread's world: legs, rooms, the controllers they obey, and what joins a leg's SIP half (md_dialog) and
 * its media half (md_stream). Everything here runs on one loop; nothing blocks, nothing locks. */
#ifndef MD_CONTROL_H
#define MD_CONTROL_H
#include "conf.h"
#include "fax/fax.h"
#include "media/engine.h"
#include "prompt/prompt.h"
#include "sip/dialog.h"
#include <jansson.h>
#include <uthash.h>
#include <uv.h>
#include <zj_metrics.h>
#include <zj_outbox.h>
#include <zj_rpc.h>
#include <zj_time.h>

#define MD_NAME_MAX   32
#define MD_CMD_KEPT   32
#define MD_DIGITS_MAX 64

struct md_control;
struct md_leg;

/* ---- commands already done (cmd.c) ---- */

struct md_result {
	int code;            /* 0, or an enum zj_rpc_code */
	const char *because; /* static text, or in `text` */
	char text[160];
	const char *state; /* static name, or NULL: {} */
	int64_t epoch;     /* with ZJ_RPC_STALE */
};
struct md_cmd_memory {
	unsigned n; /* commands seen */
	struct {
		uint64_t hash; /* of the cmd_id */
		int code;
		const char *because, *state; /* static */
	} done[MD_CMD_KEPT];
};
/* True when `cmd_id` is known: `res` is its answer. */
bool md_cmd_find(const struct md_cmd_memory *m, const char *cmd_id, struct md_result *res);
void md_cmd_keep(struct md_cmd_memory *m, const char *cmd_id, const struct md_result *res);

/* ---- epochs (epoch.c): pure ---- */

struct md_epochs {
	int64_t slot[ZJ_SLOTS];
};
/* Raises the slots of `ranges` ([[from,to],…]) to `epoch`, all or none. Returns 0; -1: malformed; else the higher epoch
 * known. */
int64_t md_epochs_claim(struct md_epochs *e, const json_t *ranges, int64_t epoch);
json_t *md_epochs_json(const struct md_epochs *e);

/* ---- controllers (peer.c) ---- */

struct md_peer {
	char name[MD_NAME_MAX];
	struct md_control *ctl;
	struct zj_outbox *outbox;
	struct zj_rpc_conn *conn; /* borrowed; NULL: away */
	bool known;               /* has said hello once */
	bool returned;            /* its legs were taken back since it left */
	int64_t away_us;          /* since when */
	int64_t acked, stuck_us;  /* highest acknowledged; since when nothing was, though something waits */
	struct md_peer *next;
};
struct md_peer *md_peer_find(struct md_control *c, const char *name);
int md_peer_get(struct md_peer **pp, struct md_control *c, const char *name);
static inline bool md_peer_is_here(const struct md_peer *p)
{
	return p->conn != NULL;
}
/* Adds `at` and sends; steals params. Returns its number. */
int64_t md_peer_event(struct md_peer *p, const char *method, json_t *params);
void md_peer_up(struct md_peer *p, struct zj_rpc_conn *conn, const char *instance, int64_t seen);
void md_peer_down(struct md_peer *p, struct zj_rpc_conn *conn);
void md_peers_watch(struct md_control *c); /* every 250 ms */
void md_peers_free(struct md_control *c);

/* ---- legs ---- */

enum md_leg_state { MD_L_TRYING, MD_L_RINGING, MD_L_EARLY, MD_L_ANSWERED, MD_L_ENDED, MD_L_STATES };

/* A collect that is running. */
struct md_collect {
	bool on;
	char id[ZJ_UUID_SIZE];
	unsigned max, min;
	char term[17];
	int first_ms, inter_ms;
	char digits[MD_DIGITS_MAX + 1];
	unsigned n;
	int64_t due_us; /* 0: no timer (a play is running) */
};

/* What control knows of a play, from its command until its leg.played. */
struct md_play_info {
	char id[ZJ_UUID_SIZE];
	struct md_leg *leg;
	struct md_prompt_req *req; /* loading */
	json_t *errors;
	int loop, offset_ms, gain_db, under_db;
	unsigned above;                  /* of its items; those after them lie under them; 0: none does */
	int64_t since_ms;                /* wall clock, of one that `joins` */
	bool joins, barge, paused, beep; /* beep: before a recording, told to nobody */
};

struct md_recording; /* recording.c */
struct md_work;      /* fax.c */

struct md_leg {
	struct md_control *ctl;
	char id[ZJ_UUID_SIZE], call[ZJ_UUID_SIZE], tenant[ZJ_UUID_SIZE];
	UT_hash_handle hh;
	int64_t serial;                     /* order of birth, for paging */
	bool out, answering, held, holding; /* held: by the far end; holding: we hold it */
	bool stillborn;                     /* its INVITE was never sent */
	bool taken;                         /* somebody takes care of it */
	enum md_leg_state state;
	struct md_peer *controller;
	struct md_dialog *dialog; /* NULL: parted */
	struct md_stream *stream; /* NULL: closed */
	struct md_room *room;
	struct md_leg *m_prev, *m_next; /* its members */
	enum md_role role;
	struct md_leg *whisper_to;
	char *sip_call_id, *from, *from_name, *to, *contact; /* objects */
	char relay[24]; /* what carries its media before it reaches us: the edge says so; "": not known */
	json_t *headers, *data;
	json_t *edge; /* X-Zj-* headers of answers: which trunk it was, what was tried; NULL: none */
	enum md_codec_id codec;
	bool dtmf_ok;
	int64_t started_us, ringing_us, early_us, answered_us, ended_us;
	int64_t deadline_us;           /* ring timeout or longest life */
	char ahead[MD_DIGITS_MAX + 1]; /* digits typed ahead */
	struct md_collect collect;
	struct md_leg *c_prev, *c_next; /* collecting legs */
	struct md_leg *e_prev, *e_next; /* legs whose end was told, in the order of `hungup_seq` */
	struct md_play_info *loading;   /* the newest play, until its audio is here */
	struct md_play *playing;        /* in the engine's hands */
	struct md_recording *recording;
	struct md_work *work; /* a fax, an ear for its tones, or a listener to the call's progress */
	bool passing;         /* T.38, to the other leg's machine */
	int64_t audio_due_us; /* … no longer: when audio is offered; 0: not */
	/* the end */
	const char *by;
	int sip_code, cause;
	json_t *body, *bye_body; /* {type, text} of the BYE that came, that we send */
	char reason[96];
	struct md_stats stats;
	json_t *final;      /* parameters of leg.hungup; NULL: media not closed yet */
	int64_t hungup_seq; /* the owner's number of it */
	bool done;          /* the controller needs it no more */
	struct md_cmd_memory cmds;
};
extern const char *const md_leg_state_names[MD_L_STATES];

int md_leg_alloc(struct md_leg **lp, struct md_control *c, const char *id, const char *call, const char *tenant,
		 struct md_peer *controller);
struct md_leg *md_leg_find(struct md_control *c, const char *id);
bool md_leg_set_state(struct md_leg *l, enum md_leg_state state, const char *why);
/* Ends it on our side: CANCEL, BYE or `code`; then its story is told. */
void md_leg_end(struct md_leg *l, const char *by, int code, int cause, const char *reason);
void md_leg_drop_if_done(struct md_leg *l);
json_t *md_leg_json(const struct md_leg *l);
/* The common fields of its events. */
json_t *md_leg_event(const struct md_leg *l);
void md_leg_tell(struct md_leg *l, const char *method, json_t *params /* stolen */); /* its controller */
void md_leg_return(struct md_leg *l); /* to the owner, from one who vanished */
void md_leg_media_closed(struct md_leg *l, const struct md_stats *st);
void md_legs_watch(struct md_control *c); /* every 250 ms: deadlines */
void md_leg_sip_ended(struct md_leg *l, const struct md_ended *e);
extern const struct md_ua_ops md_leg_ua_ops; /* leg_sip.c; its arg is the md_control */

/* ---- what a leg does (leg_play.c, collect.c) ---- */
void md_leg_played(struct md_leg *l, struct md_play *p);
void md_leg_play_barge(struct md_leg *l);
void md_leg_play_drop(struct md_leg *l); /* at the end of the leg */
/* Pauses it, or goes on; its volume. Of one that is over: nothing. */
void md_leg_play_set(struct md_leg *l, const char *id, const bool *paused, const int *gain_db);
/* EINVAL with `why`. `info` is taken over in any case. */
int md_leg_play_start(struct md_leg *l, struct md_play_info *info, const json_t *items, char *why, size_t size);
bool md_leg_play_stop(struct md_leg *l, const char *id);
/* Running, or about to; not an endless one. */
bool md_leg_play_will_end(const struct md_leg *l);
void md_leg_digit_on(struct md_leg *l, char digit);
void md_leg_digit(struct md_leg *l, char digit, unsigned ms);
void md_collect_start(struct md_leg *l);
void md_collect_end(struct md_leg *l, const char *reason, char term);
void md_collect_watch(struct md_control *c); /* every 50 ms */
void md_collect_play_ended(struct md_leg *l);

/* ---- rooms (room_methods.c, rooms.c) ---- */
struct md_room {
	struct md_control *ctl;
	char id[ZJ_UUID_SIZE], call[ZJ_UUID_SIZE], tenant[ZJ_UUID_SIZE];
	UT_hash_handle hh;
	int64_t serial;
	struct md_peer *controller;
	struct md_mroom *mroom;
	struct md_leg *members;
	struct md_recording *recording;
	struct md_cmd_memory cmds;
};
int md_room_alloc(struct md_room **rp, struct md_control *c, const char *id, const char *call, const char *tenant,
		  struct md_peer *controller, const struct md_mroom_conf *conf);
void md_room_talking(const struct md_leg *l, bool on); /* a member of a watched room */
struct md_room *md_room_find(struct md_control *c, const char *id);
int md_room_join(struct md_room *r, struct md_leg *l, enum md_role role, struct md_leg *to);
void md_room_leave(struct md_leg *l);
void md_room_destroy(struct md_room *r);
json_t *md_room_json(const struct md_room *r);

/* ---- T.38 between two legs of a room (passage.c) ---- */
enum md_image md_passage_for(const struct md_leg *l);
void md_passage_asked(struct md_leg *l, const char *lines);
void md_passage_answered(struct md_leg *l, const char *lines);
void md_passage_media(struct md_leg *l, bool t38); /* agreed, or back to audio */
void md_passage_end(struct md_room *r);            /* before who is in it changes */
void md_passage_watch(struct md_leg *l, int64_t now_us);

/* ---- recordings (recording.c) ---- */
struct md_record_args {
	const char *id, *path, *term, *key_id, *key;       /* key: NULL: in clear */
	int64_t max_ms, silence_ms, gain_left, gain_right; /* gain: dB */
	bool beep;
	struct md_leg *left; /* of a room; NULL: everybody on one channel */
};
/* 0 or errno; EINVAL: the path. */
int md_recording_start_leg(struct md_leg *l, const struct md_record_args *a);
int md_recording_start_room(struct md_room *r, const struct md_record_args *a);
bool md_recording_is(const struct md_recording *r, const char *id);
/* ENOSPC: MD_PAUSES_MAX pauses are told of one recording. A repetition does nothing. */
#define MD_PAUSES_MAX 1000
int md_recording_pause(struct md_recording *r, bool on);
void md_recording_stop(struct md_recording *r, enum md_rec_end end);
/* A key was pressed on its leg. */
void md_recording_digit(struct md_recording *r, char digit);
void md_recording_owner_gone(struct md_recording *r, enum md_rec_end end); /* leg or room closes; media does the rest */
void md_recording_ended(struct md_rec *rec);
void md_recording_closed(struct md_rec *rec);
void md_recording_beep_done(struct md_leg *l);
json_t *md_recording_json(const struct md_recording *r);
/* Relative, below the store, ends in `ext`. */
bool md_path_is_good(const char *path, const char *ext);

/* ---- faxes, ears, listeners to progress (fax.c): one a leg, a fax takes the place of the others ---- */
#define MD_FAX_PAGES_MAX 1000
enum md_work_kind { MD_WORK_FAX, MD_WORK_EAR, MD_WORK_DETECT };
struct md_progress_rules;
/* EINVAL: the path; EIO: the file; EAGAIN: as many as may be. `id`: a UUID. */
int md_fax_start(struct md_leg *l, const char *id, const char *path, const struct md_fax_args *a);
int md_ear_start(struct md_leg *l);
/* EAGAIN: as many as may be. */
int md_detect_start(struct md_leg *l, const char *id, const struct md_progress_rules *rules);
void md_work_answered(struct md_work *w);
bool md_work_is(const struct md_work *w, enum md_work_kind kind, const char *id); /* NULL: any of that kind */
void md_work_stop(struct md_work *w);
void md_work_t38(struct md_work *w); /* agreed: the fax goes on that way */
void md_work_leg_gone(struct md_work *w);
void md_work_tap_back(struct md_tap *tap);
void md_works_changed(void *arg); /* the aside's handler */
void md_works_free(struct md_control *c);

/* ---- all of it ---- */
struct md_control {
	uv_loop_t *loop;
	const struct md_conf *conf;
	char instance[ZJ_UUID_SIZE];
	struct zj_rpc_server *server;
	struct md_engine *engine;
	struct md_prompts *prompts;
	struct md_ua *ua;
	struct md_peer *peers, *owner;
	struct md_epochs epochs;
	struct md_leg *legs; /* hash by id, in order of birth */
	struct md_leg *collecting, *ended;
	unsigned turns; /* of the watch timer */
	struct md_room *rooms;
	unsigned living; /* legs that have not ended */
	int64_t serial;
	uv_timer_t watch;
	int64_t overload_us; /* when it was last told */
	bool draining;
	unsigned closing; /* files being summed up */
	struct md_aside *aside;
	struct md_work *works;
};
int md_control_alloc(struct md_control **cp, uv_loop_t *loop, su_root_t *root,
		     const struct md_conf *conf) ZJ_MUST_CHECK;
void md_control_drain(struct md_control *c);
/* Hangs up everything; `done_h` when SIP has said goodbye. Then md_control_free. */
void md_control_shutdown(struct md_control *c, void (*done_h)(void *arg), void *arg);
void md_control_free(struct md_control *c);
bool md_control_is_full(struct md_control *c, const char **because);

/* Methods (methods.c and the *_methods.c), for the server and for the test that compares them with the docs. */
const struct zj_rpc_method *md_methods_table(void);

/* ---- metrics (metrics.c) ---- */
enum md_metric_id {
	MD_M_LEGS,
	MD_M_ROOMS,
	MD_M_CALLS_IN,
	MD_M_CALLS_OUT,
	MD_M_RTP_IN,
	MD_M_RTP_OUT,
	MD_M_RTP_BAD,
	MD_M_LATE_TICKS,
	MD_M_OVERLOAD,
	MD_M_PLAYS,
	MD_M_TTS,
	MD_M_CLIP_BYTES,
	MD_M_RECORDINGS,
	MD_M_EVENTS_WAITING,
	MD_M_COUNT
};
extern struct zj_metric md_metrics[MD_M_COUNT + 1];
#define md_count(id) zj_metric_add(&md_metrics[id], 1)
void md_metrics_refresh(struct md_control *c);
#endif
