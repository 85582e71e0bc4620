#include "testing.h"
#include "zj_seal.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TENANT "01900000-0000-7000-8000-000000000001"
#define OTHER  "01900000-0000-7000-8000-000000000002"
#define OLD    "old 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define NEW    "new 202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f\n"

struct world {
	char dir[32], path[64], tail[72], keys[64];
	struct zj_seal_key key;
	struct zj_seal *seal;
};

static void keys_are(struct world *w, const char *text, mode_t mode)
{
	FILE *f = fopen(w->keys, "we");

	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(w->keys, mode), 0);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	strcpy(w->dir, "/tmp/zj-seal-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof(w->path), "%s/a.wav", w->dir);
	snprintf(w->tail, sizeof(w->tail), "%s.open", w->path);
	snprintf(w->keys, sizeof(w->keys), "%s/keys", w->dir);
	zj_seal_key_make(&w->key);
	keys_are(w, OLD, 0600);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	zj_seal_free(w->seal);
	unlink(w->path);
	unlink(w->tail);
	unlink(w->keys);
	rmdir(w->dir);
	free(w);
	return 0;
}

static void begin(struct world *w, struct zj_seal_form form)
{
	int fd = open(w->path, O_RDWR | O_CREAT | O_TRUNC, 0640),
	    tail = open(w->tail, O_RDWR | O_CREAT | O_TRUNC, 0640);

	assert_int_equal(zj_seal_alloc(&w->seal, fd, tail, &w->key, form), 0);
}

static void end(struct world *w)
{
	assert_int_equal(zj_seal_close(w->seal), 0);
	zj_seal_free(w->seal);
	w->seal = NULL;
	unlink(w->tail);
}

/* Byte i of what is written. */
static uint8_t byte(size_t i)
{
	return (uint8_t)(i * 31 + i / 257);
}

static void write_some(struct world *w, size_t from, size_t n)
{
	uint8_t *p = malloc(n);

	for (size_t i = 0; i < n; i++)
		p[i] = byte(from + i);
	assert_int_equal(zj_seal_write(w->seal, p, n), 0);
	free(p);
}

static struct zj_unseal *opened(struct world *w)
{
	struct zj_unseal *u;

	assert_int_equal(zj_unseal_open(&u, w->path, &w->key), 0);
	return u;
}

static void holds(struct world *w, size_t n, bool whole)
{
	struct zj_unseal *u = opened(w);
	uint8_t *p = malloc(n + 10);

	assert_int_equal(zj_unseal_size(u), n);
	assert_int_equal(zj_unseal_read(u, p, n + 10, 0), n);
	for (size_t i = 0; i < n; i++)
		if (p[i] != byte(i))
			fail_msg("byte %zu of %zu", i, n);
	if (n > 10) {
		assert_int_equal(zj_unseal_read(u, p, 7, (int64_t)n - 7), 7);
		assert_int_equal(p[0], byte(n - 7));
	}
	assert_int_equal(zj_unseal_is_whole(u), whole);
	free(p);
	zj_unseal_free(u);
}

static void test_readable_while_written(void **state)
{
	struct world *w = *state;
	size_t n = 0;

	begin(w, (struct zj_seal_form){0});
	holds(w, 0, false);
	for (size_t step = 1; n < 3 * ZJ_SEAL_CHUNK; step = step * 7 % 40000 + 100) {
		write_some(w, n, step);
		n += step;
		holds(w, n, false);
	}
	end(w);
	holds(w, n, true);
}

static void test_whole_chunks(void **state)
{
	struct world *w = *state;

	begin(w, (struct zj_seal_form){0});
	write_some(w, 0, 2 * ZJ_SEAL_CHUNK);
	holds(w, 2 * ZJ_SEAL_CHUNK, false);
	end(w);
	holds(w, 2 * ZJ_SEAL_CHUNK, true);
	assert_int_equal(truncate(w->path, 68 + 2 * (ZJ_SEAL_CHUNK + 16)), 0);
	holds(w, 2 * ZJ_SEAL_CHUNK, false); /* cut at a chunk's end: it shows */
}

static void test_samples_are_a_wav(void **state)
{
	struct world *w = *state;
	uint8_t h[ZJ_WAV_HEADER], is[ZJ_WAV_HEADER + 4];

	begin(w, (struct zj_seal_form){2, 8000});
	write_some(w, 0, 70000);
	struct zj_unseal *u = opened(w);
	assert_int_equal(zj_unseal_size(u), 70044);
	assert_int_equal(zj_unseal_read(u, is, sizeof(is), 0), sizeof(is));
	zj_wav_header(h, 2, 8000, 70000);
	assert_memory_equal(h, is, sizeof(h));
	assert_int_equal(is[ZJ_WAV_HEADER + 3], byte(3));
	assert_int_equal(zj_unseal_read(u, is, 4, 70040), 4);
	assert_int_equal(is[0], byte(69996));
	zj_unseal_free(u);
}

