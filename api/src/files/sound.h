/* Sounds as files, sealed or not (sound.c). */
#ifndef API_SOUND_H
#define API_SOUND_H
#include "server/api.h"

/* Answers with a file below `folder`. `key`: its wrapped key, `key_id` empty: the file is not sealed. `name`: as an
 * attachment; NULL: not as one. */
void api_sound_send(struct api_req *req, const char *folder, const char *path, const char *key_id, const char *key,
		    const char *name);
/* Asked for as a file to keep, from its first byte: a player's requests for pieces are no downloads. */
bool api_sound_is_taken(struct api_req *req);
#endif
