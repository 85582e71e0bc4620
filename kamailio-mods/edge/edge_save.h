/* Registrations (those whose phones are at this edge) written behind into kamailio.location (schema/0030) and put back
 * at a start. In the module's database process only. */
#ifndef EDGE_SAVE_H
#define EDGE_SAVE_H
#include <libpq-fe.h>
#include <stdbool.h>

#define EDGE_SAVE_EVERY_MS 2000 /* a crash forgets the registrations of so long at most */

struct edge_save;
int edge_save_alloc(struct edge_save **sp, const char *conninfo, const char *edge) __attribute__((warn_unused_result));
/* Once connected: puts back what is saved (first time), then writes what changed. Never more often than is useful: call
 * it every EDGE_SAVE_EVERY_MS. Blocks on the database only. */
void edge_save_turn(struct edge_save *s);
#endif
