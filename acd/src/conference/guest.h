/* A member of a conference, among the three files that tell of one: story_conference (who may, what happens), guest (in
 * and out), guest_keys (what it presses). */
#ifndef ACD_GUEST_H
#define ACD_GUEST_H
#include "conference/conference.h"
#include "story/phrase.h"

/* guest.c */
struct acd_guest *acd_guest_alloc(struct acd_call *call);             /* into call->own; NULL: no memory */
struct acd_extension *acd_guest_extension(const struct acd_guest *g); /* NULL: it calls from outside */
void acd_guest_state(struct acd_guest *g, enum acd_member_state state);
void acd_guest_room(struct acd_guest *g, const char *method,
		    const char *role /* NULL: none */); /* a command about its leg */
void acd_guest_welcome(struct acd_guest *g);            /* what the room says to who comes in, then acd_guest_place */
void acd_guest_place(struct acd_guest *g);              /* into the conference, or to wait for its chair */
void acd_guest_enter(struct acd_guest *g);
void acd_guest_leave(struct acd_guest *g); /* may end the conference */
void acd_guest_farewell(struct acd_guest *g, enum acd_phrase p, enum acd_result result, const char *why);
void acd_conference_open(struct acd_conference *c);  /* in the media engine */
void acd_conference_music(struct acd_conference *c); /* for who is alone */

/* guest_keys.c */
void acd_guest_menu(struct acd_guest *g);
void acd_guest_menu_key(struct acd_guest *g, char key /* 0: none */);
void acd_guest_invite_key(struct acd_guest *g, const char *digits);
#endif
