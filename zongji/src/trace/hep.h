/* HEP version 3, the packets in which Kamailio's siptrace and sofia-sip mirror SIP: "HEP3", total length, then chunks
 * of vendor, type, length and payload. Integers are big-endian. A trace file is such packets one behind the other. */
#ifndef ZONGJI_HEP_H
#define ZONGJI_HEP_H
#include <stddef.h>
#include <stdint.h>

#define HEP_PACKET_MAX   65535
#define HEP_ADDRESS_SIZE 56 /* "[v6]:port" */

struct hep {
	char src[HEP_ADDRESS_SIZE], dst[HEP_ADDRESS_SIZE];
	int64_t at_us;       /* since 1970 */
	const char *payload; /* the SIP message, inside the packet parsed */
	size_t payload_len;
};

/* Length of the packet that begins at data, 0 if none does (whole header needed: 6 bytes). */
size_t hep_length(const void *data, size_t len);
/* 0, or EPROTO: not HEP 3, cut short, chunks that overlap its end, or no SIP in it. */
int hep_parse(struct hep *h, const void *data, size_t len);
#endif
