/* The engine's types. The engine is one single-threaded world: what happens comes in by the functions marked "entry",
 * what it wants done goes out by struct acd_effects. It reads no clock, opens no socket and waits for nothing, so a
 * test can run it on a virtual clock. Parents own, children hold plain back pointers; across a wait only ids are kept.
 */
#ifndef ACD_H
#define ACD_H
#include "core/index.h"
#include "core/states.h"
#include "zj_log.h"
#include "zj_time.h"
#include <jansson.h>
#include <time.h>
#include <uthash.h>

#define ACD_S           1000000LL /* microseconds in a second: all times of the engine are microseconds since 1970 */
#define ACD_MS          1000LL
#define ACD_NUMBER_SIZE 65
#define ACD_TEXT_SIZE   129
#define ACD_EDGES       8 /* edges at once */

struct acd;
struct acd_call;
struct acd_leg;
struct acd_visit;
struct acd_agent;
struct acd_queue;
struct acd_tenant;
struct acd_extension;

/* What the engine has kept outside (redis_mirror.c): one hash a kind and tenant. */
enum acd_kind {
	ACD_KIND_CALL,
	ACD_KIND_AGENT,
	ACD_KIND_QUEUE,
	ACD_KIND_REQUEST,
	ACD_KIND_GROUP,
	ACD_KIND_RECENT,
	ACD_KIND_CONFERENCE,
	ACD_KINDS
};

struct acd_phone_state {               /* of an extension, for lamps (RFC 4235) */
	const char *state, *direction; /* terminated, early, confirmed; recipient, initiator or empty */
	const struct acd_leg *leg;     /* NULL: terminated */
	bool registered;
	unsigned fresh, old; /* messages in its box */
};

/* What the engine asks of the world. JSON values are given away unless said. None may call back into the engine. */
struct acd_effects {
	int64_t (*now)(void *arg); /* never steps back */
	void (*uuid)(char out[ZJ_UUID_SIZE], void *arg);
	void (*media)(const char *method, json_t *params, void *arg);
	void (*fact)(const char *tenant, const char *table, json_t *row, void *arg);
	void (*state)(const char *tenant, enum acd_kind kind, const char *id, json_t *value /* NULL: gone */,
		      void *arg);
	void (*event)(struct acd_tenant *t, json_t *event /* borrowed */, void *arg);
	void (*commit)(const char *tenant, void *arg); /* state and facts since the last commit belong together */
	void (*decided)(const struct acd_agent *a, const struct acd_visit *v, int64_t idle_at,
			void *arg);                                                               /* may be NULL */
	void (*phone)(const struct acd_extension *e, const struct acd_phone_state *s, void *arg); /* may be NULL */
};

struct acd_timer;
typedef void(acd_timer_h)(struct acd *acd, struct acd_timer *t);
struct acd_timer { /* lives in its owner; zeroed: not running */
	struct acd_node node;
	int64_t at;
	uint64_t seq;
	acd_timer_h *h;
};
void acd_timer_start(struct acd *acd, struct acd_timer *t, int64_t at, acd_timer_h *h); /* again: moves it */
void acd_timer_stop(struct acd_timer *t);
static inline bool acd_timer_is_on(const struct acd_timer *t)
{
	return t->node.in;
}

/* ---- configuration and what lives on it ---- */
struct acd_dest {
	enum acd_dest_kind kind;
	char id[ZJ_UUID_SIZE];        /* of the row; empty: external, hangup */
	char number[ACD_NUMBER_SIZE]; /* of external */
};

