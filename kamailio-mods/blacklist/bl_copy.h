/* The local copy of the lists: a start without the database uses it. A base (all that there is: 12 bytes a number and a
 * little more) and behind it a journal of the changes, in one file; each batch ends with the snapshot it is good for
 * and a checksum. What follows the last good mark was torn and is cut off. Mode 0600. */
#ifndef BL_COPY_H
#define BL_COPY_H
#include "bl_table.h"

struct bl_copy;
/* Everything the store has, as a new file that takes the place of the old one. NULL: cannot (logged). */
struct bl_copy *bl_copy_begin(struct bl_store *s, const char *path, const char *seen);
/* Fills the store (anew) from the file and writes that anew, to be appended to. EPROTO: it is none, or no mark in it is
 * good. */
int bl_copy_load(struct bl_copy **cp, struct bl_store *s, const char *path, char *seen, size_t size);
void bl_copy_close(struct bl_copy *c);

/* The store tells its changes to this; bl_copy_mark ends a batch. */
const struct bl_journal *bl_copy_journal(struct bl_copy *c);
void bl_copy_mark(struct bl_copy *c, const char *seen);
/* The journal has become longer than what it is a journal of. */
bool bl_copy_is_long(const struct bl_copy *c);
#endif
