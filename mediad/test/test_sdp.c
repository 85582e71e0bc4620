#include "sip/cause.h"
#include "sip/sdp.h"
#include "testing.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#define HEAD "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"

static int parse(struct md_sdp *s, const char *text)
{
	return md_sdp_parse(s, text, strlen(text));
}

static void an_offer_is_understood(void **state ZJ_UNUSED)
{
	struct md_sdp s;
	struct md_media m;
	assert_int_equal(parse(&s, HEAD "m=audio 4000 RTP/AVP 18 0 8 101\r\na=rtpmap:18 G729/8000\r\na=rtpmap:101 "
					"telephone-event/8000\r\n"
					"a=rtcp:4007\r\na=sendrecv\r\n"),
			 0);
	assert_int_equal(s.n_codecs, 2);
	md_sdp_media(&s, MD_DIR_BOTH, false, &m);
	assert_int_equal(m.codec, MD_CODEC_PCMU);
	assert_int_equal(m.dtmf_tx, 101);
	assert_int_equal(ntohs(m.rtp.sin_port), 4000);
	assert_int_equal(ntohs(m.rtcp.sin_port), 4007);
	assert_true(m.send && m.recv);
	assert_false(md_sdp_is_hold(&s));
}

static void dynamic_types_names_in_any_case_and_other_lines(void **state ZJ_UNUSED)
{
	struct md_sdp s;
	char out[MD_SDP_MAX];
	assert_int_equal(
		parse(&s,
		      HEAD "m=video 5000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 4000 RTP/AVP 97 100\r\n"
			   "a=rtpmap:97 pcma/8000\r\na=rtpmap:100 telephone-event/8000\r\nm=audio 4002 RTP/AVP 0\r\n"),
		0);
	assert_int_equal(s.pts[MD_CODEC_PCMA], 97);
	struct md_sdp_local l = {.address = {htonl(INADDR_LOOPBACK)},
				 .port = 14500,
				 .id = 1,
				 .version = 1,
				 .dir = MD_DIR_BOTH,
				 .offer = &s};
	assert_true(md_sdp_write(out, sizeof(out), &l) > 0);
	/* as many lines as were offered, the others refused (RFC 3264 6) */
	assert_non_null(strstr(out, "m=video 0 RTP/AVP 96\r\nm=audio 14500 RTP/AVP 97 100\r\n"));
	assert_non_null(strstr(out, "a=rtpmap:97 PCMA/8000\r\na=rtpmap:100 telephone-event/8000\r\n"));
	assert_non_null(strstr(out, "m=audio 0 RTP/AVP 0\r\n"));
	assert_int_equal(md_sdp_write(out, 60, &l), 0);
}

static void an_offer_of_ours_is_answered_by_ourselves(void **state ZJ_UNUSED)
{
	static const enum md_codec_id ours[] = {MD_CODEC_PCMA, MD_CODEC_PCMU};
	char offer[MD_SDP_MAX], answer[MD_SDP_MAX];
	struct md_sdp s;
	struct md_sdp_local l = {.address = {htonl(INADDR_LOOPBACK)},
				 .port = 14500,
				 .id = 1,
				 .version = 1,
				 .dir = MD_DIR_BOTH,
				 .codecs = ours,
				 .n_codecs = 2};
	assert_true(md_sdp_write(offer, sizeof(offer), &l) > 0);
	assert_int_equal(parse(&s, offer), 0);
	l.offer = &s;
	assert_true(md_sdp_write(answer, sizeof(answer), &l) > 0);
	assert_int_equal(parse(&s, answer), 0);
	assert_int_equal(s.n_codecs, 1);
	assert_int_equal(s.dtmf[0], 101);
}

static void hold_in_all_its_forms(void **state ZJ_UNUSED)
{
	static const struct {
		const char *attr;
		enum md_dir answer;
		int hold, send, recv;
	} rows[] = {
		{"a=sendrecv\r\n", MD_DIR_BOTH, 0, 1, 1},     {"", MD_DIR_BOTH, 0, 1, 1},
		{"a=sendonly\r\n", MD_DIR_RECV, 1, 0, 1},     {"a=recvonly\r\n", MD_DIR_SEND, 0, 1, 0},
		{"a=inactive\r\n", MD_DIR_INACTIVE, 1, 0, 0}, {"c=IN IP4 0.0.0.0\r\n", MD_DIR_BOTH, 1, 0, 1},
	};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(rows); i++) {
		char text[512];
		struct md_sdp s;
		struct md_media m;
		snprintf(text, sizeof(text), HEAD "m=audio 4000 RTP/AVP 8\r\n%s", rows[i].attr);
		assert_int_equal(parse(&s, text), 0);
		md_sdp_media(&s, MD_DIR_BOTH, false, &m);
		assert_int_equal(md_sdp_answer_dir(&s, MD_DIR_BOTH), rows[i].answer);
		assert_int_equal(md_sdp_is_hold(&s), rows[i].hold);
		assert_int_equal(m.send, rows[i].send);
		assert_int_equal(m.recv, rows[i].recv);
	}
}

static void what_we_cannot_do_is_told_apart(void **state ZJ_UNUSED)
{
	struct md_sdp s;
	assert_int_equal(parse(&s, HEAD "m=audio 4000 RTP/AVP 18\r\na=rtpmap:18 G729/8000\r\n"), ENOTSUP);
	assert_int_equal(parse(&s, HEAD "m=audio 0 RTP/AVP 8\r\n"), ENOTSUP);
	assert_int_equal(parse(&s, HEAD "m=video 4000 RTP/AVP 96\r\n"), ENOTSUP);
	assert_int_equal(parse(&s, HEAD), ENOTSUP);
	assert_int_equal(parse(&s, "hello"), EBADMSG);
	assert_int_equal(parse(&s, ""), EBADMSG);
	char many[4096] = HEAD;
	for (int i = 0; i < 50; i++)
		strcat(many, "m=audio 4000 RTP/AVP 8\r\n");
	assert_int_equal(parse(&s, many), EBADMSG);
}

static void garbage_never_crashes(void **state ZJ_UNUSED)
{
	const char *good = HEAD "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=rtcp:5\r\n";
	struct md_sdp s;
	char text[512];
	srand(7);
	for (int i = 0; i < 20000; i++) {
		size_t n = strlen(good);
		memcpy(text, good, n + 1);
		for (int k = 0; k < 3; k++)
			text[(size_t)rand() % n] = (char)rand();
		(void)md_sdp_parse(&s, text, (size_t)rand() % (n + 1));
	}
}

static void causes(void **state ZJ_UNUSED)
{
	char out[128];
	assert_int_equal(md_cause_of_code(486), 17);
	assert_int_equal(md_cause_of_code(404), 1);
	assert_int_equal(md_cause_of_code(599), 41);
	md_reason_write(out, sizeof(out), 17, "line\r\n \"busy\"");
	assert_string_equal(out, "Q.850;cause=17;text=\"line busy\"");
	assert_int_equal(md_reason_cause(out), 17);
	assert_int_equal(md_reason_cause("SIP;cause=200;text=\"x\""), 0);
	assert_int_equal(md_reason_cause("q.850 ;cause=999"), 0);
	assert_int_equal(md_reason_cause(NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_offer_is_understood),
		TEST(dynamic_types_names_in_any_case_and_other_lines),
		TEST(an_offer_of_ours_is_answered_by_ourselves),
		TEST(hold_in_all_its_forms),
		TEST(what_we_cannot_do_is_told_apart),
		TEST(garbage_never_crashes),
		TEST(causes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