struct acd_extension {
	UT_hash_handle hh, by_number;
	char id[ZJ_UUID_SIZE], number[ACD_NUMBER_SIZE], name[ACD_TEXT_SIZE], account_id[ZJ_UUID_SIZE];
	struct acd_tenant *tenant;
	struct acd_agent *agent; /* signed in here */
	bool enabled, gone;
	char caller_number[ACD_NUMBER_SIZE], caller_name[ACD_TEXT_SIZE]; /* shown in internal calls */
	char external[ACD_NUMBER_SIZE];                                  /* an outside telephone, not a SIP phone */
	char kind[12];                                                   /* sip, web, external */
	char codecs[64];                                                 /* to offer to it, "": mediad's own */
	json_t *headers;                                                 /* of calls to it: {name: value}; NULL: none */
	char forward[ACD_FORWARD_COUNT][ACD_NUMBER_SIZE];
	char ringback_id[ZJ_UUID_SIZE], unavailable_id[ZJ_UUID_SIZE], alert_info[104];
	int64_t ring_us, after_call_us; /* after_call_us < 0: as the queue says */
	enum acd_range pickup;
	bool dnd, recording, call_waiting, voicemail, busy_at_sign_in, busy_after_call, agent_mode, late_offer;
	struct acd_leg *legs; /* that it takes part in, by phone_next */
	char told[32];        /* state that watchers were told last (presence.c) */
	bool watched, dirty;
	struct acd_extension *dirty_next;
};

struct acd_group_member { /* ring group: a place in the order */
	UT_hash_handle hh;
	char id[ZJ_UUID_SIZE], group_id[ZJ_UUID_SIZE], extension_id[ZJ_UUID_SIZE];
	int64_t priority, position;
};

struct acd_group { /* ring group */
	UT_hash_handle hh, by_number;
	char id[ZJ_UUID_SIZE], number[ACD_NUMBER_SIZE], name[ACD_TEXT_SIZE];
	struct acd_tenant *tenant;
	enum acd_hunt hunt;
	int64_t ring_us, turn_us;
	bool recent_first, enabled;
	char music_id[ZJ_UUID_SIZE], music_class_id[ZJ_UUID_SIZE], prompt_id[ZJ_UUID_SIZE], number_prefix[20],
		name_prefix[ACD_TEXT_SIZE];
	struct acd_dest failure;
	int64_t turns; /* calls so far: round robin's memory */
};

struct acd_code { /* a shortcut key, a hot key, or an application */
	UT_hash_handle hh;
	char id[ZJ_UUID_SIZE], number[ACD_NUMBER_SIZE], entry[ACD_NUMBER_SIZE], what[32];
	bool enabled;
};

enum acd_seat {
	ACD_SEAT_ADAPTIVE,    /* his own, or else one of his account's whose phone is there */
	ACD_SEAT_SELF_CHOSEN, /* whichever he names */
	ACD_SEAT_FIXED        /* his own only */
};

struct acd_pair { /* who is in which account group */
	UT_hash_handle hh;
	char id[ZJ_UUID_SIZE], group_id[ZJ_UUID_SIZE], account_id[ZJ_UUID_SIZE];
};

struct acd_reg { /* contacts of one extension number; present only while registered */
	UT_hash_handle hh;
	char number[ACD_NUMBER_SIZE];
	json_t *contacts; /* {contact: which edges know and which hold it (registration.c)} */
};

struct acd_item { /* prompt, flow, busy_reason: what acd needs of them */
	UT_hash_handle hh;
	char id[ZJ_UUID_SIZE], name[ACD_TEXT_SIZE];
	char *path; /* prompt */
	char language[8];
	int64_t version;
	bool enabled;
};

struct acd_strategy;
struct acd_queue {
	UT_hash_handle hh, by_number;
	char id[ZJ_UUID_SIZE], number[ACD_NUMBER_SIZE], name[ACD_TEXT_SIZE];
	struct acd_tenant *tenant;
	const struct acd_strategy *strategy;
	int64_t priority, max_length, max_wait_us, ring_us, retry_us, wrapup_us, announce_us, service_level_us;
	bool announce_position, record, enabled, gone;
	char music_id[ZJ_UUID_SIZE], music_class_id[ZJ_UUID_SIZE];
	struct acd_dest overflow;

	struct acd_index idle;    /* members that may be offered a caller now, best first */
	struct acd_index waiting; /* all visits: the order callers are told */
	struct acd_index ready;   /* visits that are not being offered */
	struct acd_member *members;
	unsigned signed_in, n_idle; /* members' agents; n_idle counts state idle, offerable or not */
	int64_t day;                /* of the counters, tenant's local day */
	int64_t offered, answered, abandoned, in_level;
	int64_t saved[5]; /* day and counters as they are kept outside */
	int64_t told_at;
	struct acd_timer tell;
	bool dirty, quiet; /* quiet: only saved, nobody is told */
	struct acd_queue *dirty_next;
};

