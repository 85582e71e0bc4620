#include "edge_lamp.h"
#include "zk_log.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUCKETS    4096
#define EXPIRES_S  3600
#define REFRESH_US (1800 * 1000000LL)
#define ANSWER_US  (2 * 1000000LL)
#define BODY_MAX   1024

static const struct {
	const char *event, *type;
} kinds[EDGE_LAMP_KINDS] = {
	[EDGE_LAMP_DIALOG] = {"dialog", "application/dialog-info+xml"},
	[EDGE_LAMP_MESSAGES] = {"message-summary", "application/simple-message-summary"},
	[EDGE_LAMP_PRESENCE] = {"presence", "application/pidf+xml"},
};

static int sock = -1, port;
static struct sockaddr_in server, self;

struct lamp {
	struct lamp *next;
	enum edge_lamp_kind kind;
	unsigned n, cseq; /* n: of its Call-ID */
	struct zk_uuid tenant;
	char number[24], domain[256], etag[96], body[BODY_MAX];
	int64_t until_us, sent_us;
	bool dirty, waiting; /* waiting: for the answer to its last PUBLISH */
};

struct edge_lamps {
	struct lamp *buckets[BUCKETS];
	unsigned count, last;
};

const char *edge_lamp_event(enum edge_lamp_kind kind)
{
	return kinds[kind].event;
}

bool edge_lamp_kind(enum edge_lamp_kind *kind, const char *event)
{
	for (int i = 0; i < EDGE_LAMP_KINDS; i++)
		if (!strcmp(kinds[i].event, event)) {
			*kind = (enum edge_lamp_kind)i;
			return true;
		}
	return false;
}

int edge_lamp_open(const char *sip)
{
	char host[64];
	int to;
	socklen_t len = sizeof self;
	if (!sip || sscanf(sip, "sip:%63[0-9.]:%d", host, &to) != 2)
		return 0;
	server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)to)};
	self = (struct sockaddr_in){.sin_family = AF_INET};
	if (inet_pton(AF_INET, host, &server.sin_addr) != 1)
		return 0;
	self.sin_addr = server.sin_addr;
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (sock < 0 || bind(sock, (struct sockaddr *)&self, sizeof self) ||
	    getsockname(sock, (struct sockaddr *)&self, &len)) {
		zk_log(ZK_ERROR, "no socket for lamps because=\"%s\"", strerror(errno));
		return 0;
	}
	return port = ntohs(self.sin_port);
}

int edge_lamps_fd(void)
{
	return sock;
}

int edge_lamps_alloc(struct edge_lamps **lp)
{
	*lp = calloc(1, sizeof **lp);
	return *lp ? 0 : ENOMEM;
}

void edge_lamps_free(struct edge_lamps *l)
{
	for (unsigned i = 0; l && i < BUCKETS; i++)
		while (l->buckets[i]) {
			struct lamp *lamp = l->buckets[i];
			l->buckets[i] = lamp->next;
			free(lamp);
		}
	free(l);
}

unsigned edge_lamps_count(const struct edge_lamps *l)
{
	return l->count;
}

static struct lamp **place(struct edge_lamps *l, const char *domain, const char *number, enum edge_lamp_kind kind)
{
	unsigned h = 5381 + (unsigned)kind;
	for (const char *p = domain; *p; p++)
		h = h * 33 + (unsigned char)*p;
	for (const char *p = number; *p; p++)
		h = h * 33 + (unsigned char)*p;
	struct lamp **at = &l->buckets[h % BUCKETS];
	while (*at && ((*at)->kind != kind || strcmp((*at)->number, number) || strcasecmp((*at)->domain, domain)))
		at = &(*at)->next;
	return at;
}

