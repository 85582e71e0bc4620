/* Every enumeration of the engine, once, with its names as the tables, the protocol and the logs write them. */
#ifndef ACD_STATES_H
#define ACD_STATES_H

/* clang-format off */
#define ACD_AGENT_STATES(X) \
	X(SIGNED_OUT, "signed_out") X(IDLE, "idle") X(RESERVED, "reserved") X(RINGING, "ringing") X(TALKING, "talking") \
	X(AFTER_CALL, "after_call") X(BUSY, "busy")
#define ACD_AGENT_EVENTS(X) \
	X(SIGN_IN, "sign_in") X(SIGN_OUT, "sign_out") X(RESERVE, "reserve") X(RING, "ring") X(ANSWER, "answer") X(FREE, "free") \
	X(REST, "rest") X(WRAPUP, "wrapup")
#define ACD_CAUSES(X) X(OWN, "own") X(SYSTEM, "system") X(SUPERVISOR, "supervisor") X(CONNECTION, "connection")
#define ACD_LEG_STATES(X) \
	X(TRYING, "trying") X(RINGING, "ringing") X(EARLY, "early") X(ANSWERED, "answered") X(ENDING, "ending") X(ENDED, "ended")
#define ACD_LEG_EVENTS(X) X(RING, "ring") X(EARLY, "early") X(ANSWER, "answer") X(HANGUP, "hangup") X(END, "end")
#define ACD_ROLES(X) \
	X(CUSTOMER, "customer") X(AGENT, "agent") X(CONSULTED, "consulted") X(EXTERNAL, "external") X(SUPERVISOR, "supervisor") \
	X(ROOM, "room")
#define ACD_WHERES(X) \
	X(RING, "ring") X(IVR, "ivr") X(QUEUE, "queue") X(TALK, "talk") X(HOLD, "hold") X(CONFERENCE, "conference") \
	X(VOICEMAIL, "voicemail") X(FAX, "fax") X(ENDING, "ending") X(ENDED, "ended")
#define ACD_DIRECTIONS(X) X(IN, "in") X(OUT, "out") X(INTERNAL, "internal")
#define ACD_RESULTS(X) \
	X(ANSWERED, "answered") X(ABANDONED_IVR, "abandoned_ivr") X(ABANDONED_QUEUE, "abandoned_queue") X(NO_ANSWER, "no_answer") \
	X(BUSY, "busy") X(REJECTED, "rejected") X(UNREACHABLE, "unreachable") X(BARRED, "barred") X(OVER_LIMIT, "over_limit") \
	X(FAILED, "failed")
#define ACD_OUTCOMES(X) \
	X(OPEN, "open") X(ANSWERED, "answered") X(NO_ANSWER, "no_answer") X(REJECTED, "rejected") X(BUSY, "busy") \
	X(UNREACHABLE, "unreachable") X(CANCELLED, "cancelled")
#define ACD_LEFT_HOWS(X) \
	X(ANSWERED, "answered") X(ABANDONED, "abandoned") X(TIMEOUT, "timeout") X(OVERFLOW_FULL, "overflow_full") \
	X(NO_AGENT, "no_agent") X(REDIRECTED, "redirected") X(TRANSFERRED, "transferred") X(FAILED, "failed")
#define ACD_SEGMENT_KINDS(X) \
	X(RING, "ring") X(IVR, "ivr") X(QUEUE, "queue") X(TALK, "talk") X(HOLD, "hold") X(CONSULT, "consult") \
	X(CONFERENCE, "conference") X(VOICEMAIL, "voicemail") X(FAX, "fax")
/* A member of a conference. */
#define ACD_MEMBER_STATES(X) \
	X(RINGING, "ringing") X(PIN, "pin") X(NAME, "name") X(ENTRY, "entry") X(WAITING, "waiting") X(IN, "in") X(MENU, "menu") \
	X(INVITING, "inviting") X(LEAVING, "leaving")
/* Where a call can be sent: the words of the columns `destination_kind` and of X-Zj-Kind. */
#define ACD_DEST_KINDS(X) \
	X(NOTHING, "nothing") X(QUEUE, "queue") X(IVR, "ivr") X(EXTENSION, "extension") X(RING_GROUP, "ring_group") \
	X(CONFERENCE, "conference") X(VOICEMAIL, "voicemail") X(FAX, "fax") X(ACCOUNT, "account") X(APPLICATION, "application") \
	X(EXTERNAL, "external") X(HANGUP, "hangup") X(PROMPT, "prompt")
/* Forwarding of an extension, by its column; ranges of what it may pick up and watch; strategies of a ring group; what a phone's codes do. */
#define ACD_FORWARDS(X) \
	X(ALL, "forward_all") X(BUSY, "forward_busy") X(NO_ANSWER, "forward_no_answer") X(UNREACHABLE, "forward_unreachable")
#define ACD_RANGES(X) X(NONE, "none") X(GROUP, "group") X(TEAM, "team")
#define ACD_HUNTS(X) \
	X(ALL, "all") X(SEQUENTIAL, "sequential") X(ROUND_ROBIN, "round_robin") X(IDLE, "idle") X(INCREMENTAL, "incremental")