/* A dead writer leaves both files; they hold all that was written. */
static void test_left_open(void **state)
{
	struct world *w = *state;

	begin(w, (struct zj_seal_form){0});
	write_some(w, 0, 100000);
	zj_seal_free(w->seal);
	w->seal = NULL;
	holds(w, 100000, false);
	int fd = open(w->tail, O_RDWR);
	assert_int_equal(ftruncate(fd, 20), 0); /* torn: what is whole is still there */
	close(fd);
	holds(w, ZJ_SEAL_CHUNK, false);
}

static void flip(const char *path, off_t at)
{
	uint8_t b;
	int fd = open(path, O_RDWR);

	assert_int_equal(pread(fd, &b, 1, at), 1);
	b ^= 1;
	assert_int_equal(pwrite(fd, &b, 1, at), 1);
	close(fd);
}

static void test_changes_show(void **state)
{
	struct world *w = *state;
	uint8_t buf[100];
	char id[ZJ_UUID_SIZE];

	begin(w, (struct zj_seal_form){0});
	write_some(w, 0, 150000);
	end(w);
	assert_int_equal(zj_unseal_key_id(w->path, id), 0);
	assert_string_equal(id, w->key.id);
	flip(w->path, 68 + 500);
	struct zj_unseal *u = opened(w);
	assert_int_equal(zj_unseal_read(u, buf, 10, 100), -EBADMSG);
	assert_int_equal(zj_unseal_read(u, buf, 10, ZJ_SEAL_CHUNK), 10); /* the others are good */
	zj_unseal_free(u);
	struct zj_seal_key other = w->key;
	other.secret[0] ^= 1;
	assert_int_equal(zj_unseal_open(&u, w->path, &other), 0);
	assert_int_equal(zj_unseal_read(u, buf, 10, ZJ_SEAL_CHUNK), -EBADMSG);
	zj_unseal_free(u);
	flip(w->path, 60); /* the head is part of every tag */
	u = opened(w);
	assert_true(zj_unseal_read(u, buf, 10, ZJ_SEAL_CHUNK) < 0);
	zj_unseal_free(u);
	flip(w->path, 0);
	assert_int_equal(zj_unseal_key_id(w->path, id), EINVAL);
}

static void test_keys(void **state)
{
	struct world *w = *state;
	struct zj_seal_key key;
	char wrapped[ZJ_SEAL_WRAPPED];

	assert_int_equal(zj_seal_wrap(w->keys, TENANT, &w->key, wrapped), 0);
	assert_int_equal(strncmp(wrapped, "old:", 4), 0);
	assert_true(zj_seal_is_newest(w->keys, wrapped));
	assert_int_equal(zj_seal_unwrap(w->keys, TENANT, w->key.id, wrapped, &key), 0);
	assert_memory_equal(key.secret, w->key.secret, sizeof(key.secret));
	assert_int_equal(zj_seal_unwrap(w->keys, OTHER, w->key.id, wrapped, &key), EBADMSG);
	keys_are(w, "# rotated\n" NEW OLD, 0600);
	assert_false(zj_seal_is_newest(w->keys, wrapped));
	assert_int_equal(zj_seal_unwrap(w->keys, TENANT, w->key.id, wrapped, &key), 0);
	assert_int_equal(zj_seal_wrap(w->keys, TENANT, &key, wrapped), 0);
	assert_int_equal(strncmp(wrapped, "new:", 4), 0);
	keys_are(w, OLD, 0600);
	assert_int_equal(zj_seal_unwrap(w->keys, TENANT, w->key.id, wrapped, &key), ENOENT);
	keys_are(w, NEW, 0644);
	assert_int_equal(zj_seal_unwrap(w->keys, TENANT, w->key.id, wrapped, &key), EACCES);
	keys_are(w, "new 20\n", 0600);
	assert_int_equal(zj_seal_unwrap(w->keys, TENANT, w->key.id, wrapped, &key), EINVAL);
	assert_int_equal(zj_seal_unwrap("", TENANT, w->key.id, wrapped, &key), EINVAL);
	assert_int_equal(zj_seal_unwrap("/nowhere/keys", TENANT, w->key.id, wrapped, &key), ENOENT);
	assert_int_equal(zj_seal_unwrap(w->keys, TENANT, w->key.id, "nonsense", &key), EINVAL);
	assert_int_equal(zj_seal_unwrap(w->keys, TENANT, "x", wrapped, &key), EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_readable_while_written, setup, teardown),
		cmocka_unit_test_setup_teardown(test_whole_chunks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_samples_are_a_wav, setup, teardown),
		cmocka_unit_test_setup_teardown(test_left_open, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changes_show, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
