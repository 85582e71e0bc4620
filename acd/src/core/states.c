#include "core/states.h"
#include "zj_obj.h"
#include <string.h>

#define ACD_TEXT(id, text) (text),
#define ACD_DEFINE_NAMES(name, LIST, end)                                                                              \
	static const char *const name##_names[] = {LIST(ACD_TEXT)};                                                    \
	const char *acd_##name##_name(enum acd_##name v)                                                               \
	{                                                                                                              \
		return (unsigned)v < (unsigned)(end) ? name##_names[v] : "unknown";                                    \
	}                                                                                                              \
	enum acd_##name acd_##name##_parse(const char *text, enum acd_##name def)                                      \
	{                                                                                                              \
		for (unsigned i = 0; text && i < (unsigned)(end); i++)                                                 \
			if (!strcmp(text, name##_names[i]))                                                            \
				return (enum acd_##name)i;                                                             \
		return def;                                                                                            \
	}

ACD_DEFINE_NAMES(agent_state, ACD_AGENT_STATES, ACD_COUNT)
ACD_DEFINE_NAMES(agent_event, ACD_AGENT_EVENTS, ACD_EV_COUNT)
ACD_DEFINE_NAMES(cause, ACD_CAUSES, ACD_CAUSE_COUNT)
ACD_DEFINE_NAMES(leg_state, ACD_LEG_STATES, ACD_LEG_COUNT)
ACD_DEFINE_NAMES(leg_event, ACD_LEG_EVENTS, ACD_LEG_EV_COUNT)
ACD_DEFINE_NAMES(role, ACD_ROLES, ACD_ROLE_COUNT)
ACD_DEFINE_NAMES(where, ACD_WHERES, ACD_AT_COUNT)
ACD_DEFINE_NAMES(direction, ACD_DIRECTIONS, ACD_DIR_COUNT)
ACD_DEFINE_NAMES(result, ACD_RESULTS, ACD_RESULT_COUNT)
ACD_DEFINE_NAMES(outcome, ACD_OUTCOMES, ACD_OFFER_COUNT)
ACD_DEFINE_NAMES(left, ACD_LEFT_HOWS, ACD_LEFT_COUNT)
ACD_DEFINE_NAMES(segment_kind, ACD_SEGMENT_KINDS, ACD_SEG_COUNT)
ACD_DEFINE_NAMES(play, ACD_PLAYS, ACD_PLAY_COUNT)
ACD_DEFINE_NAMES(member_state, ACD_MEMBER_STATES, ACD_MEMBER_COUNT)
ACD_DEFINE_NAMES(dest_kind, ACD_DEST_KINDS, ACD_TO_COUNT)
ACD_DEFINE_NAMES(forward, ACD_FORWARDS, ACD_FORWARD_COUNT)
ACD_DEFINE_NAMES(range, ACD_RANGES, ACD_RANGE_COUNT)
ACD_DEFINE_NAMES(hunt, ACD_HUNTS, ACD_HUNT_COUNT)
ACD_DEFINE_NAMES(feature, ACD_FEATURES, ACD_DO_COUNT)

/* Agents. What takes an agent (an offer, a direct call) is `reserve`; it is released by its leg's end, never earlier.
 */
static const struct {
	enum acd_agent_state from;
	enum acd_agent_event event;
	enum acd_agent_state to;
} agent_table[] = {
	{ACD_SIGNED_OUT, ACD_EV_SIGN_IN, ACD_IDLE},

	{ACD_IDLE, ACD_EV_SIGN_OUT, ACD_SIGNED_OUT},
	{ACD_IDLE, ACD_EV_RESERVE, ACD_RESERVED},
	{ACD_IDLE, ACD_EV_FREE, ACD_IDLE},
	{ACD_IDLE, ACD_EV_REST, ACD_BUSY},

	{ACD_RESERVED, ACD_EV_RING, ACD_RINGING},
	{ACD_RESERVED, ACD_EV_ANSWER, ACD_TALKING}, /* 200 without 180 */
	{ACD_RESERVED, ACD_EV_FREE, ACD_IDLE},
	{ACD_RESERVED, ACD_EV_REST, ACD_BUSY},

	{ACD_RINGING, ACD_EV_ANSWER, ACD_TALKING},
	{ACD_RINGING, ACD_EV_FREE, ACD_IDLE},
	{ACD_RINGING, ACD_EV_REST, ACD_BUSY},

	{ACD_TALKING, ACD_EV_WRAPUP, ACD_AFTER_CALL},
	{ACD_TALKING, ACD_EV_FREE, ACD_IDLE},
	{ACD_TALKING, ACD_EV_REST, ACD_BUSY},

	{ACD_AFTER_CALL, ACD_EV_SIGN_OUT, ACD_SIGNED_OUT},
	{ACD_AFTER_CALL, ACD_EV_RESERVE, ACD_RESERVED}, /* a direct call */
	{ACD_AFTER_CALL, ACD_EV_FREE, ACD_IDLE},
	{ACD_AFTER_CALL, ACD_EV_REST, ACD_BUSY},

	{ACD_BUSY, ACD_EV_SIGN_OUT, ACD_SIGNED_OUT},
	{ACD_BUSY, ACD_EV_RESERVE, ACD_RESERVED}, /* a direct call */
	{ACD_BUSY, ACD_EV_FREE, ACD_IDLE},
	{ACD_BUSY, ACD_EV_REST, ACD_BUSY}, /* another reason */
};

int acd_agent_next(enum acd_agent_state s, enum acd_agent_event e)
{
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(agent_table); i++)
		if (agent_table[i].from == s && agent_table[i].event == e)
			return (int)agent_table[i].to;
	return -1;
}

/* Legs. `ending`: we have commanded its hang-up; an answer that crosses it changes nothing. */
static const struct {
	enum acd_leg_state from;
	enum acd_leg_event event;
	enum acd_leg_state to;
} leg_table[] = {
	{ACD_LEG_TRYING, ACD_LEG_EV_RING, ACD_LEG_RINGING},      {ACD_LEG_TRYING, ACD_LEG_EV_EARLY, ACD_LEG_EARLY},
	{ACD_LEG_TRYING, ACD_LEG_EV_ANSWER, ACD_LEG_ANSWERED},   {ACD_LEG_TRYING, ACD_LEG_EV_HANGUP, ACD_LEG_ENDING},
	{ACD_LEG_TRYING, ACD_LEG_EV_END, ACD_LEG_ENDED},         {ACD_LEG_RINGING, ACD_LEG_EV_RING, ACD_LEG_RINGING},
	{ACD_LEG_RINGING, ACD_LEG_EV_EARLY, ACD_LEG_EARLY},      {ACD_LEG_RINGING, ACD_LEG_EV_ANSWER, ACD_LEG_ANSWERED},
	{ACD_LEG_RINGING, ACD_LEG_EV_HANGUP, ACD_LEG_ENDING},    {ACD_LEG_RINGING, ACD_LEG_EV_END, ACD_LEG_ENDED},
	{ACD_LEG_EARLY, ACD_LEG_EV_RING, ACD_LEG_EARLY},         {ACD_LEG_EARLY, ACD_LEG_EV_EARLY, ACD_LEG_EARLY},
	{ACD_LEG_EARLY, ACD_LEG_EV_ANSWER, ACD_LEG_ANSWERED},    {ACD_LEG_EARLY, ACD_LEG_EV_HANGUP, ACD_LEG_ENDING},
	{ACD_LEG_EARLY, ACD_LEG_EV_END, ACD_LEG_ENDED},          {ACD_LEG_ANSWERED, ACD_LEG_EV_HANGUP, ACD_LEG_ENDING},
	{ACD_LEG_ANSWERED, ACD_LEG_EV_END, ACD_LEG_ENDED},       {ACD_LEG_ENDING, ACD_LEG_EV_RING, ACD_LEG_ENDING},
	{ACD_LEG_ENDING, ACD_LEG_EV_EARLY, ACD_LEG_ENDING},      {ACD_LEG_ENDING, ACD_LEG_EV_ANSWER, ACD_LEG_ENDING},
	{ACD_LEG_ENDING, ACD_LEG_EV_HANGUP, ACD_LEG_ENDING},     {ACD_LEG_ENDING, ACD_LEG_EV_END, ACD_LEG_ENDED},
	{ACD_LEG_ANSWERED, ACD_LEG_EV_ANSWER, ACD_LEG_ANSWERED},
};

int acd_leg_next(enum acd_leg_state s, enum acd_leg_event e)
{
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(leg_table); i++)
		if (leg_table[i].from == s && leg_table[i].event == e)
			return (int)leg_table[i].to;
	return -1;
}

/* Where a call is: everywhere may be left for everywhere but from its end. */
int acd_where_may(enum acd_where from, enum acd_where to)
{
	if (from == ACD_AT_ENDED)
		return 0;
	if (from == ACD_AT_ENDING)
		return to == ACD_AT_ENDING || to == ACD_AT_ENDED;
	return to != ACD_AT_HOLD || from == ACD_AT_TALK || from == ACD_AT_HOLD;
}
