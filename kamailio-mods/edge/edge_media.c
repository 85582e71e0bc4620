#include "edge_media.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const codecs[] = {"PCMA", "PCMU", "G722", "opus", "L16"}; /* mediad's (mediad/src/media/codec.c) */

#define EDGE_BECAUSE_NAME(id, name) [id] = name,
static const char *const names[EDGE_BECAUSES] = {EDGE_BECAUSE(EDGE_BECAUSE_NAME)};

const char *edge_because_name(enum edge_because b)
{
	return (unsigned)b < EDGE_BECAUSES ? names[b] : "?";
}

enum edge_policy edge_policy_parse(const char *word)
{
	return !word                     ? EDGE_AUTO
	       : !strcmp(word, "always") ? EDGE_ALWAYS
	       : !strcmp(word, "never")  ? EDGE_NEVER
					 : EDGE_AUTO;
}

/* ---- addresses ---- */

bool edge_address_parse(struct in6_addr *a, const char *text, size_t len)
{
	char buf[INET6_ADDRSTRLEN + 8];
	struct in_addr v4;
	if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (!len || !zk_copy(buf, sizeof buf, text, len))
		return false;
	if (inet_pton(AF_INET6, buf, a) == 1)
		return true;
	if (inet_pton(AF_INET, buf, &v4) != 1)
		return false;
	memset(a, 0, sizeof *a);
	a->s6_addr[10] = a->s6_addr[11] = 0xff;
	memcpy(&a->s6_addr[12], &v4, sizeof v4);
	return true;
}

static bool net_parse(struct edge_nets *nets, const char *text, size_t len)
{
	const char *slash = memchr(text, '/', len);
	size_t n = slash ? (size_t)(slash - text) : len;
	struct in6_addr a;
	if (nets->n == EDGE_NETS_MAX || !edge_address_parse(&a, text, n))
		return false;
	bool v4 = IN6_IS_ADDR_V4MAPPED(&a) && !memchr(text, ':', n);
	unsigned long bits = v4 ? 32 : 128;
	if (slash) {
		char *end, buf[8];
		if (!zk_copy(buf, sizeof buf, slash + 1, len - n - 1) || !buf[0])
			return false;
		unsigned long given = strtoul(buf, &end, 10);
		if (*end || given > bits)
			return false;
		bits = given;
	}
	nets->net[nets->n].net = a;
	nets->net[nets->n++].bits = (unsigned)bits + (v4 ? 96 : 0);
	return true;
}

bool edge_nets_parse(struct edge_nets *nets, const char *text)
{
	memset(nets, 0, sizeof *nets);
	while (*(text += strspn(text, ", "))) {
		size_t len = strcspn(text, ", ");
		if (!net_parse(nets, text, len))
			return false;
		text += len;
	}
	return true;
}

bool edge_nets_has(const struct edge_nets *nets, const struct in6_addr *a)
{
	for (unsigned i = 0; i < nets->n; i++) {
		unsigned bytes = nets->net[i].bits / 8, rest = nets->net[i].bits % 8;
		if (memcmp(a, &nets->net[i].net, bytes))
			continue;
		if (!rest || ((a->s6_addr[bytes] ^ nets->net[i].net.s6_addr[bytes]) >> (8 - rest)) == 0)
			return true;
	}
	return false;
}

/* ---- the session description ---- */

/* What we need of it: the first living audio stream. */
struct sdp {
	bool found, secure, profile, codec, has_address;
	struct in6_addr address;
	char host[64];
};

static bool is_word(const char *s, size_t len, const char *word)
{
	return len == strlen(word) && !strncasecmp(s, word, len);
}

/* The next blank-separated word; moves *s on. */
static const char *next_word(const char **s, const char *end, size_t *len)
{
	while (*s < end && **s == ' ')
		(*s)++;
	const char *w = *s;
	while (*s < end && **s != ' ')
		(*s)++;
	*len = (size_t)(*s - w);
	return w;
}

/* "audio 49170 RTP/AVP 0 8": true when it is the stream we look for. */
static bool line_m(struct sdp *d, const char *s, const char *end)
{
	size_t len;
	const char *w = next_word(&s, end, &len);
	if (d->found || !is_word(w, len, "audio"))
		return false;
	w = next_word(&s, end, &len);
	if (!len || (len == 1 && w[0] == '0'))
		return false;
	d->found = true;
	w = next_word(&s, end, &len);
	d->secure = len >= 4 && memmem(w, len, "SAVP", 4);
	d->profile = !d->secure && !is_word(w, len, "RTP/AVP");
	while ((w = next_word(&s, end, &len)), len)
		if (is_word(w, len, "0") || is_word(w, len, "8") || is_word(w, len, "9"))
			d->codec = true;
	return true;
}

static void line_c(struct sdp *d, const char *s, const char *end)
{
	size_t len;
	next_word(&s, end, &len);
	next_word(&s, end, &len);
	const char *w = next_word(&s, end, &len);
	const char *slash = memchr(w, '/', len);
	if (slash)
		len = (size_t)(slash - w);
	d->has_address = edge_address_parse(&d->address, w, len);
	zk_copy(d->host, sizeof d->host, w, len < sizeof d->host ? len : sizeof d->host - 1);
}

/* "rtpmap:97 PCMA/8000" */
static void line_a(struct sdp *d, const char *s, const char *end)
{
	size_t len;
	if (end - s < 7 || strncasecmp(s, "rtpmap:", 7) != 0)
		return;
	s += 7;
	next_word(&s, end, &len);
	const char *w = next_word(&s, end, &len);
	for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++)
		if (len > strlen(codecs[i]) && w[strlen(codecs[i])] == '/' &&
		    !strncasecmp(w, codecs[i], strlen(codecs[i])))
			d->codec = true;
}

