/* The small pure parts: permissions, forms, ranges, sound headers, cursors and the ring. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include "files/file.h"
#include "files/multipart.h"
#include "files/wav.h"
#include "live/live.h"
#include "login/session.h"
#include "perm.h"
#include <cmocka.h>
#include <errno.h>
#include <string.h>

static void test_permissions(void **state)
{
	json_t *mine = json_loads("[\"queues.read\",\"agents.*\"]", 0, NULL), *all = json_loads("[\"*\"]", 0, NULL);
	json_t *wanted = json_loads("[\"queues.read\",\"agents.write\",\"queues.write\"]", 0, NULL);
	(void)state;
	assert_true(res_perm_has(mine, "queues.read") && res_perm_has(mine, "agents.control") &&
		    res_perm_has(mine, "agents.*"));
	assert_false(res_perm_has(mine, "queues.write") || res_perm_has(mine, "queues.*") || res_perm_has(mine, "*") ||
		     res_perm_has(mine, "agents."));
	assert_false(res_perm_has(mine, "agents") || res_perm_has(mine, "agentsx.read") ||
		     res_perm_has(NULL, "queues.read"));
	assert_true(res_perm_has(all, "*") && res_perm_has(all, "anything.at.all"));
	assert_string_equal(res_perm_beyond(mine, wanted), "queues.write");
	assert_string_equal(res_perm_beyond(mine, all), "*");
	assert_null(res_perm_beyond(all, wanted));
	assert_null(res_perm_beyond(mine, NULL));
	json_decref(mine);
	json_decref(all);
	json_decref(wanted);
}

static void test_multipart(void **state)
{
	static const char body[] = "--B\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nhello\r\n"
				   "--B\r\nContent-Disposition: form-data; name=\"file\"; "
				   "filename=\"x\"\r\nContent-Type: audio/wav\r\n\r\nab\r\n--C\r\n\0z\r\n"
				   "--B\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--B--\r\n";
	struct api_part part;
	char boundary[72];
	(void)state;
	assert_true(api_multipart_boundary("multipart/form-data; boundary=\"B\"", boundary));
	assert_string_equal(boundary, "B");
	assert_true(api_multipart_boundary("Multipart/Form-Data; charset=x; Boundary=B;x", boundary));
	assert_false(api_multipart_boundary("multipart/form-data", boundary));
	assert_false(api_multipart_boundary("multipart/form-data; boundary=", boundary));
	assert_false(api_multipart_boundary("text/plain; boundary=B", boundary));
	assert_true(api_multipart_find(body, sizeof(body) - 1, "B", "name", &part));
	assert_int_equal(part.n, 5);
	assert_true(api_multipart_find(body, sizeof(body) - 1, "B", "file", &part));
	assert_int_equal(part.n, 11);
	assert_true(api_multipart_find(body, sizeof(body) - 1, "B", "empty", &part));
	assert_int_equal(part.n, 0);
	assert_false(api_multipart_find(body, sizeof(body) - 1, "B", "nobody", &part));
	for (size_t n = 0; n < sizeof(body) - 1; n++) { /* cut anywhere: no more is read than there is */
		char *copy = malloc(n ? n : 1);
		memcpy(copy, body, n);
		api_multipart_find(copy, n, "B", "file", &part);
		free(copy);
	}
}

static void test_ranges(void **state)
{
	static const struct {
		const char *header;
		int r;
		uint64_t from, to;
	} cases[] = {{"bytes=0-0", 1, 0, 0},
		     {"bytes=5-", 1, 5, 99},
		     {"bytes=-5", 1, 95, 99},
		     {"bytes=-500", 1, 0, 99},
		     {"bytes=0-1000", 1, 0, 99},
		     {"bytes=100-", -1, 0, 0},
		     {"bytes=-0", -1, 0, 0},
		     {"bytes=9-5", 0, 0, 0},
		     {"bytes=", 0, 0, 0},
		     {"bytes=a-b", 0, 0, 0},
		     {"bytes=0-1,3-4", 0, 0, 0},
		     {"lines=0-1", 0, 0, 0},
		     {NULL, 0, 0, 0},
		     {"bytes=--1", 0, 0, 0},
		     {"bytes=0", 0, 0, 0},
		     {"bytes=99999999999999999999-", -1, 0, 0}};
	(void)state;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(cases); i++) {
		struct api_range r = {0, 0};
		assert_int_equal(api_range_read(cases[i].header, 100, &r), cases[i].r);
		if (cases[i].r == 1)
			assert_true(r.from == cases[i].from && r.to == cases[i].to);
	}
	struct api_range r;
	assert_int_equal(api_range_read("bytes=0-", 0, &r), -1);
	assert_string_equal(api_mime("/a/b.js"), "text/javascript; charset=utf-8");
	assert_string_equal(api_mime("js"), "application/octet-stream");
}

