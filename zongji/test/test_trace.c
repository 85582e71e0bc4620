/* HEP packets as they come from the wire, also broken ones; the ladder of a small call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/hep.h"
#include "trace/trace.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CALL "019aa0f6-1c00-7abc-8def-0123456789ab" /* 2025-11-20T10:00Z or so: its hour is what matters */

static size_t chunk(uint8_t *p, unsigned type, const void *data, size_t n)
{
	uint8_t head[6] = {0, 0, 0, (uint8_t)type, (uint8_t)((n + 6) >> 8), (uint8_t)(n + 6)};

	memcpy(p, head, 6);
	memcpy(p + 6, data, n);
	return n + 6;
}

static size_t packet(uint8_t *p, const char *sip, uint16_t src_port, uint16_t dst_port, uint32_t seconds)
{
	const uint8_t address[4] = {127, 0, 0, 1}, protocol = 1;
	uint8_t src[2] = {(uint8_t)(src_port >> 8), (uint8_t)src_port},
		dst[2] = {(uint8_t)(dst_port >> 8), (uint8_t)dst_port};
	uint8_t at[4] = {(uint8_t)(seconds >> 24), (uint8_t)(seconds >> 16), (uint8_t)(seconds >> 8), (uint8_t)seconds};
	size_t n = 6;

	memcpy(p, "HEP3", 4);
	n += chunk(p + n, 3, address, 4);
	n += chunk(p + n, 4, address, 4);
	n += chunk(p + n, 7, src, 2);
	n += chunk(p + n, 8, dst, 2);
	n += chunk(p + n, 9, at, 4);
	n += chunk(p + n, 11, &protocol, 1);
	n += chunk(p + n, 15, sip, strlen(sip));
	p[4] = (uint8_t)(n >> 8);
	p[5] = (uint8_t)n;
	return n;
}

static void a_packet_is_read(void **state)
{
	uint8_t p[2048];
	size_t n = packet(p, "OPTIONS sip:a SIP/2.0\r\n\r\n", 5060, 65535, 1700000000);
	struct hep h;

	(void)state;
	assert_int_equal(hep_parse(&h, p, n), 0);
	assert_string_equal(h.src, "127.0.0.1:5060");
	assert_string_equal(h.dst, "127.0.0.1:65535");
	assert_int_equal(h.at_us, 1700000000000000LL);
	assert_int_equal(h.payload_len, 25);
}

static void a_packet_cut_anywhere_is_refused(void **state)
{
	uint8_t p[2048], *copy;
	size_t n = packet(p, "OPTIONS sip:a SIP/2.0\r\n\r\n", 5060, 5062, 1);
	struct hep h;

	(void)state;
	for (size_t cut = 0; cut < n; cut++) {
		copy = malloc(cut ? cut : 1); /* exactly as long, so that a sanitiser sees a read behind it */
		memcpy(copy, p, cut);
		assert_int_equal(hep_parse(&h, copy, cut), EPROTO);
		if (cut >= 6) { /* the header says that this is all */
			copy[4] = (uint8_t)(cut >> 8);
			copy[5] = (uint8_t)cut;
			hep_parse(&h, copy, cut);
		}
		free(copy);
	}
	for (size_t i = 6; i < n; i++) { /* every single byte wrong */
		uint8_t q[2048];

		memcpy(q, p, n);
		q[i] ^= 0xff;
		hep_parse(&h, q, n);
	}
}

static void headers_are_found_in_both_forms(void **state)
{
	char out[64];

	(void)state;
	assert_true(trace_sip_header("BYE x SIP/2.0\r\ni :  abc@d \r\n\r\n", "Call-ID", 'i', out, sizeof(out)));
	assert_string_equal(out, "abc@d");
	assert_true(trace_sip_header("BYE x SIP/2.0\r\ncall-id:e\r\n\r\n", "Call-ID", 'i', out, sizeof(out)));
	assert_string_equal(out, "e");
	assert_false(trace_sip_header("BYE x SIP/2.0\r\n\r\nCall-ID: body\r\n", "Call-ID", 'i', out, sizeof(out)));
}

