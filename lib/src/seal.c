/* Writing sealed files (zj_seal.h). */
#include "seal_priv.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct zj_seal {
	int fd, tail;
	struct seal_head head;
	unsigned char secret[ZJ_SEAL_KEY];
	uint64_t chunks; /* written */
	size_t n, safe;  /* bytes of the next chunk; of them in the tail */
	off_t tail_at;
	unsigned char chunk[ZJ_SEAL_CHUNK], out[SEAL_SLOT];
};

static void le(uint8_t *p, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

void zj_wav_header(uint8_t h[ZJ_WAV_HEADER], unsigned channels, unsigned rate, uint32_t data_bytes)
{
	memcpy(h, "RIFF\0\0\0\0WAVEfmt \20\0\0\0\1\0", 22);
	le(h + 4, data_bytes + ZJ_WAV_HEADER - 8, 4);
	le(h + 22, channels, 2);
	le(h + 24, rate, 4);
	le(h + 28, rate * 2 * channels, 4);
	le(h + 32, 2 * channels, 2);
	le(h + 34, 16, 2);
	memcpy(h + 36, "data", 4);
	le(h + 40, data_bytes, 4);
}

void seal_nonce(unsigned char nonce[SEAL_NONCE], const struct seal_head *h, uint64_t index, bool last)
{
	memcpy(nonce, h->nonce, sizeof(h->nonce));
	le(nonce + sizeof(h->nonce), index | (uint64_t)last << 63, 8);
}

static int put(int fd, const void *data, size_t n, off_t at)
{
	const unsigned char *p = data;

	while (n) {
		ssize_t k = pwrite(fd, p, n, at);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return k ? errno : ENOSPC;
		p += k;
		n -= (size_t)k;
		at += k;
	}
	return 0;
}

int zj_seal_alloc(struct zj_seal **sp, int fd, int tail, const struct zj_seal_key *key, struct zj_seal_form form)
{
	struct zj_seal *s = sodium_init() < 0 ? NULL : calloc(1, sizeof(*s));
	int err = s ? 0 : ENOMEM;

	if (s) {
		s->fd = fd;
		s->tail = tail;
		memcpy(s->head.magic, SEAL_MAGIC, sizeof(s->head.magic));
		memcpy(s->head.key, key->id, sizeof(s->head.key));
		randombytes_buf(s->head.nonce, sizeof(s->head.nonce));
		s->head.channels = form.channels;
		le(s->head.rate, form.rate, sizeof(s->head.rate));
		memcpy(s->secret, key->secret, sizeof(s->secret));
		err = put(fd, &s->head, sizeof(s->head), 0);
	}
	if (err) {
		if (s)
			zj_seal_free(s);
		else {
			close(fd);
			close(tail);
		}
		return err;
	}
	*sp = s;
	return 0;
}

static int chunk_write(struct zj_seal *s, bool last)
{
	unsigned char nonce[SEAL_NONCE];

	seal_nonce(nonce, &s->head, s->chunks, last);
	crypto_aead_xchacha20poly1305_ietf_encrypt(s->out, NULL, s->chunk, s->n, (unsigned char *)&s->head,
						   sizeof(s->head), NULL, nonce, s->secret);
	int err = put(s->fd, s->out, s->n + SEAL_TAG, seal_at(s->chunks));
	if (err)
		return err;
	s->chunks++;
	s->n = s->safe = 0;
	s->tail_at = 0;
	return ftruncate(s->tail, 0) ? errno : 0;
}

/* What of the next chunk is not in the tail yet: a piece of its own. */
static int tail_write(struct zj_seal *s)
{
	struct seal_piece p;
	size_t n = s->n - s->safe;

	if (!n)
		return 0;
	le(p.at, s->chunks * ZJ_SEAL_CHUNK + s->safe, sizeof(p.at));
	le(p.n, n, sizeof(p.n));
	randombytes_buf(p.nonce, sizeof(p.nonce));
	struct seal_piece_ad ad = {.head = s->head};
	memcpy(ad.at, p.at, sizeof(ad.at));
	memcpy(s->out, &p, sizeof(p));
	crypto_aead_xchacha20poly1305_ietf_encrypt(s->out + sizeof(p), NULL, s->chunk + s->safe, n,
						   (unsigned char *)&ad, sizeof(ad), NULL, p.nonce, s->secret);
	int err = put(s->tail, s->out, sizeof(p) + n + SEAL_TAG, s->tail_at);
	if (err)
		return err;
	s->tail_at += (off_t)(sizeof(p) + n + SEAL_TAG);
	s->safe = s->n;
	return 0;
}

int zj_seal_write(struct zj_seal *s, const void *data, size_t n)
{
	const unsigned char *p = data;
	int err = 0;

	while (n && !err) {
		size_t k = ZJ_SEAL_CHUNK - s->n;
		if (k > n)
			k = n;
		memcpy(s->chunk + s->n, p, k);
		s->n += k;
		p += k;
		n -= k;
		if (s->n == ZJ_SEAL_CHUNK)
			err = chunk_write(s, false);
	}
	return err ? err : tail_write(s);
}

int zj_seal_close(struct zj_seal *s)
{
	return chunk_write(s, true);
}

void zj_seal_free(struct zj_seal *s)
{
	if (!s)
		return;
	close(s->fd);
	close(s->tail);
	sodium_memzero(s, sizeof(*s));
	free(s);
}
