/* UDPTL (ITU-T T.38, 9): T.38's packets over UDP, each with those before it again. Pure; what comes is a stranger's. */
#ifndef MD_UDPTL_H
#define MD_UDPTL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MD_UDPTL_MAX    400 /* bytes of a datagram that we send and take (T38FaxMaxDatagram) */
#define MD_UDPTL_IFP    256 /* bytes of a packet inside */
#define MD_UDPTL_BEFORE 3   /* packets that go again with each one */

struct md_udptl_tx {
	uint16_t seq;
	unsigned n; /* of `before` that are filled */
	struct {
		uint16_t len;
		uint8_t bytes[MD_UDPTL_IFP];
	} before[MD_UDPTL_BEFORE]; /* newest first */
};
/* A datagram with this packet; its length. 0: the packet is too long. */
size_t md_udptl_write(struct md_udptl_tx *t, uint8_t out[MD_UDPTL_MAX], const uint8_t *ifp, size_t len);

/* Each packet of a datagram, oldest first, with its number. `ifp` is borrowed. False: it is no UDPTL; what was told
 * before that stands. */
typedef void(md_udptl_h)(const uint8_t *ifp, size_t len, uint16_t seq, void *arg);
bool md_udptl_read(const uint8_t *in, size_t len, md_udptl_h *h, void *arg);
#endif
