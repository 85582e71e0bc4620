/* Our own reader: sofia-sip's loops for ever, allocating, on a format that is no token (`m=audio 1 x \xff`; found by
 * test_sdp.c), and we need little of it. One pass over the lines, nothing allocated. */
#include "sip/sdp.h"
#include "media/rtp.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_MAX_BYTES 512
#define FORMATS_MAX    32

/* Beside enum md_codec_id; MAP_DTMF − i: events of clock i. */
enum { MAP_UNKNOWN = -2, MAP_OTHER = -3, MAP_NOISE = -4, MAP_DTMF = -5 };

struct reader {
	struct md_sdp *s;
	bool in_media, ours, found; /* inside an m= section; of the audio we take; one was found */
	bool image;                 /* what was found is T.38, until audio comes */
	uint8_t formats[FORMATS_MAX];
	unsigned n_formats;
	int map[128];
	enum md_dir session_dir;
	char address[64]; /* of the session, then of our section */
	unsigned port, rtcp_port;
};

static void line_m(struct reader *r, const char *v)
{
	struct md_sdp *s = r->s;
	unsigned i = s->n_lines, port;
	int at = 0;
	if (sscanf(v, "%15s %u%n", s->line[i].type, &port, &at) != 2)
		return;
	v += at + (int)strcspn(v + at, " "); /* a number of ports after a slash */
	if (sscanf(v, " %31s %31s%n", s->line[i].proto, s->line[i].format, &at) != 2)
		return;
	s->n_lines++;
	r->in_media = true;
	r->ours = !r->found && !strcasecmp(s->line[i].type, "audio") && port > 0 && port < 65536 &&
		  !strcasecmp(s->line[i].proto, "RTP/AVP");
	bool image = !r->found && !r->image && !strcasecmp(s->line[i].type, "image") && port > 0 && port < 65536 &&
		     !strcasecmp(s->line[i].proto, "udptl") && !strcasecmp(s->line[i].format, "t38");
	if (image) {
		r->image = r->ours = true;
		s->audio = i;
		s->dir = MD_DIR_BOTH;
		r->port = port;
		return;
	}
	if (!r->ours)
		return;
	r->found = true;
	r->image = false;
	s->audio = i;
	s->dir = r->session_dir;
	r->port = port;
	v += strspn(v, " ");
	v += strcspn(v, " "); /* behind the protocol */
	char *end;
	for (unsigned long pt; r->n_formats < FORMATS_MAX; v = end) {
		pt = strtoul(v, &end, 10);
		if (end == v || pt > 127)
			return;
		r->formats[r->n_formats++] = (uint8_t)pt;
	}
}

static void line_c(struct reader *r, const char *v)
{
	char address[64];
	if ((r->in_media && !r->ours) || sscanf(v, "IN IP4 %63[^ /]", address) != 1)
		return;
	memcpy(r->address, address, sizeof(address));
}

static void line_rtpmap(struct reader *r, const char *v)
{
	unsigned pt, rate;
	char name[32];
	if (sscanf(v, "%u %31[^/ ]/%u", &pt, name, &rate) != 3 || pt > 127 || r->map[pt] != MAP_UNKNOWN)
		return;
	enum md_codec_id c = md_codec_find(name, rate);
	r->map[pt] = c == MD_CODEC_NONE ? MAP_OTHER : (int)c;
	for (int i = 0; i < MD_EVENT_CLOCKS; i++)
		if (!strcasecmp(name, "telephone-event") && rate == md_event_clocks[i])
			r->map[pt] = MAP_DTMF - i;
	if (!strcasecmp(name, "CN"))
		r->map[pt] = MAP_NOISE;
}

/* For the machine that it is meant for: it may be at another leg. */
static void line_t38(struct md_sdp *s, const char *v)
{
	size_t n = strlen(s->image_lines), len = strlen(v);
	for (size_t i = 0; i < len; i++)
		if (v[i] < ' ' || v[i] > '~')
			return;
	if (n + len + 5 <= sizeof(s->image_lines))
		snprintf(s->image_lines + n, sizeof(s->image_lines) - n, "a=%s\r\n", v);
}

