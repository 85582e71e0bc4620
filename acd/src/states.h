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
	X(RING, "ring") X(IVR, "ivr") X(QUEUE, "queue") X(TALK, "talk") X(HOLD, "hold") X(ENDING, "ending") X(ENDED, "ended")
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
	X(RING, "ring") X(IVR, "ivr") X(QUEUE, "queue") X(TALK, "talk") X(HOLD, "hold")
/* Where a call can be sent: the words of the columns `destination_kind` and of X-Zj-Kind. */
#define ACD_DEST_KINDS(X) \
	X(NOTHING, "nothing") X(QUEUE, "queue") X(IVR, "ivr") X(EXTENSION, "extension") X(RING_GROUP, "ring_group") \
	X(CONFERENCE, "conference") X(VOICEMAIL, "voicemail") X(FAX, "fax") X(ACCOUNT, "account") X(APPLICATION, "application") \
	X(EXTERNAL, "external") X(HANGUP, "hangup") X(PROMPT, "prompt")
#define ACD_PLAYS(X) X(NOTHING, "nothing") X(MUSIC, "music") X(ANNOUNCEMENT, "announcement") X(GOODBYE, "goodbye") X(RINGBACK, "ringback")
/* clang-format on */

#define ACD_ENUM(name, prefix, LIST)  enum name { LIST(ACD_ENUM_##prefix) prefix##_COUNT };
#define ACD_ENUM_ACD(id, text)        ACD_##id,
#define ACD_ENUM_ACD_EV(id, text)     ACD_EV_##id,
#define ACD_ENUM_ACD_CAUSE(id, text)  ACD_CAUSE_##id,
#define ACD_ENUM_ACD_LEG(id, text)    ACD_LEG_##id,
#define ACD_ENUM_ACD_LEG_EV(id, text) ACD_LEG_EV_##id,
#define ACD_ENUM_ACD_ROLE(id, text)   ACD_ROLE_##id,
#define ACD_ENUM_ACD_AT(id, text)     ACD_AT_##id,
#define ACD_ENUM_ACD_DIR(id, text)    ACD_DIR_##id,
#define ACD_ENUM_ACD_RESULT(id, text) ACD_RESULT_##id,
#define ACD_ENUM_ACD_OFFER(id, text)  ACD_OFFER_##id,
#define ACD_ENUM_ACD_LEFT(id, text)   ACD_LEFT_##id,
#define ACD_ENUM_ACD_SEG(id, text)    ACD_SEG_##id,
#define ACD_ENUM_ACD_PLAY(id, text)   ACD_PLAY_##id,
#define ACD_ENUM_ACD_TO(id, text)     ACD_TO_##id,

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
ACD_ENUM(acd_dest_kind, ACD_TO, ACD_DEST_KINDS)

/* name → value takes a default for a text it does not know; value → name never fails. */
/* clang-format off */
#define ACD_NAMES(X) \
	X(agent_state) X(agent_event) X(cause) X(leg_state) X(leg_event) X(role) X(where) X(direction) X(result) X(outcome) X(left) \
	X(segment_kind) X(play) X(dest_kind)
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
