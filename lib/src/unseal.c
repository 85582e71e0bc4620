/* Reading sealed files, also while they are written (zj_seal.h). */
#include "seal_priv.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct zj_unseal {
	int fd;
	struct seal_head head;
	unsigned char secret[ZJ_SEAL_KEY];
	int64_t chunks; /* whole ones */
	size_t last;    /* bytes of the last chunk when the file was closed */
	bool whole;
	int64_t data;   /* bytes of all */
	int64_t cached; /* the chunk in `plain`; -1: none */
	size_t n;       /* its bytes */
	size_t tail_n;  /* bytes of `tail`: what comes after the whole chunks of an open file */
	unsigned char plain[ZJ_SEAL_CHUNK], tail[ZJ_SEAL_CHUNK], slot[SEAL_SLOT];
};

static uint64_t le(const uint8_t *p, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = bytes; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

static int head_read(const char *path, int *fdp, struct seal_head *h)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno;
	if (pread(fd, h, sizeof(*h), 0) != sizeof(*h) || memcmp(h->magic, SEAL_MAGIC, sizeof(h->magic)) != 0) {
		close(fd);
		return EINVAL;
	}
	*fdp = fd;
	return 0;
}

int zj_unseal_key_id(const char *path, char id[ZJ_UUID_SIZE])
{
	struct seal_head h;
	int fd = -1, err = head_read(path, &fd, &h);

	if (err)
		return err;
	close(fd);
	memcpy(id, h.key, ZJ_UUID_LEN);
	id[ZJ_UUID_LEN] = 0;
	return zj_uuid_is_valid(id) ? 0 : EINVAL;
}

static int chunk_open(struct zj_unseal *u, int64_t index, size_t n, bool last)
{
	unsigned char nonce[SEAL_NONCE];

	if (u->cached == index)
		return 0;
	u->cached = -1;
	if (pread(u->fd, u->slot, n + SEAL_TAG, seal_at((uint64_t)index)) != (ssize_t)(n + SEAL_TAG))
		return EIO;
	seal_nonce(nonce, &u->head, (uint64_t)index, last);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(u->plain, NULL, NULL, u->slot, n + SEAL_TAG,
						       (unsigned char *)&u->head, sizeof(u->head), nonce, u->secret))
		return EBADMSG;
	u->cached = index;
	u->n = n;
	return 0;
}

/* A piece of file.open at `at` of it: its place in the file and length, or the end of them. */
static bool piece_open(struct zj_unseal *u, int fd, off_t *at, uint64_t *from, size_t *n)
{
	struct seal_piece p;
	struct seal_piece_ad ad = {.head = u->head};

	if (pread(fd, &p, sizeof(p), *at) != sizeof(p))
		return false;
	*n = (size_t)le(p.n, sizeof(p.n));
	*from = le(p.at, sizeof(p.at));
	if (*n > ZJ_SEAL_CHUNK || pread(fd, u->slot, *n + SEAL_TAG, *at + (off_t)sizeof(p)) != (ssize_t)(*n + SEAL_TAG))
		return false;
	memcpy(ad.at, p.at, sizeof(ad.at));
	*at += (off_t)(sizeof(p) + *n + SEAL_TAG);
	return !crypto_aead_xchacha20poly1305_ietf_decrypt(u->plain, NULL, NULL, u->slot, *n + SEAL_TAG,
							   (unsigned char *)&ad, sizeof(ad), p.nonce, u->secret);
}

/* What file.open holds of the chunk that begins at *from. */
static void tail_read(struct zj_unseal *u, const char *path, uint64_t *from)
{
	char name[2100];
	uint64_t at;
	size_t n;
	off_t next = 0;

	*from = UINT64_MAX;
	if (snprintf(name, sizeof(name), "%s.open", path) >= (int)sizeof(name))
		return;
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	while (fd >= 0 && piece_open(u, fd, &next, &at, &n)) {
		if (*from == UINT64_MAX)
			*from = at;
		if (at != *from + u->tail_n || u->tail_n + n > ZJ_SEAL_CHUNK)
			break;
		memcpy(u->tail + u->tail_n, u->plain, n);
		u->tail_n += n;
	}
	if (fd >= 0)
		close(fd);
}

