/* Voice files that somebody put on the server: <store>/<directory>[/<team>]/<language>/<file>. Whoever puts them there
 * is a stranger: nothing is opened through a link, nothing above the directory, nothing but plain files. */
#ifndef WK_INCOMING_H
#define WK_INCOMING_H
#include "zj_obj.h"
#include <stdbool.h>
#include <stdint.h>

#define WK_INCOMING_FILES 500         /* names that are listed, and taken at once */
#define WK_INCOMING_BYTES (100 << 20) /* of a file */
#define WK_INCOMING_NAME  200

/* Languages of prompts, by their place in a mask. */
extern const char *const wk_incoming_langs[];
enum { WK_INCOMING_LANGS = 8 };
int wk_incoming_lang(const char *name); /* its place, -1: none */

struct wk_incoming_file {
	char name[WK_INCOMING_NAME + 1];
	unsigned langs; /* in which it is there */
	bool sound;     /* called .mp3 or .wav */
};
struct wk_incoming {
	struct wk_incoming_file *files; /* by name; owned */
	size_t n;
	bool more; /* than are listed */
};
/* `team` NULL: the system's. The descriptor is the caller's. ENOENT: there is none. */
int wk_incoming_open(int *fd, const char *store, const char *directory, const char *team) ZJ_MUST_CHECK;
int wk_incoming_list(struct wk_incoming *in, int dir) ZJ_MUST_CHECK;
/* A file for reading: `lang` is a place in the mask. ENOENT, EFBIG, EINVAL (no plain file, or no name), ELOOP … */
int wk_incoming_file(int *fd, int dir, int lang, const char *name) ZJ_MUST_CHECK;
void wk_incoming_free(struct wk_incoming *in);
/* `worker files`: {store, directory, team} on standard input, the list on standard output. */
int wk_incoming_main(void);
#endif
