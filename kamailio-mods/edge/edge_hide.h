/* Topology hiding: addresses behind the edge (of mediads, and of the edge before this one) stand in what leaves as
 * tokens that only the edges can read, and are addresses again in what comes back (docs/decisions/097). Stateless,
 * pure.
 *
 * Via below our own:  SIP/2.0/UDP 10.0.0.7:5060;rport;received=…;branch=b   →  SIP/2.0/UDP <token>.invalid;branch=b
 * Contact:            <sip:u@10.0.0.7:5060;x>                               →  <sip:u@edge:5060;zjm=<token>>
 * a reply's Via with received=<a trunk's line>                               →  without
 * X-Zj-*                                                                     →  nothing */
#ifndef EDGE_HIDE_H
#define EDGE_HIDE_H
#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EDGE_HIDE_GROWS 512 /* a hidden message is at most so much longer */

struct edge_hide {
	EVP_CIPHER_CTX *seal, *open; /* of the edges' secret; a process's own */
};
/* 0, or ENOMEM. */
int edge_hide_alloc(struct edge_hide *h, const char *secret) __attribute__((warn_unused_result));
void edge_hide_free(struct edge_hide *h);
/* What leaves to the outside by `door` ("HOST:PORT" and its transport), into `out` of len + EDGE_HIDE_GROWS bytes. Its
 * length; 0: there is nothing to hide. */
size_t edge_hide_out(struct edge_hide *h, const char *msg, size_t len, const char *door, char *out);
/* What came, in place: a token is longer than what it stands for. The new length. */
size_t edge_hide_in(struct edge_hide *h, char *msg, size_t len);
#endif
