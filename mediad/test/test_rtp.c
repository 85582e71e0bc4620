#include "media/rtcp.h"
#include "media/rtp.h"
#include "testing.h"
#include <errno.h>

static void a_packet_is_read_as_written(void **state ZJ_UNUSED)
{
	uint8_t buf[172] = {0};
	struct md_rtp r;
	md_rtp_write(buf, true, 8, 0xfffe, 0x80000001, 0xdeadbeef);
	assert_int_equal(md_rtp_parse(&r, buf, sizeof(buf)), 0);
	assert_true(r.marker);
	assert_int_equal(r.pt, 8);
	assert_int_equal(r.seq, 0xfffe);
	assert_int_equal(r.ts, 0x80000001);
	assert_int_equal(r.ssrc, 0xdeadbeef);
	assert_int_equal(r.len, 160);
}

static void lengths_that_lie_are_refused(void **state ZJ_UNUSED)
{
	uint8_t b[32] = {0x80, 8};
	struct md_rtp r;
	assert_int_equal(md_rtp_parse(&r, b, 11), EBADMSG);
	b[0] = 0x40; /* version 1 */
	assert_int_equal(md_rtp_parse(&r, b, 32), EBADMSG);
	b[0] = 0x8f; /* 15 CSRCs need 72 bytes */
	assert_int_equal(md_rtp_parse(&r, b, 32), EBADMSG);
	b[0] = 0x90; /* an extension of 0xffff words */
	b[14] = b[15] = 0xff;
	assert_int_equal(md_rtp_parse(&r, b, 32), EBADMSG);
	b[0] = 0xa0; /* padding longer than the packet */
	b[31] = 200;
	assert_int_equal(md_rtp_parse(&r, b, 32), EBADMSG);
	b[31] = 0;
	assert_int_equal(md_rtp_parse(&r, b, 32), EBADMSG);
	b[31] = 4;
	assert_int_equal(md_rtp_parse(&r, b, 32), 0);
	assert_int_equal(r.len, 16);
}

static enum md_rtp_verdict packet(struct md_rtp_rx *rx, uint16_t seq, uint32_t arrival)
{
	struct md_rtp r = {.seq = seq, .ts = seq * 160u, .ssrc = 1};
	return md_rtp_rx_packet(rx, &r, arrival, 8000);
}

static void a_packet_that_others_may_wait_behind_is_not_prompt(void **state ZJ_UNUSED)
{
	struct md_rtp_rx rx = {0};
	uint16_t seq = 100;
	packet(&rx, seq, 0);
	for (uint32_t at = 160; at < 160 * 50; at += 160) {
		assert_int_equal(packet(&rx, ++seq, at + at / 160 % 4 * 8), MD_RTP_NEXT); /* we look every 4 ms */
		assert_true(md_rtp_rx_is_prompt(&rx));
	}
	/* two are there at once: the first of them was on its way for longer, the second was not */
	packet(&rx, ++seq, 160 * 51);
	assert_false(md_rtp_rx_is_prompt(&rx));
	packet(&rx, ++seq, 160 * 51);
	assert_true(md_rtp_rx_is_prompt(&rx));
	/* one that comes before its time was sent together with others */
	packet(&rx, ++seq, 160 * 51);
	assert_false(md_rtp_rx_is_prompt(&rx));
	seq--;
	/* a network that has become 30 ms slower is the rule after some seconds */
	for (uint32_t n = 52; n < 500; n++)
		packet(&rx, ++seq, 160 * n + 240);
	assert_true(md_rtp_rx_is_prompt(&rx));
	/* and faster again at once */
	packet(&rx, ++seq, 160 * 500);
	packet(&rx, ++seq, 160 * 501 + 48);
	assert_false(md_rtp_rx_is_prompt(&rx));
}