static int measure(struct zj_unseal *u, const char *path)
{
	struct stat st;
	uint64_t from;

	tail_read(u, path, &from); /* first: what leaves it meanwhile is in the file */
	if (fstat(u->fd, &st))
		return errno;
	int64_t body = st.st_size - (int64_t)sizeof(u->head), slot = ZJ_SEAL_CHUNK + SEAL_TAG;
	u->chunks = body / slot;
	int64_t rest = body % slot;
	u->data = u->chunks * ZJ_SEAL_CHUNK;
	if (rest >= (int64_t)SEAL_TAG &&
	    !chunk_open(u, u->chunks, (size_t)rest - SEAL_TAG, true)) { /* else it is being written */
		u->whole = true;
		u->last = (size_t)rest - SEAL_TAG;
		u->data += (int64_t)u->last;
		u->tail_n = 0;
	} else if (from == (uint64_t)u->data) {
		u->data += (int64_t)u->tail_n;
	} else {
		u->tail_n = 0;
	}
	return 0;
}

int zj_unseal_open(struct zj_unseal **up, const char *path, const struct zj_seal_key *key)
{
	struct zj_unseal *u = sodium_init() < 0 ? NULL : calloc(1, sizeof(*u));

	if (!u)
		return ENOMEM;
	u->cached = -1;
	u->fd = -1;
	memcpy(u->secret, key->secret, sizeof(u->secret));
	int err = head_read(path, &u->fd, &u->head);
	if (!err && memcmp(u->head.key, key->id, ZJ_UUID_LEN) != 0)
		err = ENOENT;
	if (!err)
		err = measure(u, path);
	if (err) {
		zj_unseal_free(u);
		return err;
	}
	*up = u;
	return 0;
}

int64_t zj_unseal_size(const struct zj_unseal *u)
{
	return u->data + (u->head.channels ? ZJ_WAV_HEADER : 0);
}

bool zj_unseal_is_whole(const struct zj_unseal *u)
{
	return u->whole;
}

/* Some bytes of the data from `at` on, at most to the end of a chunk. */
static int64_t some(struct zj_unseal *u, unsigned char *to, size_t n, int64_t at)
{
	int64_t index = at / ZJ_SEAL_CHUNK;
	size_t off = (size_t)(at % ZJ_SEAL_CHUNK);
	const unsigned char *from = u->plain;
	size_t have = ZJ_SEAL_CHUNK;
	int err = 0;

	if (index < u->chunks) {
		err = chunk_open(u, index, have, false);
	} else if (u->whole) {
		have = u->last;
		err = chunk_open(u, index, have, true);
	} else {
		from = u->tail;
		have = u->tail_n;
	}
	if (err || off >= have)
		return err ? -err : 0;
	if (n > have - off)
		n = have - off;
	memcpy(to, from + off, n);
	return (int64_t)n;
}

int64_t zj_unseal_read(struct zj_unseal *u, void *buf, size_t n, int64_t at)
{
	unsigned char *to = buf;
	size_t done = 0;
	int64_t before = u->head.channels ? ZJ_WAV_HEADER : 0;

	if (at < before && n) {
		uint8_t h[ZJ_WAV_HEADER];
		zj_wav_header(h, u->head.channels, (unsigned)le(u->head.rate, 4), (uint32_t)u->data);
		done = (size_t)(before - at) < n ? (size_t)(before - at) : n;
		memcpy(to, h + at, done);
	}
	while (done < n) {
		int64_t k = some(u, to + done, n - done, at + (int64_t)done - before);
		if (k < 0)
			return k;
		if (!k)
			break;
		done += (size_t)k;
	}
	return (int64_t)done;
}

void zj_unseal_free(struct zj_unseal *u)
{
	if (!u)
		return;
	if (u->fd >= 0)
		close(u->fd);
	sodium_memzero(u, sizeof(*u));
	free(u);
}
