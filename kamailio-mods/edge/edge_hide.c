#include "edge_hide.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLOCK 16
#define TOKEN (2 * BLOCK)
#define MARK  ";zjm="
#define TAIL  ".invalid"
#define VIA   "SIP/2.0/"
#define MAGIC "zj-hidden" /* ten bytes of sixteen: who guesses a token finds one in 2^80 */
#define WHERE 24          /* longest "255.255.255.255:65535" */
/* Strangers' messages of 64 kB cost no more than ours: */
#define SHOWN_MAX 32  /* tokens that are looked at, of URIs and of Vias each */
#define URI_MAX   256 /* of a URI's host and parameters before its token */

int edge_hide_alloc(struct edge_hide *h, const char *secret)
{
	unsigned char key[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	char text[256];
	int len = snprintf(text, sizeof text, "hide %s", secret);
	h->seal = EVP_CIPHER_CTX_new();
	h->open = EVP_CIPHER_CTX_new();
	if (h->seal && h->open && len < (int)sizeof text &&
	    EVP_Digest(text, (size_t)len, key, &n, EVP_sha256(), NULL) == 1 &&
	    EVP_EncryptInit_ex(h->seal, EVP_aes_128_ecb(), NULL, key, NULL) == 1 &&
	    EVP_DecryptInit_ex(h->open, EVP_aes_128_ecb(), NULL, key, NULL) == 1 &&
	    EVP_CIPHER_CTX_set_padding(h->seal, 0) == 1 && EVP_CIPHER_CTX_set_padding(h->open, 0) == 1)
		return 0;
	edge_hide_free(h);
	return ENOMEM;
}

void edge_hide_free(struct edge_hide *h)
{
	EVP_CIPHER_CTX_free(h->seal);
	EVP_CIPHER_CTX_free(h->open);
	h->seal = h->open = NULL;
}

/* "1.2.3.4:5060" or "1.2.3.4" → token; false: it is no such address. */
static bool seal(struct edge_hide *h, const char *where, size_t len, char token[TOKEN + 1])
{
	char text[WHERE], *colon;
	unsigned char block[BLOCK] = MAGIC, out[2 * BLOCK];
	struct in_addr ip;
	long port = 5060;
	int n = 0;
	if (len >= sizeof text)
		return false;
	memcpy(text, where, len);
	text[len] = '\0';
	colon = strchr(text, ':');
	if (colon) {
		char *end;
		*colon = '\0';
		port = strtol(colon + 1, &end, 10);
		if (*end || end == colon + 1)
			return false;
	}
	if (port < 1 || port > 65535 || inet_pton(AF_INET, text, &ip) != 1)
		return false;
	memcpy(block + 10, &ip, 4);
	block[14] = (unsigned char)(port >> 8);
	block[15] = (unsigned char)port;
	if (EVP_EncryptUpdate(h->seal, out, &n, block, BLOCK) != 1 || n != BLOCK)
		return false;
	for (unsigned i = 0; i < BLOCK; i++) {
		token[2 * i] = "0123456789abcdef"[out[i] >> 4];
		token[2 * i + 1] = "0123456789abcdef"[out[i] & 15];
	}
	token[TOKEN] = '\0';
	return true;
}

static int digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* A token → "1.2.3.4:5060", its length; 0: none of ours. */
static size_t unseal(struct edge_hide *h, const char *token, char where[WHERE])
{
	unsigned char in[BLOCK], block[2 * BLOCK];
	char ip[INET_ADDRSTRLEN];
	int n = 0;
	for (unsigned i = 0; i < BLOCK; i++) {
		int a = digit(token[2 * i]), b = digit(token[2 * i + 1]);
		if (a < 0 || b < 0)
			return 0;
		in[i] = (unsigned char)(a << 4 | b);
	}
	if (EVP_DecryptUpdate(h->open, block, &n, in, BLOCK) != 1 || n != BLOCK ||
	    memcmp(block, MAGIC, sizeof MAGIC) != 0)
		return 0;
	inet_ntop(AF_INET, block + 10, ip, sizeof ip);
	return (size_t)snprintf(where, WHERE, "%s:%u", ip, (unsigned)(block[14] << 8 | block[15]));
}

struct out {
	char *at;
	size_t n, room;
	bool changed, full;
};

static void put(struct out *o, const char *text, size_t len)
{
	o->full |= len > o->room - o->n;
	len = o->full ? 0 : len;
	memcpy(o->at + o->n, text, len);
	o->n += len;
}

/* Without what says where it came from. */
static void put_params(struct out *o, const char *params, const char *end)
{
	while (params < end) {
		const char *next = memchr(params + 1, ';', (size_t)(end - params - 1));
		next = next ? next : end;
		if (strncasecmp(params, ";rport", 6) != 0 && strncasecmp(params, ";received=", 10) != 0)
			put(o, params, (size_t)(next - params));
		params = next;
	}
	o->changed = true;
}

/* One value of a Via, from after "Via:" or a comma to its end. */
static void put_via(struct out *o, struct edge_hide *h, const char *v, const char *end)
{
	const char *sent = memchr(v, ' ', (size_t)(end - v));
	char token[TOKEN + 1];
	while (sent == v && v < end) { /* what leads it */
		put(o, v++, 1);
		sent = memchr(v, ' ', (size_t)(end - v));
	}
	const char *params = sent ? memchr(sent, ';', (size_t)(end - sent)) : NULL;
	params = params ? params : end;
	if (!sent || strncasecmp(v, VIA, sizeof VIA - 1) != 0 ||
	    !seal(h, sent + 1, (size_t)(params - sent - 1), token)) {
		put(o, v, (size_t)(end - v));
		return;
	}
	put(o, v, (size_t)(sent + 1 - v));
	put(o, token, TOKEN);
	put(o, TAIL, sizeof TAIL - 1);
	put_params(o, params, end);
}

/* A carrier over TLS is told by which line it came (trunk_line.h): that address is ours, and means nothing to it. */
static void put_asker(struct out *o, const char *line, const char *end)
{
	static const char mark[] = ";received=127.";
	const char *received = memmem(line, (size_t)(end - line), mark, sizeof mark - 1);
	const char *params = memchr(line, ';', (size_t)(end - line));
	const char *net = received ? received + sizeof mark - 1 : end;
	int n = 0;
	for (; net < end && *net >= '0' && *net <= '9' && n < 1000; net++)
		n = n * 10 + *net - '0';
	if (n < 64 || n > 127) {
		put(o, line, (size_t)(end - line));
		return;
	}
	put(o, line, (size_t)(params - line));
	put_params(o, params, end);
}

static void put_vias(struct out *o, struct edge_hide *h, const char *line, const char *end)
{
	const char *v = memchr(line, ':', (size_t)(end - line)), *comma;
	v = v ? v + 1 : end;
	put(o, line, (size_t)(v - line));
	while ((comma = memchr(v, ',', (size_t)(end - v)))) {
		put_via(o, h, v, comma);
		put(o, ",", 1);
		v = comma + 1;
	}
	put_via(o, h, v, end);
}

/* The URI's host and port become the door's; its own parameters meant the way to the mediad. */
static void put_contact(struct out *o, struct edge_hide *h, const char *line, const char *end, const char *door)
{
	const char *open = memchr(line, '<', (size_t)(end - line));
	const char *close = open ? memchr(open, '>', (size_t)(end - open)) : NULL;
	char token[TOKEN + 1];
	if (close && close - open > 5 && !strncasecmp(open, "<sip:", 5)) {
		const char *at = memchr(open, '@', (size_t)(close - open)), *host = at ? at + 1 : open + 5;
		const char *params = memchr(host, ';', (size_t)(close - host));
		params = params ? params : close;
		if (seal(h, host, (size_t)(params - host), token)) {
			put(o, line, (size_t)(host - line));
			put(o, door, strlen(door));
			put(o, MARK, sizeof MARK - 1);
			put(o, token, TOKEN);
			put(o, close, (size_t)(end - close));
			o->changed = true;
			return;
		}
	}
	put(o, line, (size_t)(end - line));
}

static bool is(const char *line, const char *end, const char *name, char brief)
{
	size_t n = strlen(name), len = (size_t)(end - line);
	return (len > n && !strncasecmp(line, name, n) && line[n] == ':') ||
	       (brief && len > 1 && (line[0] | 0x20) == brief && line[1] == ':');
}

static const char *line_end(const char *line, const char *end)
{
	const char *nl = memmem(line, (size_t)(end - line), "\r\n", 2);
	return nl ? nl : end;
}

/* Whose Contact is the other end of a dialog: not in what is said about registrations or where else to ask; but in a
 * mediad's NOTIFY of how a transfer goes. */
static bool shows_contact(const char *msg, const char *head, bool reply)
{
	static const char *const not [] = {"REGISTER", "SUBSCRIBE", "PUBLISH", "OPTIONS"};
	if (reply && msg[8] == '3')
		return false;
	for (const char *line = msg, *end; line < head; line = end + 2) {
		end = line_end(line, head);
		if (!is(line, end, "CSeq", 0))
			continue;
		for (unsigned i = 0; i < sizeof not / sizeof *not ; i++)
			if (memmem(line, (size_t)(end - line), not [i], strlen(not [i])))
				return false;
		return true;
	}
	return false;
}

/* A reply's Vias are those of who asked. */
size_t edge_hide_out(struct edge_hide *h, const char *msg, size_t len, const char *door, char *text)
{
	const char *head = memmem(msg, len, "\r\n\r\n", 4), *end;
	struct out o = {text, 0, len + EDGE_HIDE_GROWS, false, false};
	bool reply = len > 12 && !memcmp(msg, "SIP/2.0 ", 8);
	unsigned vias = 0;
	if (!head)
		return 0;
	bool contact = shows_contact(msg, head, reply);
	for (const char *line = msg; line < head; line = end + 2) {
		end = line_end(line, head);
		if (end - line > 5 && !strncasecmp(line, "X-Zj-", 5)) { /* said between us and mediads */
			o.changed = true;
			continue;
		}
		bool via = is(line, end, "Via", 'v');
		vias += via;
		if (via && reply)
			put_asker(&o, line, end);
		else if (via && vias > 1)
			put_vias(&o, h, line, end);
		else if (contact && (reply || vias > 1) && is(line, end, "Contact", 'm'))
			put_contact(&o, h, line, end, door);
		else
			put(&o, line, (size_t)(end - line));
		put(&o, "\r\n", 2);
	}
	if (!o.changed)
		return 0;
	put(&o, head + 2, len - (size_t)(head + 2 - msg));
	return o.full ? 0 : o.n;
}

/* What came: its length shrinks as tokens become addresses; `head` is where its headers end. */
struct in {
	char *msg;
	size_t len;
	char *head;
};

static void replace(struct in *in, char *from, char *to, const char *text, size_t n)
{
	memcpy(from, text, n);
	memmove(from + n, to, in->len - (size_t)(to - in->msg));
	in->len -= (size_t)(to - from) - n;
	in->head -= (size_t)(to - from) - n;
}

/* Where the address begins that a URI's token stands for: behind its '@' or "sip:". */
static char *uri_host(char *from, char *mark)
{
	char *least = mark - from > URI_MAX ? mark - URI_MAX : from;
	for (char *p = mark; p > least; p--) {
		if (p[-1] == '@')
			return p;
		if (p - least >= 4 && !strncasecmp(p - 4, "sip:", 4))
			return p;
		if (strchr("<>\" \r\n", p[-1]))
			break;
	}
	return NULL;
}

static void show_uris(struct edge_hide *h, struct in *in)
{
	char where[WHERE], *p = in->msg, *mark;
	for (unsigned i = 0; i < SHOWN_MAX && (mark = memmem(p, (size_t)(in->head - p), MARK, sizeof MARK - 1)); i++) {
		char *token = mark + sizeof MARK - 1, *host = uri_host(in->msg, mark);
		if (in->head - token < TOKEN)
			return;
		size_t n = host ? unseal(h, token, where) : 0;
		p = token;
		if (n && n <= (size_t)(token + TOKEN - host)) {
			replace(in, host, token + TOKEN, where, n);
			p = host;
		}
	}
}

static void show_vias(struct edge_hide *h, struct in *in)
{
	char where[WHERE], *p = in->msg, *tail;
	for (unsigned i = 0; i < SHOWN_MAX && (tail = memmem(p, (size_t)(in->head - p), TAIL, sizeof TAIL - 1)); i++) {
		char *token = tail - TOKEN;
		size_t n = tail - in->msg > TOKEN && token[-1] == ' ' ? unseal(h, token, where) : 0;
		p = tail + 1;
		if (n) {
			replace(in, token, tail + sizeof TAIL - 1, where, n);
			p = token;
		}
	}
}

size_t edge_hide_in(struct edge_hide *h, char *msg, size_t len)
{
	char *head = memmem(msg, len, "\r\n\r\n", 4);
	struct in in = {msg, len, head ? head : msg + len};
	show_uris(h, &in);
	show_vias(h, &in);
	return in.len;
}