static void line_a(struct reader *r, const char *v)
{
	static const char *const dirs[] = {"inactive", "sendonly", "recvonly", "sendrecv"};
	if (r->in_media && !r->ours)
		return;
	for (int d = 0; d < 4; d++)
		if (!strcmp(v, dirs[d]))
			*(r->in_media ? &r->s->dir : &r->session_dir) = (enum md_dir)d;
	if (!r->in_media)
		return;
	if (!strncmp(v, "T38", 3))
		line_t38(r->s, v);
	if (!strncmp(v, "rtpmap:", 7))
		line_rtpmap(r, v + 7);
	if (!strcmp(v, "rtcp-mux"))
		r->s->rtcp_mux = true;
	unsigned port;
	if (!strncmp(v, "rtcp:", 5) && sscanf(v + 5, "%u", &port) == 1 && port > 0 && port < 65536)
		r->rtcp_port = port;
}

static void take_formats(struct reader *r)
{
	struct md_sdp *s = r->s;
	for (unsigned i = 0; i < r->n_formats; i++) {
		uint8_t pt = r->formats[i];
		int m = r->map[pt];
		for (int c = 0; m == MAP_UNKNOWN && c < MD_CODECS; c++)
			if (md_codecs[c].is_static && md_codecs[c].pt == pt)
				m = c;
		if ((m == MAP_NOISE || (m == MAP_UNKNOWN && pt == MD_NOISE_PT)) && s->noise_pt == MD_NO_PT)
			s->noise_pt = pt;
		if (m <= MAP_DTMF && s->dtmf[MAP_DTMF - m] == MD_NO_PT)
			s->dtmf[MAP_DTMF - m] = pt;
		if (m < 0 || s->pts[m] != MD_NO_PT)
			continue;
		s->pts[m] = pt;
		s->order[s->n_codecs++] = (enum md_codec_id)m;
	}
}

static void take_address(struct reader *r)
{
	struct md_sdp *s = r->s;
	s->rtp.sin_family = AF_INET;
	if (inet_pton(AF_INET, r->address, &s->rtp.sin_addr) != 1) {
		s->rtp.sin_addr.s_addr = INADDR_ANY; /* a name or IPv6: its packets will tell us where it is */
	} else if (s->rtp.sin_addr.s_addr == INADDR_ANY) {
		s->muted = true;
	} else {
		s->rtp.sin_port = htons((uint16_t)r->port);
	}
	s->rtcp = s->rtp;
	if (s->rtp.sin_port)
		s->rtcp.sin_port = htons((uint16_t)(r->rtcp_port ? r->rtcp_port : r->port + 1));
}

/* EBADMSG: a line that is none, or more sections than we keep. */
static int line(struct reader *r, const char *l, bool first)
{
	if (first)
		return strcmp(l, "v=0") ? EBADMSG : 0;
	if (l[0] < 'a' || l[0] > 'z' || l[1] != '=')
		return EBADMSG;
	if (l[0] == 'm' && r->s->n_lines == MD_SDP_LINES)
		return EBADMSG;
	if (l[0] == 'm')
		line_m(r, l + 2);
	else if (l[0] == 'c')
		line_c(r, l + 2);
	else if (l[0] == 'a')
		line_a(r, l + 2);
	return 0;
}

int md_sdp_parse(struct md_sdp *s, const char *text, size_t len)
{
	struct reader r = {.s = s, .session_dir = MD_DIR_BOTH};
	char l[LINE_MAX_BYTES];
	bool first = true;
	*s = (struct md_sdp){.noise_pt = MD_NO_PT};
	memset(s->dtmf, MD_NO_PT, sizeof(s->dtmf));
	memset(s->pts, MD_NO_PT, sizeof(s->pts));
	for (int i = 0; i < 128; i++)
		r.map[i] = MAP_UNKNOWN;
	for (const char *p = text, *end = text + len; p < end; first = false) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((nl ? nl : end) - p);
		const char *next = p + n + 1;
		if (n && p[n - 1] == '\r')
			n--;
		if (memchr(p, 0, n))
			return EBADMSG;
		/* What is longer is cut: we need no long lines. */
		snprintf(l, sizeof(l), "%.*s", (int)(n < sizeof(l) ? n : sizeof(l) - 1), p);
		if (n && line(&r, l, first))
			return EBADMSG;
		p = next;
	}
	if (first)
		return EBADMSG;
	s->image = r.image;
	take_formats(&r);
	take_address(&r);
	return r.found && s->n_codecs ? 0 : ENOTSUP;
}
