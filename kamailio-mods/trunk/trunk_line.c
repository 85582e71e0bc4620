#include "trunk_line.h"
#include <arpa/inet.h>
#include <stdio.h>

#define FIRST 0x7f400000u /* 127.64.0.0 */

uint32_t trunk_line_address(int line)
{
	return line > 0 && (unsigned)line <= TRUNK_LINE_MAX ? htonl(FIRST + (unsigned)line) : 0;
}

int trunk_line_of(uint32_t address)
{
	uint32_t n = ntohl(address) - FIRST;
	return n > 0 && n <= TRUNK_LINE_MAX ? (int)n : 0;
}

void trunk_next_hop(char out[TRUNK_NEXT_MAX], int line, int gate, const struct trunk_addr *a, bool tcp)
{
	char ip[INET6_ADDRSTRLEN];
	uint32_t at = trunk_line_address(line);
	if (at) {
		inet_ntop(AF_INET, &at, ip, sizeof ip);
		snprintf(out, TRUNK_NEXT_MAX, "sip:%s:%d;transport=tcp", ip, gate);
		return;
	}
	inet_ntop(AF_INET6, &a->ip, ip, sizeof ip);
	bool v4 = IN6_IS_ADDR_V4MAPPED(&a->ip);
	snprintf(out, TRUNK_NEXT_MAX, "sip:%s%s%s:%d%s", v4 ? "" : "[", v4 ? ip + 7 : ip, v4 ? "" : "]", a->port,
		 tcp ? ";transport=tcp" : "");
}