static void the_ladder_shows_the_dialogs_of_the_call_only(void **state)
{
	char folder[] = "/tmp/zj-trace-XXXXXX", path[128], name[64], *text = NULL;
	struct trace_story story = {0};
	size_t n, size;
	uint8_t p[2048];
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(folder));
	trace_file_name(name, sizeof(name), 0x019aa0f61c00LL / 1000);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	n = packet(p, "INVITE sip:b SIP/2.0\r\nCall-ID: one\r\nCSeq: 1 INVITE\r\nX-Zj-Call: " CALL "\r\n\r\nv=0\r\n",
		   5060, 5070, 10);
	fwrite(p, 1, n, f);
	fwrite("torn", 1, 4, f);
	n = packet(p, "SIP/2.0 200 OK\r\ni: one\r\nCSeq: 1 INVITE\r\n\r\n", 5070, 5060, 11);
	fwrite(p, 1, n, f);
	n = packet(p, "INVITE sip:c SIP/2.0\r\nCall-ID: two\r\nCSeq: 1 INVITE\r\n\r\n", 5060, 5071, 12);
	fwrite(p, 1, n, f);
	n = packet(p, "SIP/2.0 200 OK\r\ni: one\r\nCSeq: 1 INVITE\r\n\r\n", 5070, 5060, 11);
	fwrite(p, 1, n, f); /* the other process mirrored it too */
	fclose(f);
	assert_int_equal(trace_read_sip(&story, folder, CALL), 0);
	trace_story_sort(&story);
	assert_int_equal(story.n, 2);
	f = open_memstream(&text, &size);
	trace_ladder_print(f, &story, false);
	fclose(f);
	assert_non_null(strstr(text, "INVITE *"));
	assert_non_null(strstr(text, "200 OK INVITE"));
	assert_null(strstr(text, "5071"));
	free(text);
	trace_story_free(&story);
	unlink(path);
	rmdir(folder);
}

static void log_lines_are_told_briefly(void **state)
{
	static const char *const lines[] = {
		"2026-11-21T00:23:26.960663Z info mediad leg: incoming: from=1 call=" CALL " tenant=x leg=l",
		"2026-11-21T00:23:26.970000Z warn acd ivr: failed call=" CALL,
		" 1(10264) NOTICE: at=2026-11-21T00:23:26.957884Z <script>: call from trunk caller=1 tenant=x "
		"call=" CALL,
		" 3(9) WARNING: at=2026-11-21T00:23:26.980000Z <script>: no mediad call=" CALL,
		"another call's line",
		"something else call=" CALL,
	};
	static const char *const told[] = {
		"p         call from trunk caller=1", "p         leg: incoming: from=1 leg=l",
		"p         warn ivr: failed",         "p         WARNING no mediad",
		"p         something else",
	};
	char folder[] = "/tmp/zj-trace-XXXXXX", path[128];
	struct trace_story story = {0};
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/p.log", folder);
	f = fopen(path, "w");
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(lines); i++)
		fprintf(f, "%s\n", lines[i]);
	fclose(f);
	assert_int_equal(trace_read_logs(&story, folder, CALL), 0);
	trace_story_sort(&story);
	assert_int_equal(story.n, ZJ_ARRAY_SIZE(told));
	for (size_t i = 0; i < story.n; i++)
		assert_string_equal(story.items[i].text, told[i]);
	trace_story_free(&story);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_is_read),
		cmocka_unit_test(a_packet_cut_anywhere_is_refused),
		cmocka_unit_test(headers_are_found_in_both_forms),
		cmocka_unit_test(log_lines_are_told_briefly),
		cmocka_unit_test(the_ladder_shows_the_dialogs_of_the_call_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
