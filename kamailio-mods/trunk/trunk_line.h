/* Lines: Kamailio speaks TCP to a loopback address of the host, 127.64.0.0 + its number; the module's process that
 * listens there (trunk_gate) speaks TLS to the carrier. Pure. */
#ifndef TRUNK_LINE_H
#define TRUNK_LINE_H
#include "trunk_plan.h"

#define TRUNK_LINE_MAX 4128765u /* 127.126.255.253: of 127.127 Kamailio sends */
#define TRUNK_NEXT_MAX (TRUNK_HOST_MAX + 32)

/* The address in network order; 0: no line has that number. */
uint32_t trunk_line_address(int line);
/* The line of such an address; 0: none. */
int trunk_line_of(uint32_t address);

/* Where Kamailio sends what is for a host: its line (over TLS; `gate`: the port), or its address. */
void trunk_next_hop(char out[TRUNK_NEXT_MAX], int line, int gate, const struct trunk_addr *a, bool tcp);
#endif