struct acd_member {        /* an agent's place in a queue */
	UT_hash_handle hh; /* acd_tenant.members, by id */
	char id[ZJ_UUID_SIZE], queue_id[ZJ_UUID_SIZE], agent_id[ZJ_UUID_SIZE];
	struct acd_agent *agent; /* NULL until both ends are known */
	struct acd_queue *queue; /* likewise */
	struct acd_member *q_next, *q_prev, *a_next, *a_prev;
	struct acd_node node;                /* in queue->idle */
	int64_t skill, priority, offered_at; /* offered_at: memory of round robin */
};

struct acd_agent {
	UT_hash_handle hh;
	char id[ZJ_UUID_SIZE], number[ACD_NUMBER_SIZE], name[ACD_TEXT_SIZE], extension_id[ZJ_UUID_SIZE],
		group_id[ZJ_UUID_SIZE];
	char account_id[ZJ_UUID_SIZE];
	struct acd_tenant *tenant;
	struct acd_member *members;
	bool enabled, gone;
	enum acd_seat seat; /* on which extension he may sign in */

	enum acd_agent_state state;
	char reason[ACD_TEXT_SIZE];  /* of busy */
	char interval[ZJ_UUID_SIZE]; /* id of the fact that the present state becomes */
	int64_t since, version;
	enum acd_cause cause;
	char by_account[ZJ_UUID_SIZE];
	char call[ZJ_UUID_SIZE], queue[ZJ_UUID_SIZE], leg[ZJ_UUID_SIZE]; /* of reserved … after_call */
	char ext[ACD_NUMBER_SIZE];                                       /* number of the phone signed in on */
	bool rest; /* what follows the present call: busy (rest_reason) instead of idle */
	char rest_reason[ACD_TEXT_SIZE];
	bool leave;       /* signed out when the present call is over (disabled or deleted meanwhile) */
	int64_t idle_at;  /* longest idle counts from here */
	int64_t retry_at; /* not offered before */
	int64_t day, calls_today;
	struct acd_timer wrapup, retry;
	bool in_idle; /* its members stand in the queues' idle indexes */
	bool wants_work, dirty;
	struct acd_agent *dirty_next, *work_next;
};

enum acd_agent_recording { ACD_AGENT_RECORDS_NOT, ACD_AGENT_PAUSES, ACD_AGENT_RECORDS_FREELY }; /* what agents may */
struct acd_tenant {
	UT_hash_handle hh;
	char id[ZJ_UUID_SIZE], name[ACD_TEXT_SIZE], sip_domain[256], time_zone[64];
	bool zh, enabled, gone, known, carrier;
	bool internal_calls; /* its extensions may dial each other */
	bool hybrid;         /* a signed-in agent's telephone is a plain extension, too */
	int64_t max_calls;
	bool force_record; /* every talk */
	bool record_all;   /* … from its beginning, not from its answer */
	bool record_off;   /* nothing at all */
	bool record_sealed;
	char record_key[ZJ_UUID_SIZE], record_wrapped[160]; /* with this key, as mediad is told it; empty: none yet */
	enum acd_agent_recording agent_recording;
	int64_t pause_max_us; /* of a recording; 0: no limit */
	struct acd *acd;
	struct acd_agent *agents;
	struct acd_queue *queues, *queues_by_number;
	struct acd_extension *extensions, *extensions_by_number;
	struct acd_member *members;
	unsigned unlinked; /* members whose agent or queue is not known yet */
	struct acd_item *prompts, *flows, *reasons;
	struct acd_vip *vips, *vips_by_number;
	struct acd_reg *registered;
	struct acd_group *groups, *groups_by_number;
	struct acd_music_class *music;
	struct acd_group_member *group_members;
	struct acd_code *shortcuts, *hot_keys, *applications;
	struct acd_pair *account_groups;
	json_t *out;               /* {table: {id: row}} of what decides about calls outside (outbound.c) */
	struct acd_recent *recent; /* callers, oldest first */
	struct acd_number *numbers, *numbers_by_number; /* dest.c */
	struct acd_room *rooms;
	struct acd_box *boxes;
	struct acd_message *messages;
	struct acd_fax_device *fax_devices;
	struct acd_fax_out *fax_out;
	struct acd_call *calls;
	struct acd_request *requests;
	int64_t day, day_ends; /* the local day that holds acd->now, and when it is over */
	struct acd_timer midnight;
	int64_t seq;    /* of its events */
	json_t *events; /* the last ones, oldest first (events.c) */
	bool touched;   /* has uncommitted state or facts */
	struct acd_tenant *touched_next;
	struct acd_call *dirty_calls;
	struct acd_agent *dirty_agents;
	struct acd_queue *dirty_queues;
	struct acd_visit *dirty_visits;
	struct acd_extension *dirty_extensions;
	struct acd_conference *dirty_conferences;
};

