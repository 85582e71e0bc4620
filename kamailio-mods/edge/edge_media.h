/* Must this side's media go through the relay, and why? Decided per call side from what is in memory: its policy, its
 * transport, where its signalling comes from and what its session description says. Pure.
 *
 * What keeps strangers from pointing mediad anywhere: media goes straight only where the side's signalling comes from
 * (a phone), or to an address of the networks in `direct` that a trunk names; everything else is relayed. */
#ifndef EDGE_MEDIA_H
#define EDGE_MEDIA_H
#include "zk_text.h"
#include <netinet/in.h>

/* Why. The names are logged (`because=…`) and shown by `zongji trace`. */
#define EDGE_BECAUSE(X)                                                                                                \
	X(EDGE_B_PLAIN, "plain")           /* straight: nothing asks for a relay */                                    \
	X(EDGE_B_POLICY, "policy")         /* the trunk or extension says so */                                        \
	X(EDGE_B_WEBRTC, "webrtc")         /* a browser: DTLS, ICE */                                                  \
	X(EDGE_B_SRTP, "srtp")             /* encrypted media */                                                       \
	X(EDGE_B_IPV6, "ipv6")             /* mediad speaks IPv4 */                                                    \
	X(EDGE_B_NAT, "nat")               /* what it writes is not where it is */                                     \
	X(EDGE_B_CODEC, "codec")           /* no codec that mediad has: transcoded */                                  \
	X(EDGE_B_ELSEWHERE, "elsewhere")   /* a phone's media is not where the phone is */                             \
	X(EDGE_B_UNROUTABLE, "unroutable") /* not of the networks that mediad reaches */                               \
	X(EDGE_B_ENCRYPTION, "encryption") /* refused: it must encrypt and does not, or must not and does */           \
	X(EDGE_B_UNREADABLE, "unreadable_sdp")
#define EDGE_BECAUSE_ENUM(id, name) id,
enum edge_because { EDGE_BECAUSE(EDGE_BECAUSE_ENUM) EDGE_BECAUSES };
const char *edge_because_name(enum edge_because b);

enum edge_policy { EDGE_AUTO, EDGE_ALWAYS, EDGE_NEVER };
/* NULL, or a word that is none of the three: auto. */
enum edge_policy edge_policy_parse(const char *word);
/* SRTP with keys in the description (SDES). Optional: as the other end asks; we offer plain RTP. Browsers always
 * encrypt. */
enum edge_encryption { EDGE_OPTIONAL, EDGE_REQUIRED, EDGE_PLAIN };
enum edge_encryption edge_encryption_parse(const char *word); /* "required", "never"; else optional */

#define EDGE_NETS_MAX 32
struct edge_nets { /* networks, IPv4 ones mapped into IPv6 */
	unsigned n;
	struct {
		struct in6_addr net;
		unsigned bits;
	} net[EDGE_NETS_MAX];
};
/* "10.0.0.0/8,192.0.2.7,2001:db8::/32". False: a part that is none; `nets` is then as far as it was right. */
bool edge_nets_parse(struct edge_nets *nets, const char *text);
bool edge_nets_has(const struct edge_nets *nets, const struct in6_addr *a);
/* An IPv4 (mapped) or IPv6 address, in brackets or not. */
bool edge_address_parse(struct in6_addr *a, const char *text, size_t len);

struct edge_media_ask {
	const char *sdp; /* what the side says; NULL: nothing yet (we shall offer to it) */
	size_t len;
	const char *source; /* address its signalling comes from, or where it is called; "" or a name: not known */
	enum edge_policy policy;
	enum edge_encryption encryption;
	bool trunk, web, nat; /* nat: Via or Contact are not where the message came from */
	const struct edge_nets *direct;
};
struct edge_media_answer {
	bool relay;
	enum edge_because because;
	bool ipv6;   /* its side of the relay must be IPv6 */
	bool secure; /* what we offer to it is to be encrypted */
	bool refuse; /* what it offers is not what it must be */
	bool fix;    /* straight, but the address in its description is to be replaced by the source */
};
void edge_media_decide(const struct edge_media_ask *ask, struct edge_media_answer *out);
/* Of a side that was decided to be straight: is the address of what it says now to be replaced by the source? */
bool edge_media_must_fix(const struct edge_media_ask *ask);
#endif
