#ifndef API_GUESS_H
#define API_GUESS_H
#include <stdbool.h>

struct api_req;
/* Counts a question about a masked field (res_query.masked); false: too many in this minute, 429 was answered. */
bool api_guess_allowed(struct api_req *req);
#endif