static void test_wav_headers(void **state)
{
	unsigned char w[60] = "RIFF\0\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\x10\0\0\0";
	struct api_wav out;
	(void)state;
	assert_int_equal(api_wav_read(w, 60, 60, &out), 0);
	assert_true(out.rate == 8000 && out.channels == 1 && out.bits == 16 && out.data_bytes == 16 &&
		    out.duration_ms == 1);
	w[40] = 17; /* one byte more than there is */
	assert_int_equal(api_wav_read(w, 60, 60, &out), EINVAL);
	for (unsigned n = 0; n < 44; n++)
		assert_int_equal(api_wav_read(w, n, n, &out), EINVAL);
	memset(w + 16, 0xff, 4); /* a chunk that says it is 4 GB */
	assert_int_equal(api_wav_read(w, 60, 60, &out), EINVAL);
}

static void test_tokens(void **state)
{
	char token[API_TOKEN_SIZE], hash[65], tenant[ZJ_UUID_SIZE], again[65], csrf[33];
	const char *id = "018f0000-0000-7000-8000-0000000000aa";
	(void)state;
	api_token_make("zjs", id, token, hash);
	assert_int_equal(strlen(token), 68);
	assert_true(api_token_read(token, "zjs", tenant, again));
	assert_string_equal(tenant, id);
	assert_string_equal(hash, again);
	assert_false(api_token_read(token, "zjt", tenant, again));
	token[10] = '*';
	assert_false(api_token_read(token, "zjs", tenant, again));
	token[40] = 0;
	assert_false(api_token_read(token, "zjs", tenant, again));
	api_token_csrf("a", csrf);
	assert_int_equal(strlen(csrf), 32);
}

static void test_ring(void **state)
{
	struct api_ring *r;
	struct api_cursor c;
	(void)state;
	assert_true(api_cursor_read("7-42", &c) && c.epoch == 7 && c.seq == 42);
	assert_false(api_cursor_read("7", &c) || api_cursor_read("-1-2", &c) || api_cursor_read("7-", &c) ||
		     api_cursor_read("7-4x", &c) || api_cursor_read(NULL, &c));
	assert_int_equal(api_ring_alloc(&r), 0);
	api_ring_reset(r, (struct api_cursor){7, 10});
	assert_int_equal(api_ring_after(r, (struct api_cursor){7, 10}), 0); /* nothing after it, and that is known */
	assert_int_equal(api_ring_after(r, (struct api_cursor){7, 9}), -1);
	assert_int_equal(api_ring_after(r, (struct api_cursor){6, 10}), -1);
	for (int i = 0; i < API_RING + 5; i++) {
		struct api_event e = {.cursor = {7, 12 + 2 * i}, .message = json_object()};
		api_ring_put(r, &e);
	}
	assert_int_equal(api_ring_after(r, (struct api_cursor){7, 10}), -1); /* fell out */
	long at = api_ring_after(r, (struct api_cursor){7, 101});
	assert_int_equal(api_ring_at(r, at)->cursor.seq, 102);
	assert_int_equal(api_ring_after(r, (struct api_cursor){7, 1000000}), -1); /* from the future */
	assert_null(api_ring_at(r, api_ring_after(r, (struct api_cursor){7, 12 + 2 * (API_RING + 4)})));
	zj_deref(r);
	assert_int_equal(zj_objects_alive(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_permissions), cmocka_unit_test(test_multipart), cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_wav_headers), cmocka_unit_test(test_tokens),    cmocka_unit_test(test_ring),
	};
	return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
