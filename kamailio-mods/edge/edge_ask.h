/* What is known of telephones by asking them (edge_ask_mod.c asks). It stays with the contact in usrloc: how long the
 * last answer took, or how many questions in a row got none. */
#ifndef EDGE_ASK_H
#define EDGE_ASK_H
#include "edge_usrloc.h"

int edge_ask_alloc(void); /* before the fork; 0 or -1 */
/* Whoever has this address of record is asked within a second. Any process, its slot may be locked. */
void edge_ask_soon(unsigned aorhash);
/* `kept` is what usrloc keeps of the contact. */
void edge_ask_read(struct edge_contact *c, unsigned kept);
/* Contacts of the next 1/`share` of all slots, and of those that are to be asked soon. One process. */
void edge_ask_walk(unsigned share, edge_contact_h *h, void *arg);
/* It answered after rtt_us, or (-1) not. */
void edge_ask_heard(unsigned aorhash, const char *ruid, long rtt_us);
/* The answer to `edge.contacts`: of the domain's extensions (an array of numbers), those that end here. */
json_t *edge_ask_contacts(const char *domain, const json_t *numbers);
#endif