bool edge_lamps_watch(struct edge_lamps *l, const struct edge_event *e, int64_t now_us)
{
	enum edge_lamp_kind kind;
	if (!edge_lamp_kind(&kind, e->because))
		return false;
	struct lamp **at = place(l, e->caller, e->extension, kind), *lamp = *at;
	if (!lamp && l->count < EDGE_LAMPS_MAX && (lamp = calloc(1, sizeof *lamp))) {
		lamp->kind = kind;
		lamp->n = ++l->last;
		lamp->tenant = e->tenant;
		snprintf(lamp->number, sizeof lamp->number, "%s", e->extension);
		snprintf(lamp->domain, sizeof lamp->domain, "%s", e->caller);
		l->count++;
		*at = lamp;
	}
	if (!lamp)
		return false;
	int64_t until = now_us + (int64_t)e->expires_s * 1000000;
	if (until > lamp->until_us)
		lamp->until_us = until;
	return true;
}

static void send_publish(struct lamp *lamp, int64_t now_us)
{
	char text[BODY_MAX + 1600], host[INET_ADDRSTRLEN], match[160] = "";
	inet_ntop(AF_INET, &self.sin_addr, host, sizeof host);
	lamp->cseq++;
	lamp->dirty = false;
	lamp->waiting = true;
	lamp->sent_us = now_us;
	if (lamp->etag[0] &&
	    lamp->kind != EDGE_LAMP_DIALOG) /* a dialog's is replaced by its id; one that is over takes no changes */
		snprintf(match, sizeof match, "SIP-If-Match: %s\r\n", lamp->etag);
	int n = snprintf(
		text, sizeof text,
		"PUBLISH sip:%s@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s:%d;branch=z9hG4bKlamp%u.%u;rport\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:%s@%s>;tag=lamp%u\r\nTo: <sip:%s@%s>\r\nCall-ID: lamp%u@%s\r\n"
		"CSeq: %u PUBLISH\r\nEvent: %s\r\nExpires: %d\r\n%sContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
		lamp->number, lamp->domain, host, port, lamp->n, lamp->cseq, lamp->number, lamp->domain, lamp->n,
		lamp->number, lamp->domain, lamp->n, host, lamp->cseq, kinds[lamp->kind].event, EXPIRES_S, match,
		kinds[lamp->kind].type, strlen(lamp->body), lamp->body);
	if (n > 0 && n < (int)sizeof text)
		(void)sendto(sock, text, (size_t)n, 0, (struct sockaddr *)&server, sizeof server);
}

static void body(char *out, size_t size, enum edge_lamp_kind kind, const struct edge_lamp_state *s)
{
	bool idle = !strcmp(s->state, "terminated");
	if (kind == EDGE_LAMP_DIALOG && idle)
		snprintf(out, size,
			 "<?xml version=\"1.0\"?>\r\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "
			 "version=\"0\" "
			 "state=\"full\" entity=\"sip:%s@%s\"><dialog id=\"%s\"><state>terminated</state></dialog>"
			 "</dialog-info>\r\n",
			 s->number, s->domain, s->number);
	else if (kind == EDGE_LAMP_DIALOG)
		snprintf(out, size,
			 "<?xml version=\"1.0\"?>\r\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "
			 "version=\"0\" "
			 "state=\"full\" entity=\"sip:%s@%s\"><dialog id=\"%s\" "
			 "direction=\"%s\"><state>%s</state></dialog>"
			 "</dialog-info>\r\n",
			 s->number, s->domain, s->number, s->direction, s->state);
	else if (kind == EDGE_LAMP_MESSAGES)
		snprintf(out, size,
			 "Messages-Waiting: %s\r\nMessage-Account: sip:%s@%s\r\nVoice-Message: %d/%d (0/0)\r\n",
			 s->fresh > 0 ? "yes" : "no", s->number, s->domain, s->fresh, s->old);
	else
		snprintf(out, size,
			 "<?xml version=\"1.0\"?>\r\n<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
			 "entity=\"sip:%s@%s\">"
			 "<tuple id=\"t%s\"><status><basic>%s</basic></status><note>%s</note></tuple></presence>\r\n",
			 s->number, s->domain, s->number, s->registered ? "open" : "closed",
			 !s->registered                   ? "offline"
			 : idle                           ? "idle"
			 : !strcmp(s->state, "confirmed") ? "talking"
							  : "ringing");
}

