#include "edge_wire.h"
#include "zk_text.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define VIA   "SIP/2.0/"
#define PARAM ";transport="
#define WORD  3 /* letters of TCP and TLS */

bool edge_wire_parse(struct edge_wire *w, const char *text)
{
	char *end;
	long port = strtol(text, &end, 10);
	const char *colon = strrchr(end, ':');
	if (port < 1 || port > 65535 || *end != '=' || !colon || !isdigit((unsigned char)colon[1]))
		return false;
	w->port = (int)port;
	return zk_copy(w->at, sizeof w->at, end + 1, strlen(end + 1));
}

static bool turn_word(char *at, const char *from, const char *to)
{
	if (strncasecmp(at, from, WORD) != 0)
		return false;
	bool upper = isupper((unsigned char)at[0]);
	for (size_t i = 0; i < WORD; i++)
		at[i] = (char)(upper ? toupper((unsigned char)to[i]) : to[i]);
	return true;
}

unsigned edge_wire_turn(char *msg, size_t len, const char *at, bool out)
{
	const char *from = out ? "tcp" : "tls", *to = out ? "tls" : "tcp";
	size_t n = strlen(at), before = sizeof VIA - 1 + WORD + 1, after = sizeof PARAM - 1 + WORD;
	char *head = memmem(msg, len, "\r\n\r\n", 4), *end = head ? head : msg + len;
	unsigned turned = 0;
	for (char *p = msg; (p = memmem(p, (size_t)(end - p), at, n)); p += n) {
		char *next = p + n;
		if (next < end && isdigit((unsigned char)*next))
			continue;
		if (p - msg >= (ptrdiff_t)before && !strncasecmp(p - before, VIA, sizeof VIA - 1) && p[-1] == ' ')
			turned += turn_word(p - WORD - 1, from, to);
		if (end - next >= (ptrdiff_t)after && !strncasecmp(next, PARAM, sizeof PARAM - 1))
			turned += turn_word(next + sizeof PARAM - 1, from, to);
	}
	return turned;
}