static void sdp_read(struct sdp *d, const char *text, size_t size)
{
	const char *at = text, *stop = text + size;
	bool session = true, ours = false;
	memset(d, 0, sizeof *d);
	while (at < stop) {
		const char *end = memchr(at, '\n', (size_t)(stop - at));
		const char *next = end ? end + 1 : stop;
		end = end ? end : stop;
		if (end > at && end[-1] == '\r')
			end--;
		if (end - at > 2 && at[1] == '=') {
			if (at[0] == 'm') {
				session = false;
				ours = line_m(d, at + 2, end);
			} else if (at[0] == 'c' && (session || ours)) {
				line_c(d, at + 2, end);
			} else if (at[0] == 'a' && ours) {
				line_a(d, at + 2, end);
			}
		}
		at = next;
	}
}

/* ---- the decision ---- */

static bool is_v6(const struct in6_addr *a)
{
	return !IN6_IS_ADDR_V4MAPPED(a);
}

static bool is_private(const struct in6_addr *a)
{
	static struct edge_nets nets;
	if (!nets.n)
		(void)edge_nets_parse(&nets, "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,169.254.0.0/16");
	return edge_nets_has(&nets, a);
}

/* Held as RFC 2543 says it: no address at all. */
static bool is_nowhere(const struct in6_addr *a)
{
	static const struct in6_addr v4 = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0}}};
	return IN6_IS_ADDR_UNSPECIFIED(a) || !memcmp(a, &v4, sizeof v4);
}

static void straight(struct edge_media_answer *out, enum edge_because because)
{
	out->relay = false;
	out->because = because;
}

/* Where its media is, as against where its signalling comes from. */
static void decide_address(const struct edge_media_ask *ask, const struct sdp *d, const struct in6_addr *source,
			   struct edge_media_answer *out)
{
	bool same = !d->has_address || is_nowhere(&d->address) || !memcmp(source, &d->address, sizeof *source);
	if (ask->policy == EDGE_NEVER) {
		straight(out, EDGE_B_POLICY);
		out->fix = !same && (!ask->trunk || !edge_nets_has(ask->direct, &d->address));
	} else if (!edge_nets_has(ask->direct, source)) {
		out->because = EDGE_B_UNROUTABLE;
	} else if (ask->nat) {
		out->because = EDGE_B_NAT;
	} else if (same) {
		straight(out, EDGE_B_PLAIN);
	} else if (!ask->trunk) {
		out->because = is_private(&d->address) ? EDGE_B_NAT : EDGE_B_ELSEWHERE;
	} else if (!edge_nets_has(ask->direct, &d->address)) {
		out->because = EDGE_B_UNROUTABLE;
	} else {
		straight(out, EDGE_B_PLAIN);
	}
}

enum edge_encryption edge_encryption_parse(const char *word)
{
	return word && !strcmp(word, "required") ? EDGE_REQUIRED
	       : word && !strcmp(word, "never")  ? EDGE_PLAIN
						 : EDGE_OPTIONAL;
}

/* Is what it offers what it must be? What has no sound (fax) needs no key. */
static bool is_refused(const struct edge_media_ask *ask, const struct sdp *d)
{
	if (ask->web || !ask->sdp || !d->found)
		return false;
	return d->secure ? ask->encryption == EDGE_PLAIN : ask->encryption == EDGE_REQUIRED;
}

void edge_media_decide(const struct edge_media_ask *ask, struct edge_media_answer *out)
{
	struct in6_addr source;
	struct sdp d = {0};
	bool known = edge_address_parse(&source, ask->source, strlen(ask->source));
	*out = (struct edge_media_answer){.relay = true, .because = EDGE_B_POLICY};
	if (ask->sdp)
		sdp_read(&d, ask->sdp, ask->len);
	out->secure = !ask->web && !ask->sdp && ask->encryption == EDGE_REQUIRED;
	out->refuse = is_refused(ask, &d);
	out->ipv6 = ask->sdp && d.has_address ? is_v6(&d.address) : known && is_v6(&source);
	if (out->refuse) {
		out->because = EDGE_B_ENCRYPTION;
		return;
	}
	if (ask->policy == EDGE_ALWAYS)
		return;
	if (ask->web)
		out->because = EDGE_B_WEBRTC;
	else if (d.secure || d.profile || out->secure)
		out->because = EDGE_B_SRTP;
	else if (out->ipv6 || (known && is_v6(&source)))
		out->because = EDGE_B_IPV6;
	else if (!known)
		out->because = EDGE_B_NAT; /* by name: where that is, nobody has looked */
	else if (ask->sdp && !d.found)
		out->because = EDGE_B_UNREADABLE;
	else if (ask->sdp && !d.codec)
		out->because = EDGE_B_CODEC;
	else
		decide_address(ask, &d, &source, out);
}

bool edge_media_must_fix(const struct edge_media_ask *ask)
{
	struct in6_addr source;
	struct sdp d;
	if (!ask->sdp || !edge_address_parse(&source, ask->source, strlen(ask->source)))
		return false;
	sdp_read(&d, ask->sdp, ask->len);
	if (!d.has_address)
		return d.host[0] != '\0'; /* a name: mediad would not look it up, we say where it is */
	if (is_nowhere(&d.address) || !memcmp(&source, &d.address, sizeof source))
		return false;
	return !ask->trunk || !edge_nets_has(ask->direct, &d.address);
}
