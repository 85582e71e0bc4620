/* Conference rooms, and the conferences that take place in them. A member is a call of its own, whose story is
 * "conference"; the conference is the room in the media engine that their legs share, and lives as long as it has
 * members. A room has one conference at a time. */
#ifndef ACD_CONFERENCE_H
#define ACD_CONFERENCE_H
#include "core/acd.h"
#include "core/states.h"

struct acd_room { /* configuration */
	UT_hash_handle hh;
	char id[ZJ_UUID_SIZE], number[ACD_NUMBER_SIZE], name[ACD_TEXT_SIZE], pin[20], admin_pin[20];
	char entry_prompt[ZJ_UUID_SIZE], music[ZJ_UUID_SIZE], invite_caller[ACD_NUMBER_SIZE];
	json_t *administrators; /* account ids */
	struct acd_tenant *tenant;
	int64_t max_members, max_us;
	bool wait_leader, optimise, detect, quiet, announce, wait_music, menu, announce_count, record, mute_on_entry,
		enabled, gone;
	struct acd_conference *live;
};

struct acd_conference {
	struct acd_room *room;
	struct acd_tenant *tenant;
	char id[ZJ_UUID_SIZE], call[ZJ_UUID_SIZE]; /* the room's id in the media engine; the call that opened it */
	char record[ZJ_UUID_SIZE];                 /* empty: not recorded */
	int64_t started_at, told_at;
	bool locked, muted, led, created; /* muted: all but administrators; led: an administrator has been in;
					     created: in the media engine */
	unsigned came, peak, n_records;
	struct acd_guest *guests;
	struct acd_timer end, tell;
	bool dirty, unsaved;
	struct acd_conference *dirty_next;
};

struct acd_guest { /* a member, or who wants to be one: call->own */
	struct acd_guest *next, *prev;
	struct acd_call *call;
	struct acd_conference *conf; /* NULL: not let in yet */
	enum acd_member_state state;
	unsigned tries;
	bool admin, muted, talking, invited, inside /* in the media engine's room */;
	int64_t since;
	char name_path[160], name_record[ZJ_UUID_SIZE];
	char end[24]; /* why it leaves, a phrase's moment */
};

/* conference.c */
void acd_room_row(struct acd_tenant *t, const char *id, const json_t *row); /* of the configuration */
void acd_rooms_free(struct acd_tenant *t);
struct acd_room *acd_room_find(const struct acd_tenant *t, const char *id); /* NULL: gone, disabled */
bool acd_room_is_admin(const struct acd_room *r, const char *account);
struct acd_conference *acd_conference_by_id(const struct acd_tenant *t, const char *id);
struct acd_conference *acd_conference_get(struct acd_room *r,
					  const struct acd_call *opener); /* the room's, or a new one */
void acd_conference_add(struct acd_conference *c, struct acd_guest *g);
void acd_conference_remove(struct acd_guest *g); /* the last one ends it */
void acd_conference_end(struct acd_conference *c, const char *how);
void acd_conference_record(struct acd_conference *c, bool on);
unsigned acd_conference_inside(const struct acd_conference *c);
void acd_conference_dirty(struct acd_conference *c, bool told_only);
void acd_conference_tell(struct acd_tenant *t); /* the dirty ones; when an entry leaves */
void acd_conferences_check(struct acd *acd);    /* after a restart: those that nobody is in are over */
json_t *acd_board_conference(const struct acd_conference *c);
json_t *acd_save_conference(const struct acd_conference *c);
void acd_load_conference(struct acd_tenant *t, const char *room, const json_t *o);
void acd_conference_talking(struct acd *acd, const json_t *p); /* room.talking */

/* conference_command.c: of the api */
json_t *acd_conference_invite_cmd(struct acd_tenant *t, const json_t *p);
json_t *acd_conference_kick_cmd(struct acd_tenant *t, const json_t *p);
json_t *acd_conference_mute_cmd(struct acd_tenant *t, const json_t *p);
json_t *acd_conference_lock_cmd(struct acd_tenant *t, const json_t *p);
json_t *acd_conference_record_cmd(struct acd_tenant *t, const json_t *p);
json_t *acd_conference_end_cmd(struct acd_tenant *t, const json_t *p);

/* guest.c */
void acd_guest_mute(struct acd_guest *g, bool on);
void acd_guest_kick(struct acd_guest *g, const char *why); /* "kicked", "time", "end" */

/* invite.c */
/* The number of the extension that invites for the account; "": it has none. */
const char *acd_conference_inviter(const struct acd_tenant *t, const char *account);
/* Rings `number` and lets it in: an extension, or somebody outside by the routes and permissions of the extension `by`
 * ("": of the tenant; NULL: nobody outside). NULL by `because`: refused. */
struct acd_call *acd_conference_invite(struct acd_conference *c, const char *number, const char *by,
				       const char **because);
#endif