#define ACD_FEATURES(X) \
	X(NONE, "none") X(PICKUP, "pickup") X(OWN_NUMBER, "own_number") X(RECORD, "record") X(AGENT_SIGN_IN, "agent_sign_in") \
	X(AGENT_SIGN_OUT, "agent_sign_out") X(SIMULATE_CALL, "simulate_call") X(DND_ON, "dnd_on") X(DND_OFF, "dnd_off") \
	X(FORWARD_CANCEL, "forward_cancel") X(FORWARD_ALL, "forward_all") X(FORWARD_BUSY, "forward_busy") \
	X(FORWARD_UNREACHABLE, "forward_unreachable") X(FORWARD_NO_ANSWER, "forward_no_answer") X(MY_VOICEMAIL, "my_voicemail") \
	X(VOICEMAIL, "voicemail") X(AGENT_IDLE, "agent_idle") X(AGENT_BUSY, "agent_busy") X(ECHO, "echo") X(TIME, "time")
#define ACD_PLAYS(X) X(NOTHING, "nothing") X(MUSIC, "music") X(ANNOUNCEMENT, "announcement") X(GOODBYE, "goodbye") X(RINGBACK, "ringback") X(SPEECH, "speech")
/* clang-format on */

#define ACD_ENUM(name, prefix, LIST)   enum name { LIST(ACD_ENUM_##prefix) prefix##_COUNT };
#define ACD_ENUM_ACD(id, text)         ACD_##id,
#define ACD_ENUM_ACD_EV(id, text)      ACD_EV_##id,
#define ACD_ENUM_ACD_CAUSE(id, text)   ACD_CAUSE_##id,
#define ACD_ENUM_ACD_LEG(id, text)     ACD_LEG_##id,
#define ACD_ENUM_ACD_LEG_EV(id, text)  ACD_LEG_EV_##id,
#define ACD_ENUM_ACD_ROLE(id, text)    ACD_ROLE_##id,
#define ACD_ENUM_ACD_AT(id, text)      ACD_AT_##id,
#define ACD_ENUM_ACD_DIR(id, text)     ACD_DIR_##id,
#define ACD_ENUM_ACD_RESULT(id, text)  ACD_RESULT_##id,
#define ACD_ENUM_ACD_OFFER(id, text)   ACD_OFFER_##id,
#define ACD_ENUM_ACD_LEFT(id, text)    ACD_LEFT_##id,
#define ACD_ENUM_ACD_SEG(id, text)     ACD_SEG_##id,
#define ACD_ENUM_ACD_PLAY(id, text)    ACD_PLAY_##id,
#define ACD_ENUM_ACD_TO(id, text)      ACD_TO_##id,
#define ACD_ENUM_ACD_FORWARD(id, text) ACD_FORWARD_##id,
#define ACD_ENUM_ACD_RANGE(id, text)   ACD_RANGE_##id,
#define ACD_ENUM_ACD_HUNT(id, text)    ACD_HUNT_##id,
#define ACD_ENUM_ACD_DO(id, text)      ACD_DO_##id,
#define ACD_ENUM_ACD_MEMBER(id, text)  ACD_MEMBER_##id,

ACD_ENUM(acd_agent_state, ACD, ACD_AGENT_STATES)
ACD_ENUM(acd_agent_event, ACD_EV, ACD_AGENT_EVENTS)
ACD_ENUM(acd_cause, ACD_CAUSE, ACD_CAUSES)
ACD_ENUM(acd_leg_state, ACD_LEG, ACD_LEG_STATES)
ACD_ENUM(acd_leg_event, ACD_LEG_EV, ACD_LEG_EVENTS)
ACD_ENUM(acd_role, ACD_ROLE, ACD_ROLES)
ACD_ENUM(acd_where, ACD_AT, ACD_WHERES)
ACD_ENUM(acd_direction, ACD_DIR, ACD_DIRECTIONS)
ACD_ENUM(acd_result, ACD_RESULT, ACD_RESULTS)
ACD_ENUM(acd_outcome, ACD_OFFER, ACD_OUTCOMES)
ACD_ENUM(acd_left, ACD_LEFT, ACD_LEFT_HOWS)
ACD_ENUM(acd_segment_kind, ACD_SEG, ACD_SEGMENT_KINDS)
ACD_ENUM(acd_play, ACD_PLAY, ACD_PLAYS)
ACD_ENUM(acd_member_state, ACD_MEMBER, ACD_MEMBER_STATES)
ACD_ENUM(acd_dest_kind, ACD_TO, ACD_DEST_KINDS)
ACD_ENUM(acd_forward, ACD_FORWARD, ACD_FORWARDS)
ACD_ENUM(acd_range, ACD_RANGE, ACD_RANGES)
ACD_ENUM(acd_hunt, ACD_HUNT, ACD_HUNTS)
ACD_ENUM(acd_feature, ACD_DO, ACD_FEATURES)

/* name → value takes a default for a text it does not know; value → name never fails. */
/* clang-format off */
#define ACD_NAMES(X) \
	X(agent_state) X(agent_event) X(cause) X(leg_state) X(leg_event) X(role) X(where) X(direction) X(result) X(outcome) X(left) \
	X(segment_kind) X(play) X(dest_kind) X(forward) X(range) X(hunt) X(feature) X(member_state)
/* clang-format on */
#define ACD_NAME_DECLARE(name)                                                                                         \
	const char *acd_##name##_name(enum acd_##name v);                                                              \
	enum acd_##name acd_##name##_parse(const char *text, enum acd_##name def);
ACD_NAMES(ACD_NAME_DECLARE)

/* The transition tables: the next state, or -1 where the event cannot happen. Pure. */
int acd_agent_next(enum acd_agent_state s, enum acd_agent_event e);
int acd_leg_next(enum acd_leg_state s, enum acd_leg_event e);
int acd_where_may(enum acd_where from, enum acd_where to); /* 1: allowed */
#endif