/* ---- calls ---- */
struct acd_offer {
	char id[ZJ_UUID_SIZE], agent[ZJ_UUID_SIZE], leg[ZJ_UUID_SIZE];
	int64_t at, ringing_at;
};

#define ACD_TRIED_MAX 16
struct acd_visit { /* one stay of a call in one queue; owned by its call */
	char id[ZJ_UUID_SIZE];
	struct acd_call *call;
	struct acd_queue *queue;
	struct acd_node node, ready;     /* in queue->waiting, queue->ready */
	int64_t entered_at, waits_since; /* waits_since: entered_at less what it waited in queues before */
	int64_t priority;                /* the caller's: his VIP level */
	int64_t position_in, waiting_in, agents_in, idle_in, day;
	struct acd_offer offer;                  /* id empty: none */
	char tried[ACD_TRIED_MAX][ZJ_UUID_SIZE]; /* missed it; skipped while others are idle */
	unsigned n_tried;
	json_t *why; /* the last decision */
	struct acd_timer ring, wait, announce;
	bool wants_agent, dirty;
	struct acd_visit *dirty_next, *want_next;
};

struct acd_leg {
	UT_hash_handle hh; /* acd.legs */
	char id[ZJ_UUID_SIZE];
	struct acd_call *call;
	struct acd_leg *next, *prev; /* of the call, oldest first */
	enum acd_leg_state state;
	enum acd_role role;
	bool out, handed; /* handed: another controller has it */
	char agent[ZJ_UUID_SIZE], group[ZJ_UUID_SIZE], ext[ACD_NUMBER_SIZE];
	struct acd_extension *phone; /* whose telephone this is; NULL: nobody's of ours */
	struct acd_leg *phone_next, *phone_prev;
	bool rung;     /* a ring group has it ring */
	char keys[12]; /* pressed last (hot_key.c) */
	int64_t key_at;
	char sip_call_id[256], contact[256], codec[32], trunk[ZJ_UUID_SIZE];
	json_t *attempts; /* trunks that were tried: [{trunk_id, host, code, ms}]; NULL: none */
	json_t *progress; /* what was heard of it (leg.detected), oldest first; NULL: nothing */
	json_t *asked;    /* of a call to the world: what the edge was told (outbound.c); NULL: it is none */
	char because[32]; /* why the edge found no trunk */
	char relay[24];   /* what carries its media: a relay's number, "none", "" unknown */
	bool lost;        /* its relay died: waits to be offered to another */
	struct acd_leg *lost_next, *lost_prev;
	int64_t offered_at, ringing_at, early_at, answered_at, ended_at;
	int64_t sip_code, q850;
	json_t *stats;
	enum acd_outcome outcome; /* of its offer, once known */
	int64_t wrapup_us, retry_us;
	char play[ZJ_UUID_SIZE];
	enum acd_play playing;
	char collect[ZJ_UUID_SIZE]; /* the question asked; empty: none */
	bool far_held;
	struct acd_timer guard;   /* ends it when the media engine stays silent */
	struct acd_timer longest; /* ends it at cut_at (guard.c); 0: never */
	int64_t longest_us, cut_at;
};

#define ACD_SEGMENT_LEGS 8
struct acd_segment {
	struct acd_segment *next, *prev;
	char id[ZJ_UUID_SIZE], room[ZJ_UUID_SIZE];
	enum acd_segment_kind kind;
	char legs[ACD_SEGMENT_LEGS][ZJ_UUID_SIZE];
	unsigned n;
	int64_t from;
	char began_by[24];
};

