/* Sound at rest, sealed: XChaCha20-Poly1305 in chunks of 64 kB by a tenant's key, which itself is wrapped by a key of
 * the installation that no database knows (docs/decisions/106).
 *
 *   file     68 bytes in clear (magic, key's id, nonce, what is inside), then chunks: 65,536 bytes and a tag of 16. A
 *            chunk's nonce is the file's and the chunk's index; the last one is shorter (it may be empty) and marked.
 *   file.open  the end of a file that is being written: pieces of less than a chunk, each sealed by a nonce of its own;
 *            emptied when they have become a chunk, gone when the file is closed.
 *
 * A reader takes file.open first and then the file, so it sees every byte that was written before, whenever it looks.
 */
#ifndef ZJ_SEAL_H
#define ZJ_SEAL_H
#include "zj_obj.h"
#include "zj_time.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZJ_SEAL_KEY     32
#define ZJ_SEAL_CHUNK   65536
#define ZJ_SEAL_WRAPPED 160 /* a wrapped key as text, with its end */
#define ZJ_WAV_HEADER   44

/* The header of a WAV file of 16-bit samples with so many bytes of them. */
void zj_wav_header(uint8_t h[ZJ_WAV_HEADER], unsigned channels, unsigned rate, uint32_t data_bytes);

/* A tenant's key in use. `wrapped` is "<installation key's name>:<base64>". */
struct zj_seal_key {
	char id[ZJ_UUID_SIZE];
	unsigned char secret[ZJ_SEAL_KEY];
};
/* Opens a tenant's key with the installation's keys: lines `name 64-hex-digits` of the file `keys`, the newest first.
 * ENOENT: no such file, or no key of that name in it; EACCES: others may read the file; EBADMSG: it was not wrapped by
 * that key for that tenant; EINVAL: no key file, no key. */
int zj_seal_unwrap(const char *keys, const char *tenant, const char *id, const char *wrapped,
		   struct zj_seal_key *key) ZJ_MUST_CHECK;
/* Wraps it by the newest key. */
int zj_seal_wrap(const char *keys, const char *tenant, const struct zj_seal_key *key,
		 char wrapped[ZJ_SEAL_WRAPPED]) ZJ_MUST_CHECK;
/* A new one. */
void zj_seal_key_make(struct zj_seal_key *key);
void zj_seal_key_wipe(struct zj_seal_key *key);
/* Is `wrapped` by the newest key of the file? */
bool zj_seal_is_newest(const char *keys, const char *wrapped);
/* A sentence about what is wrong with a key, for logs and records. */
const char *zj_seal_why(int err);

/* What is inside: with channels, 16-bit samples that a reader sees as a WAV file; without, bytes as they are. */
struct zj_seal_form {
	uint8_t channels;
	uint32_t rate;
};

/* ---- writing ---- */
struct zj_seal;
/* `fd`: empty, read and write; `tail`: the same for file.open. Both are the writer's from now on (also when it fails).
 */
int zj_seal_alloc(struct zj_seal **sp, int fd, int tail, const struct zj_seal_key *key,
		  struct zj_seal_form form) ZJ_MUST_CHECK;
/* Afterwards every byte is in one of the files. */
int zj_seal_write(struct zj_seal *s, const void *data, size_t n) ZJ_MUST_CHECK;
/* The last chunk; the caller removes file.open when this was good. */
int zj_seal_close(struct zj_seal *s) ZJ_MUST_CHECK;
void zj_seal_free(struct zj_seal *s); /* NULL is fine */

/* ---- reading ---- */
struct zj_unseal;
/* The id of the key that a file needs. EINVAL: it is not sealed. */
int zj_unseal_key_id(const char *path, char id[ZJ_UUID_SIZE]) ZJ_MUST_CHECK;
int zj_unseal_open(struct zj_unseal **up, const char *path, const struct zj_seal_key *key) ZJ_MUST_CHECK;
int64_t zj_unseal_size(const struct zj_unseal *u);  /* as a reader sees it, when it was opened */
bool zj_unseal_is_whole(const struct zj_unseal *u); /* it was closed properly, nothing is missing at its end */
/* Reads up to n bytes from `at` on; a count, 0 at the end, or a negative errno (EBADMSG: it was changed). */
int64_t zj_unseal_read(struct zj_unseal *u, void *buf, size_t n, int64_t at) ZJ_MUST_CHECK;
void zj_unseal_free(struct zj_unseal *u); /* NULL is fine */
#endif
