#include "sip/cause.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	int code, cause;
	const char *phrase;
} rows[] = {
	{180, 0, "Ringing"},
	{183, 0, "Session Progress"},
	{200, 16, "OK"},
	{302, 23, "Moved Temporarily"},
	{400, 41, "Bad Request"},
	{401, 21, "Unauthorized"},
	{402, 21, "Payment Required"},
	{403, 21, "Forbidden"},
	{404, 1, "Not Found"},
	{405, 63, "Method Not Allowed"},
	{406, 79, "Not Acceptable"},
	{407, 21, "Proxy Authentication Required"},
	{408, 102, "Request Timeout"},
	{410, 22, "Gone"},
	{413, 127, "Request Entity Too Large"},
	{414, 127, "URI Too Long"},
	{415, 79, "Unsupported Media Type"},
	{420, 127, "Bad Extension"},
	{480, 18, "Temporarily Unavailable"},
	{481, 41, "Call Does Not Exist"},
	{482, 25, "Loop Detected"},
	{483, 25, "Too Many Hops"},
	{484, 28, "Address Incomplete"},
	{485, 1, "Ambiguous"},
	{486, 17, "Busy Here"},
	{487, 127, "Request Terminated"},
	{488, 65, "Not Acceptable Here"},
	{500, 41, "Internal Server Error"},
	{501, 79, "Not Implemented"},
	{502, 38, "Bad Gateway"},
	{503, 41, "Service Unavailable"},
	{504, 102, "Server Time-out"},
	{505, 127, "Version Not Supported"},
	{513, 127, "Message Too Large"},
	{600, 17, "Busy Everywhere"},
	{603, 21, "Decline"},
	{604, 1, "Does Not Exist Anywhere"},
	{606, 58, "Not Acceptable"},
};

int md_cause_of_code(int code)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].code == code)
			return rows[i].cause;
	return code < 300 ? 16 : code < 500 ? 31 : code < 600 ? 41 : 31;
}

const char *md_code_phrase(int code)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].code == code)
			return rows[i].phrase;
	return code < 300 ? "OK" : "Refused";
}

void md_reason_write(char *out, size_t size, int cause, const char *text)
{
	char clean[64];
	size_t n = 0;
	for (const char *p = text ? text : ""; *p && n < sizeof(clean) - 1; p++)
		if (*p >= ' ' && *p != '"' && *p != '\\' && *p != 127)
			clean[n++] = *p;
	clean[n] = 0;
	if (cause == 26) /* RFC 3326: so that the phone shows no missed call */
		snprintf(out, size, "SIP;cause=200;text=\"Call completed elsewhere\"");
	else if (n)
		snprintf(out, size, "Q.850;cause=%d;text=\"%s\"", cause, clean);
	else
		snprintf(out, size, "Q.850;cause=%d", cause);
}

int md_reason_cause(const char *value)
{
	const char *q = value ? strcasestr(value, "Q.850") : NULL;
	const char *c = q ? strcasestr(q, "cause=") : NULL;
	int n = c ? atoi(c + 6) : 0;
	return n > 0 && n < 128 ? n : 0;
}