#define ACD_HUNT_MAX 64                         /* members that ring for one call */
struct acd_hunting {                            /* a ring group's call; owned by it */
	char order[ACD_HUNT_MAX][ZJ_UUID_SIZE]; /* extensions */
	unsigned n, next;                       /* next: whose turn is next */
	bool rang;                              /* somebody could be rung in this round */
	bool first;                             /* order[0] rings alone first: the recent call's */
	int64_t until;
};

#define ACD_VIA_MAX 6 /* forwardings of one call */
struct acd_story;
struct acd_call {
	UT_hash_handle hh;   /* acd.calls */
	UT_hash_handle in_t; /* acd_tenant.calls */
	char id[ZJ_UUID_SIZE];
	struct acd_tenant *tenant;
	struct acd_leg *legs;
	struct acd_leg *main; /* who is being served */
	struct acd_leg *peer; /* whom main talks to or is being connected with */
	const struct acd_story *story;
	void *own; /* an object of the present story's, NULL: it keeps nothing; released with it */
	enum acd_where where;
	enum acd_direction direction;
	bool queued; /* kind queue, else manual */
	char caller[ACD_NUMBER_SIZE], callee[ACD_NUMBER_SIZE], caller_name[ACD_TEXT_SIZE], did[ACD_NUMBER_SIZE],
		trunk[ZJ_UUID_SIZE];
	char route[ZJ_UUID_SIZE], binding[64], vip[2]; /* from the edge: the inbound route, kind:id of the page, "1" */
	struct acd_dest dest;                          /* of the present story */
	char out_ext[ACD_NUMBER_SIZE];                 /* the extension that calls outside, "": nobody's */
	char out_number[ZJ_UUID_SIZE], out_service[ZJ_UUID_SIZE]; /* the trunk number chosen; the number it calls for */
	bool out_detect;                          /* the customer's leg is listened to for its progress */
	bool out_click, out_anonymous, out_known; /* known: one of the numbers that the agent's group talked with */
	int64_t started_at, answered_at, ended_at, last_at;
	int64_t hangup_cause;
	char hangup_by[16], hangup_reason[64];
	enum acd_result result;
	bool result_set;
	char first_queue[ZJ_UUID_SIZE], last_agent[ZJ_UUID_SIZE], relation[16];
	int64_t waited_us;
	char via[ACD_VIA_MAX][ACD_NUMBER_SIZE]; /* extensions that forwarded it */
	unsigned n_via;
	char related[ZJ_UUID_SIZE]; /* call, by relation */
	struct acd_hunting *hunting;
	struct acd_leg *third; /* whom peer consults */
	enum acd_feature feature;
	char argument[ACD_NUMBER_SIZE]; /* of the feature */
	char last_prompt[ZJ_UUID_SIZE]; /* said instead of the usual last sentence */
	char barred_by[ZJ_UUID_SIZE];   /* the edge's rule that refused it */
	int last_code;                  /* to an unanswered main leg behind it */
	unsigned hops, n_records;
	bool hold;
	struct acd_visit *visit;
	char room[ZJ_UUID_SIZE], record[ZJ_UUID_SIZE], record_segment[ZJ_UUID_SIZE], record_leg[ZJ_UUID_SIZE];
	char record_path[160], record_key[ZJ_UUID_SIZE]; /* of the one that is being made */
	bool recording;                                  /* room.recorded has not come yet */
	bool record_asked;                               /* begun on demand, not by a rule */
	int64_t paused_until;                            /* of the recording; 0: not paused, INT64_MAX: for ever */
	struct acd_timer pause;
	char ivr_visit[ZJ_UUID_SIZE];
	int64_t ivr_from;
	struct acd_segment *segments;
	struct acd_timer timer; /* the story's, or the end's */
	bool dirty, restored;
	struct acd_call *dirty_next;
};

struct acd_settings { /* from the configuration file; texts live as long as the engine */
	const char *node, *store, *music;
	int64_t dial_ring_us, guard_us;
};

