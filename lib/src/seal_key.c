/* Tenants' keys, wrapped by the installation's (zj_seal.h). */
#include "zj_seal.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX       16384
#define NAME_MAX_BYTES 32
#define NONCE          crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG            crypto_aead_xchacha20poly1305_ietf_ABYTES
#define BOXED          (NONCE + ZJ_SEAL_KEY + TAG)

struct master {
	char name[NAME_MAX_BYTES + 1];
	unsigned char secret[ZJ_SEAL_KEY];
};

/* The whole file; keys are for their owner (and group) only. */
static int file_read(const char *path, char *buf)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), err = 0;
	struct stat st;

	if (fd < 0)
		return errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || (st.st_mode & S_IRWXO))
		err = EACCES;
	ssize_t n = err ? 0 : read(fd, buf, FILE_MAX);
	close(fd);
	if (!err && (n < 0 || n >= FILE_MAX))
		err = n < 0 ? errno : EINVAL;
	buf[err ? 0 : n] = 0;
	return err;
}

/* The key of that name; NULL: the first. */
static int master_find(const char *path, const char *name, struct master *m)
{
	char buf[FILE_MAX + 1], hex[2 * ZJ_SEAL_KEY + 2], *line, *rest = buf;
	int err = sodium_init() < 0 ? ENOSYS : !*path ? EINVAL : file_read(path, buf);
	size_t n;

	if (!err)
		err = ENOENT;
	while (err == ENOENT && (line = strsep(&rest, "\n"))) {
		if (!*line || *line == '#')
			continue;
		if (sscanf(line, "%32s %65s", m->name, hex) != 2 || strchr(m->name, ':') ||
		    sodium_hex2bin(m->secret, sizeof(m->secret), hex, strlen(hex), NULL, &n, NULL) ||
		    n != sizeof(m->secret))
			err = EINVAL;
		else if (!name || !strcmp(name, m->name))
			err = 0;
	}
	sodium_memzero(buf, sizeof(buf));
	sodium_memzero(hex, sizeof(hex));
	return err;
}

/* Which key of which tenant it is: one tenant's wrapped key is of no use in another's row. */
static int about(char out[2 * ZJ_UUID_SIZE], const char *tenant, const char *id)
{
	return snprintf(out, 2 * ZJ_UUID_SIZE, "%.36s/%.36s", tenant, id);
}

int zj_seal_unwrap(const char *keys, const char *tenant, const char *id, const char *wrapped, struct zj_seal_key *key)
{
	const char *colon = strchr(wrapped, ':');
	char name[NAME_MAX_BYTES + 1], ad[2 * ZJ_UUID_SIZE];
	unsigned char box[BOXED];
	struct master m;
	size_t n;

	if (!colon || colon - wrapped > NAME_MAX_BYTES || !zj_uuid_is_valid(id))
		return EINVAL;
	snprintf(name, sizeof(name), "%.*s", (int)(colon - wrapped), wrapped);
	int err = master_find(keys, name, &m);
	if (!err && (sodium_base642bin(box, sizeof(box), colon + 1, strlen(colon + 1), NULL, &n, NULL,
				       sodium_base64_VARIANT_ORIGINAL) ||
		     n != sizeof(box)))
		err = EINVAL;
	if (!err && crypto_aead_xchacha20poly1305_ietf_decrypt(
			    key->secret, NULL, NULL, box + NONCE, sizeof(box) - NONCE, (unsigned char *)ad,
			    (unsigned long long)about(ad, tenant, id), box, m.secret))
		err = EBADMSG;
	if (!err)
		snprintf(key->id, sizeof(key->id), "%s", id);
	sodium_memzero(&m, sizeof(m));
	return err;
}

int zj_seal_wrap(const char *keys, const char *tenant, const struct zj_seal_key *key, char wrapped[ZJ_SEAL_WRAPPED])
{
	char ad[2 * ZJ_UUID_SIZE], text[sodium_base64_ENCODED_LEN(BOXED, sodium_base64_VARIANT_ORIGINAL)];
	unsigned char box[BOXED];
	struct master m;
	int err = master_find(keys, NULL, &m);

	if (err)
		return err;
	randombytes_buf(box, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(box + NONCE, NULL, key->secret, sizeof(key->secret),
						   (unsigned char *)ad, (unsigned long long)about(ad, tenant, key->id),
						   NULL, box, m.secret);
	sodium_bin2base64(text, sizeof(text), box, sizeof(box), sodium_base64_VARIANT_ORIGINAL);
	snprintf(wrapped, ZJ_SEAL_WRAPPED, "%s:%s", m.name, text);
	sodium_memzero(&m, sizeof(m));
	return 0;
}

bool zj_seal_is_newest(const char *keys, const char *wrapped)
{
	struct master m;
	bool newest = !master_find(keys, NULL, &m) && !strncmp(wrapped, m.name, strlen(m.name)) &&
		      wrapped[strlen(m.name)] == ':';

	sodium_memzero(&m, sizeof(m));
	return newest;
}

void zj_seal_key_make(struct zj_seal_key *key)
{
	zj_uuid7(key->id);
	if (sodium_init() >= 0)
		randombytes_buf(key->secret, sizeof(key->secret));
}

void zj_seal_key_wipe(struct zj_seal_key *key)
{
	sodium_memzero(key, sizeof(*key));
}

const char *zj_seal_why(int err)
{
	return err == ENOENT    ? "the key is not in the installation's key file"
	       : err == EACCES  ? "the key file cannot be read, or everybody could"
	       : err == EBADMSG ? "the key does not fit"
	       : err == EINVAL  ? "there is no key file, or it is none"
				: strerror(err);
}
