/* After refusing a body half-way: whoever is still sending would get a reset before reading why. Reads on and throws
 * away, for a little while, on a duplicate of the descriptor. */
#ifndef API_LINGER_H
#define API_LINGER_H
#include <uv.h>
void api_linger(uv_loop_t *loop, int fd);
#endif