struct acd {
	struct acd_settings set;
	struct acd_effects fx;
	void *fx_arg;
	int64_t now, epoch, cmd;
	uint64_t timer_seq;
	struct acd_index timers;
	struct acd_tenant *tenants;
	struct acd_call *calls;
	struct acd_leg *legs;
	struct acd_agent *work; /* agents that became free and were not considered yet, oldest first */
	struct acd_agent **work_end;
	struct acd_visit *want; /* visits likewise */
	struct acd_visit **want_end;
	struct acd_tenant *touched;
	unsigned edges_up;            /* whose registrations are known, a bit an edge; 0: phones count as reachable */
	char edge_sip[ACD_EDGES][80]; /* where each is, "": not connected, or it did not say */
	json_t *relays_down;          /* {relay: true} */
	int64_t relays_living;        /* at the last word of an edge */
	struct acd_leg *lost;         /* legs whose relay died, oldest first */
	struct acd_timer reoffer;
	bool media_up;  /* the media engine listens, and its snapshot has been compared */
	unsigned depth; /* of entries */
	struct acd_stats {
		int64_t decisions, offers, answered, refused, impossible;
	} stats;
	unsigned n_waiting, n_signed_in;
};

/* acd.c */
int acd_alloc(struct acd **ap, const struct acd_settings *set, const struct acd_effects *fx,
	      void *fx_arg) ZJ_MUST_CHECK;
void acd_enter(struct acd *acd);               /* every entry: takes the time … */
void acd_leave(struct acd *acd);               /* … decides, writes through, tells */
void acd_run_timers(struct acd *acd);          /* entry */
int64_t acd_next_timer(const struct acd *acd); /* -1: none */
struct acd_tenant *acd_tenant_find(struct acd *acd, const char *id);
struct acd_tenant *acd_tenant_get(struct acd *acd, const char *id); /* made when unknown */
struct acd_tenant *acd_carrier(struct acd *acd);                    /* NULL: not known yet */
void acd_touch(struct acd_tenant *t);
void acd_fact(struct acd_tenant *t, const char *table, json_t *row /* stolen */);
void acd_uuid(struct acd *acd, char out[ZJ_UUID_SIZE]);
void acd_copy(char *to, size_t size, const char *from /* may be NULL */);
#define ACD_COPY(array, from) acd_copy((array), sizeof(array), (from))
json_t *acd_json_time(int64_t us);                     /* RFC 3339, or null for 0 */
json_t *acd_json_text(const char *s);                  /* null for "" */
const char *acd_str(const json_t *o, const char *key); /* "" when absent */
int64_t acd_int(const json_t *o, const char *key, int64_t def);

/* day.c */
void acd_local_time(const struct acd_tenant *t, struct tm *tm); /* now, in the tenant's time zone */
int64_t acd_day(struct acd_tenant *t);                          /* today in the tenant's time zone; only good for == */

/* config.c */
extern const struct acd_config_table {
	const char *name, *columns;
	void (*h)(struct acd_tenant *t, const char *id, const json_t *row /* NULL: gone */);
} acd_config_tables[]; /* ends with name NULL */
void acd_config_row(struct acd *acd, const char *table, const char *tenant, const char *id,
		    const json_t *row); /* entry */
void acd_tenants_free(struct acd *acd);
struct acd_reg *acd_reg_find(const struct acd_tenant *t, const char *number);
/* Entry: what edge number `edge` (below ACD_EDGES) knows of a contact. */
enum acd_reg_how {
	ACD_REG_NONE,
	ACD_REG_KNOWN,
	ACD_REG_HELD
}; /* known: at another edge; held: its connection ends here */
void acd_reg_set(struct acd *acd, unsigned edge, const char *tenant, const char *number, const char *contact,
		 enum acd_reg_how how);
/* Entry. false: forgets what that edge knew; true: what was set since is all it knows. */
void acd_reg_known(struct acd *acd, unsigned edge, bool known);
/* Through which edge an extension (NULL: anybody) is called: one that holds, else knows, a phone of it; NULL: mediad's
 * own. */
const char *acd_edge_for(const struct acd_tenant *t, const char *number);

/* relay.c: a media relay died or lives again (entry); `living` relays are left. */
void acd_relay_state(struct acd *acd, const char *relay, bool up, int64_t living);
void acd_relay_check(struct acd_leg *leg); /* it was answered, or its relay was said: perhaps that one is dead */
void acd_relay_forget(struct acd_leg *leg);

/* Commands to the media engine: adds tenant, epoch and cmd_id to params (stolen). */
void acd_media(struct acd *acd, struct acd_tenant *t, const char *method, json_t *params);
#endif
