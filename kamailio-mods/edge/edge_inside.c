#include "edge_inside.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A line: `set sip:1.2.3.4:5060 …`. */
static void take(struct edge_inside *i, const char *line)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	char host[64];
	int port = 5060;
	if (sscanf(line, "%*d sip:%63[0-9.]:%d", host, &port) < 1 || inet_pton(AF_INET, host, &a.sin_addr) != 1 ||
	    i->n == EDGE_INSIDE_MAX)
		return;
	a.sin_port = htons((uint16_t)port);
	i->at[i->n++] = a;
}

void edge_inside_look(struct edge_inside *i, const char *path, time_t now)
{
	struct stat s;
	char line[512];
	if (now == i->looked)
		return;
	i->looked = now;
	if (stat(path, &s) || !memcmp(&s.st_mtim, &i->written, sizeof i->written))
		return;
	FILE *f = fopen(path, "re");
	if (!f)
		return;
	i->written = s.st_mtim;
	i->n = 0;
	while (fgets(line, sizeof line, f))
		take(i, line);
	fclose(f);
}

bool edge_inside_has(const struct edge_inside *i, const struct sockaddr *a)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)a;
	for (unsigned k = 0; a->sa_family == AF_INET && k < i->n; k++)
		if (i->at[k].sin_addr.s_addr == four->sin_addr.s_addr && i->at[k].sin_port == four->sin_port)
			return true;
	return false;
}