static void losses_reorderings_and_duplicates_are_counted(void **state ZJ_UNUSED)
{
	struct md_rtp_rx rx = {0};
	assert_int_equal(packet(&rx, 65533, 0), MD_RTP_NEW_SSRC);
	assert_int_equal(packet(&rx, 65534, 160), MD_RTP_NEXT);
	assert_int_equal(packet(&rx, 1, 640), MD_RTP_NEXT); /* over the wrap; 65535 and 0 are missing */
	assert_int_equal(md_rtp_rx_lost(&rx), 2);
	assert_int_equal(packet(&rx, 0, 700), MD_RTP_LATE);
	assert_int_equal(packet(&rx, 1, 700), MD_RTP_DUP);
	assert_int_equal(md_rtp_rx_lost(&rx), 1);
	assert_int_equal(rx.packets, 4);
	assert_int_equal(md_rtp_rx_fraction(&rx), 256 / 5);
	assert_int_equal(md_rtp_rx_fraction(&rx), 0);
}

static void a_new_ssrc_or_a_jump_begins_anew_and_keeps_the_losses(void **state ZJ_UNUSED)
{
	struct md_rtp_rx rx = {0};
	packet(&rx, 10, 0);
	packet(&rx, 12, 320);
	struct md_rtp other = {.seq = 50, .ts = 7, .ssrc = 2};
	assert_int_equal(md_rtp_rx_packet(&rx, &other, 480, 8000), MD_RTP_NEW_SSRC);
	assert_int_equal(md_rtp_rx_lost(&rx), 1);
	other.seq = 20000;
	assert_int_equal(md_rtp_rx_packet(&rx, &other, 640, 8000), MD_RTP_NEW_SSRC);
	assert_int_equal(md_rtp_rx_lost(&rx), 1);
	assert_int_equal(rx.packets, 4);
}

static void jitter_follows_rfc_3550(void **state ZJ_UNUSED)
{
	struct md_rtp_rx rx = {0};
	for (uint16_t i = 0; i < 200; i++)
		packet(&rx, i, i * 160u + (i % 2 ? 80 : 0)); /* 10 ms to and fro */
	assert_in_range(rx.jitter_q4 / 16, 70, 85);
}

static void reports_are_read_as_written(void **state ZJ_UNUSED)
{
	uint8_t buf[MD_RTCP_MAX];
	struct md_rtp_rx rx = {0};
	struct md_rtcp_remote r;
	packet(&rx, 1, 0);
	packet(&rx, 3, 320);
	rx.ssrc = 0x1234; /* whom the report is about */
	uint64_t t0 = 1700000000000000;
	struct md_rtcp_local l = {.ssrc = 5,
				  .sending = true,
				  .now_us = t0,
				  .last_sr = md_ntp_middle(t0 - 200000),
				  .delay_q16 = 65536 / 10,
				  .cname = "zongji"};
	size_t n = md_rtcp_write(buf, &l, &rx);
	assert_int_equal(n % 4, 0);
	assert_int_equal(md_rtcp_parse(&r, buf, n, 0x1234, t0), 0);
	assert_true(r.has_sr && r.has_report);
	assert_int_equal(r.sr_middle, md_ntp_middle(t0));
	assert_int_equal(r.lost, 1);
	assert_in_range(r.rtt_q16, 6500, 6600); /* 200 ms ago, of which 100 ms lay with the far end */
	assert_int_equal(md_rtcp_parse(&r, buf, n, 0x9999, t0), 0);
	assert_false(r.has_report);
	for (size_t k = 0; k < n; k++) /* cut anywhere: no more than an error */
		(void)md_rtcp_parse(&r, buf, k, 0x1234, t0);
	buf[3] = 0xff;
	assert_int_equal(md_rtcp_parse(&r, buf, n, 0x1234, t0), EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_packet_is_read_as_written),
		TEST(lengths_that_lie_are_refused),
		TEST(a_packet_that_others_may_wait_behind_is_not_prompt),
		TEST(losses_reorderings_and_duplicates_are_counted),
		TEST(a_new_ssrc_or_a_jump_begins_anew_and_keeps_the_losses),
		TEST(jitter_follows_rfc_3550),
		TEST(reports_are_read_as_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