void edge_lamps_set(struct edge_lamps *l, const struct edge_lamp_state *s, int64_t now_us)
{
	char text[BODY_MAX];
	for (int k = 0; k < EDGE_LAMP_KINDS; k++) {
		struct lamp *lamp = *place(l, s->domain, s->number, (enum edge_lamp_kind)k);
		if (!lamp)
			continue;
		body(text, sizeof text, lamp->kind, s);
		if (!strcmp(text, lamp->body) && lamp->etag[0])
			continue;
		snprintf(lamp->body, sizeof lamp->body, "%s", text);
		lamp->dirty = true;
		if (!lamp->waiting) /* else when its answer is here: the entity tag goes from one to the next */
			send_publish(lamp, now_us);
	}
}

void edge_lamps_tell(struct edge_lamps *l, void (*h)(const struct edge_event *e, void *arg), void *arg, int64_t now_us)
{
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct lamp *lamp = l->buckets[i]; lamp; lamp = lamp->next) {
			struct edge_event e = {.kind = EDGE_WATCHED, .tenant = lamp->tenant};
			if (lamp->until_us <= now_us)
				continue;
			e.expires_s = (int)((lamp->until_us - now_us) / 1000000);
			snprintf(e.because, sizeof e.because, "%s", kinds[lamp->kind].event);
			snprintf(e.extension, sizeof e.extension, "%s", lamp->number);
			h(&e, arg);
		}
}

/* The header's value, up to the end of its line. */
static bool header(const char *text, const char *name, char *out, size_t size)
{
	size_t n = strlen(name);
	for (const char *p = strstr(text, "\r\n"); p; p = strstr(p + 2, "\r\n"))
		if (!strncasecmp(p + 2, name, n) && p[2 + n] == ':') {
			const char *v = p + 3 + n;
			while (*v == ' ')
				v++;
			size_t len = strcspn(v, "\r\n");
			if (len >= size)
				return false;
			memcpy(out, v, len);
			out[len] = '\0';
			return true;
		}
	return false;
}

static struct lamp *by_n(struct edge_lamps *l, unsigned n)
{
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct lamp *lamp = l->buckets[i]; lamp; lamp = lamp->next)
			if (lamp->n == n)
				return lamp;
	return NULL;
}

static void answered(struct edge_lamps *l, const char *text, int64_t now_us)
{
	char value[200];
	int code;
	unsigned n, cseq;
	if (sscanf(text, "SIP/2.0 %d", &code) != 1 || code < 200 || !header(text, "Call-ID", value, sizeof value) ||
	    sscanf(value, "lamp%u@", &n) != 1)
		return;
	struct lamp *lamp = by_n(l, n);
	if (!lamp || !header(text, "CSeq", value, sizeof value) || sscanf(value, "%u", &cseq) != 1 ||
	    cseq != lamp->cseq)
		return;
	lamp->waiting = false;
	if (code >= 300 || !header(text, "SIP-ETag", lamp->etag, sizeof lamp->etag)) {
		lamp->etag[0] = '\0';
		lamp->dirty = lamp->dirty || code == 412; /* it has forgotten: from the beginning */
		if (code != 412)
			zk_log(ZK_WARN, "lamp refused code=%d extension=%s event=%s", code, lamp->number,
			       kinds[lamp->kind].event);
	}
	if (lamp->dirty)
		send_publish(lamp, now_us);
}

void edge_lamps_turn(struct edge_lamps *l, int64_t now_us)
{
	static int64_t looked;
	char text[4096];
	ssize_t n;
	while (sock >= 0 && (n = recv(sock, text, sizeof text - 1, 0)) > 0) {
		text[n] = '\0';
		answered(l, text, now_us);
	}
	if (now_us - looked < 500000)
		return;
	looked = now_us;
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct lamp **at = &l->buckets[i], *lamp; (lamp = *at);) {
			if (lamp->until_us < now_us) {
				*at = lamp->next;
				l->count--;
				free(lamp);
				continue;
			}
			if ((lamp->waiting && now_us - lamp->sent_us > ANSWER_US) ||
			    (lamp->body[0] && now_us - lamp->sent_us > REFRESH_US))
				send_publish(lamp, now_us);
			at = &lamp->next;
		}
}
