/* A call's story as a ladder: a column for each address that took part, an arrow for each SIP message, log lines
 * between. */
#include "trace/trace.h"
#include "zj_time.h"
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 8
#define WIDTH       22
#define TIME_WIDTH  15

struct ladder {
	const char *address[COLUMNS_MAX];
	int n;
	FILE *out;
};

static int column(struct ladder *l, const char *address)
{
	for (int i = 0; i < l->n; i++) {
		if (!strcmp(l->address[i], address))
			return i;
	}
	if (l->n == COLUMNS_MAX)
		return COLUMNS_MAX - 1; /* the last column stands for all further addresses */
	l->address[l->n] = address;
	return l->n++;
}

/* "INVITE", "180 Ringing (INVITE)"; with SDP a star. */
static void title(const char *message, char *out, size_t size)
{
	char cseq[64] = "", *method;
	int has_sdp = strstr(message, "\r\n\r\nv=0") != NULL;

	if (strncmp(message, "SIP/2.0 ", 8)) {
		snprintf(out, size, "%.*s%s", (int)strcspn(message, " \r\n"), message, has_sdp ? " *" : "");
		return;
	}
	trace_sip_header(message, "CSeq", 0, cseq, sizeof(cseq));
	method = strchr(cseq, ' ');
	snprintf(out, size, "%.*s%s%s", (int)strcspn(message + 8, "\r\n"), message + 8, method ? method : "",
		 has_sdp ? " *" : "");
}

static void time_of_day(int64_t at_us, char out[TIME_WIDTH + 1])
{
	char stamp[ZJ_RFC3339_SIZE];

	zj_rfc3339(stamp, at_us);
	snprintf(out, TIME_WIDTH + 1, "%.12s", stamp + 11);
}

/* ├──────── title ────────▶│ between two columns, bars elsewhere. */
static void arrow(struct ladder *l, int from, int to, const char *text)
{
	int left = from < to ? from : to, right = from < to ? to : from;

	for (int i = 0; i < l->n; i++) {
		if (i >= left && i < right) {
			int room = (right - left) * WIDTH - 2, used = (int)strlen(text) + 2;
			int before = used < room ? (room - used) / 2 : 0;

			fputs(from < to ? "├" : "◀", l->out);
			for (int k = 0; k < before; k++)
				fputs("─", l->out);
			fprintf(l->out, " %.*s ", room - 2, text);
			for (int k = before + used; k < room; k++)
				fputs("─", l->out);
			fputs(from < to ? "▶" : "─", l->out);
			i = right - 1;
		} else {
			fprintf(l->out, "│%*s", WIDTH - 1, "");
		}
	}
	if (left == right)
		fprintf(l->out, " %s (to itself)", text);
	fputc('\n', l->out);
}

static void bars(const struct ladder *l)
{
	for (int i = 0; i < l->n; i++)
		fprintf(l->out, "│%*s", WIDTH - 1, "");
}

static void print_body(const struct ladder *l, const char *message)
{
	for (const char *p = message; *p;) {
		size_t len = strcspn(p, "\r\n");

		fprintf(l->out, "%*s  | %.*s\n", TIME_WIDTH, "", (int)len, p);
		p += len;
		p += strspn(p, "\r") ? 1 : 0;
		p += *p == '\n';
	}
}

void trace_ladder_print(FILE *out, const struct trace_story *s, bool bodies)
{
	struct ladder l = {.out = out};
	char text[256], when[TIME_WIDTH + 1];

	for (size_t i = 0; i < s->n; i++) {
		if (s->items[i].kind == TRACE_SIP) {
			column(&l, s->items[i].src);
			column(&l, s->items[i].dst);
		}
	}
	fprintf(out, "%-*s", TIME_WIDTH, "");
	for (int i = 0; i < l.n; i++)
		fprintf(out, "%-*s", WIDTH, l.address[i]);
	fputc('\n', out);
	for (size_t i = 0; i < s->n; i++) {
		const struct trace_item *item = &s->items[i];

		time_of_day(item->at_us, when);
		fprintf(out, "%-*s", TIME_WIDTH, when);
		if (item->kind == TRACE_LOG) {
			bars(&l);
			fprintf(out, " %s\n", item->text);
			continue;
		}
		title(item->text, text, sizeof(text));
		arrow(&l, column(&l, item->src), column(&l, item->dst), text);
		if (bodies)
			print_body(&l, item->text);
	}
}
