/* Through which glass somebody sees the numbers in live data: whole, masked or not at all, as in the resource `calls`.
 * Viewers with the same glass share what is rendered. */
#ifndef API_GLASS_H
#define API_GLASS_H
#include "server/api.h"

typedef unsigned char api_glass; /* 0: clear */
api_glass api_glass_of(const struct api *api, const struct api_who *who);
/* An entity of the live data (a call, a visit, a conference; others have no numbers) through the glass; a new
 * reference. */
json_t *api_glass_entity(api_glass g, json_t *entity);
/* The board's likewise; a new object. */
json_t *api_glass_board(api_glass g, json_t *board);
#endif
