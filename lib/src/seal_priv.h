/* The form of sealed files, known to writer and reader only. */
#ifndef SEAL_PRIV_H
#define SEAL_PRIV_H
#include "zj_seal.h"
#include <sodium.h>
#include <sys/types.h>

#define SEAL_MAGIC "ZJSEAL1\n"
#define SEAL_NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define SEAL_TAG   crypto_aead_xchacha20poly1305_ietf_ABYTES
#define SEAL_SLOT  (sizeof(struct seal_piece) + ZJ_SEAL_CHUNK + SEAL_TAG) /* the larger of a chunk and a piece */

/* In clear, and part of what every chunk's tag covers. */
struct seal_head {
	char magic[8];
	char key[ZJ_UUID_LEN];
	unsigned char nonce[16];
	uint8_t rate[4], channels, zero[3];
};
/* Before a piece of the tail: what it holds and from which byte on. */
struct seal_piece {
	uint8_t at[8], n[4];
	unsigned char nonce[SEAL_NONCE];
};
struct seal_piece_ad {
	struct seal_head head;
	uint8_t at[8];
};
_Static_assert(sizeof(struct seal_head) == 68, "as it is on disk");
_Static_assert(sizeof(struct seal_piece) == 36, "as it is on disk");

void seal_nonce(unsigned char nonce[SEAL_NONCE], const struct seal_head *h, uint64_t index, bool last);
static inline off_t seal_at(uint64_t index)
{
	return (off_t)(sizeof(struct seal_head) + index * (ZJ_SEAL_CHUNK + SEAL_TAG));
}
#endif
