#ifndef ACD_ANNOUNCE_H
#define ACD_ANNOUNCE_H
#include "core/acd.h"

/* Plays a list (stolen); speech ends when a key is pressed. One play a leg: a new one replaces the old. */
void acd_play(struct acd_leg *leg, json_t *items, int loop, enum acd_play what);
json_t *acd_item_file(const struct acd *acd, const char *path);      /* absolute, or below the store */
json_t *acd_item_prompt(const struct acd_tenant *t, const char *id); /* NULL: there is none */
struct acd_music_class;
/* That piece, else that class (NULL: none). False: there is nothing. */
bool acd_play_music_of(struct acd_leg *leg, const char *music_id, const struct acd_music_class *m);
/* The queue's music, else the tenant's default class, else the built-in one. */
void acd_play_music(struct acd_leg *leg, const struct acd_queue *q /* NULL: on hold */);
void acd_play_ringback(struct acd_leg *leg, const char *prompt_id /* "": the usual tone */);
bool acd_play_prompt(struct acd_leg *leg, const char *prompt_id, int loop,
		     enum acd_play what); /* false: no such prompt */
void acd_play_items(struct acd_leg *leg, json_t *items /* stolen */, enum acd_play what);
json_t *acd_say_text(const struct acd_tenant *t, const char *zh, const char *en);
void acd_announce_position(struct acd_visit *v);
/* A last sentence; FALSE when there is none to say for this reason. */
bool acd_say_goodbye(struct acd_leg *leg, enum acd_result result);
void acd_play_stop(struct acd_leg *leg);
#endif
