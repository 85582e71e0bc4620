#ifndef ACD_ANNOUNCE_H
#define ACD_ANNOUNCE_H
#include "acd.h"

void acd_play_music(struct acd_leg *leg, const struct acd_queue *q /* NULL: the default music */);
void acd_play_ringback(struct acd_leg *leg);
void acd_announce_position(struct acd_visit *v);
/* A last sentence; FALSE when there is none to say for this reason. */
bool acd_say_goodbye(struct acd_leg *leg, enum acd_result result);
void acd_play_stop(struct acd_leg *leg);
#endif
