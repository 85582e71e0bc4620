/* Plans and mixes of a room, on streams made by hand that send to sockets of ours. */
#include "media/thread.h"
#include "testing.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct md_thread th;

struct leg {
	struct md_stream s;
	int far;                /* the socket that it sends to */
	struct md_enc *far_enc; /* the far end's */
	struct md_dec *far_dec;
};

static void leg_make(struct leg *l, enum md_codec_id codec)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	memset(l, 0, sizeof(*l));
	l->far = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	l->s.rtp_fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(l->far, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(l->far, (struct sockaddr *)&a, &n), 0);
	l->s.remote = a;
	l->s.th = &th;
	md_media_clear(&l->s.media);
	l->s.media.codec = codec;
	for (int i = 0; i < MD_CODECS; i++)
		l->s.media.tx_pts[i] = l->s.media.rx_pts[i] = md_codecs[i].pt;
	l->s.media.dtmf_tx = l->s.media.dtmf_rx[0] = 101;
	l->s.media.send = l->s.media.recv = true;
	l->s.rx_codec = codec;
	assert_int_equal(md_enc_alloc(&l->far_enc, codec), 0);
	assert_int_equal(md_dec_alloc(&l->far_dec, codec, MD_NARROW), 0);
}

static void leg_free(struct leg *l)
{
	close(l->far);
	close(l->s.rtp_fd);
	md_jitter_free(l->s.jitter);
	md_enc_free(l->s.enc);
	md_enc_free(l->far_enc);
	md_dec_free(l->far_dec);
	md_resample_free(l->s.cross);
}

static void join(struct md_mroom *r, struct leg *l, enum md_role role, struct leg *to)
{
	struct md_msg m = {.type = MD_MSG_JOIN, .stream = &l->s, .room = r, .role = role, .other = to ? &to->s : NULL};
	md_mroom_message(r, &m);
}

static void says(struct leg *l, uint16_t seq, int16_t level)
{
	uint8_t payload[MD_PAYLOAD_MAX];
	int16_t pcm[MD_FRAME_WIDE];
	for (int i = 0; i < MD_FRAME_WIDE; i++)
		pcm[i] = level;
	struct md_rtp r = {.seq = seq, .payload = payload, .len = md_enc_frame(l->far_enc, payload, pcm)};
	if (l->s.jitter)
		md_jitter_put(l->s.jitter, &r, 0);
}

/* The level it was sent; INT32_MIN: nothing. */
static int hears(struct leg *l)
{
	uint8_t b[1500];
	int16_t pcm[MD_PCM_MAX];
	ssize_t n = recv(l->far, b, sizeof(b), 0);
	if (n <= MD_RTP_HEADER ||
	    md_dec_packet(l->far_dec, pcm, b + MD_RTP_HEADER, (size_t)n - MD_RTP_HEADER) != MD_FRAME)
		return INT32_MIN;
	return pcm[100];
}

static void assert_near(int got, int want)
{
	if (abs(got - want) > abs(want) / 20 + 20)
		fail_msg("heard %d, expected about %d", got, want);
}

static void two_of_one_codec_are_relayed_and_three_are_mixed(void **state ZJ_UNUSED)
{
	struct md_mroom r = {.th = &th};
	struct leg a, b, c;
	leg_make(&a, MD_CODEC_PCMA);
	leg_make(&b, MD_CODEC_PCMA);
	leg_make(&c, MD_CODEC_PCMU);
	join(&r, &a, MD_TALK, NULL);
	assert_int_equal(a.s.source, MD_NOTHING);
	join(&r, &b, MD_TALK, NULL);
	assert_int_equal(a.s.source, MD_RELAYED);
	assert_ptr_equal(b.s.relays[0], &a.s);
	assert_false(r.is_mixing);
	join(&r, &c, MD_TALK, NULL);
	assert_true(r.is_mixing);
	assert_ptr_equal(th.mixing, &r);
	for (uint16_t i = 0; i < 4; i++) {
		says(&a, i, 8000);
		says(&b, i, 2000);
		says(&c, i, 500);
	}
	md_mroom_tick(&r, 1);
	assert_near(hears(&a), 2500);
	assert_near(hears(&b), 8500);
	assert_near(hears(&c), 10000);
	md_mroom_remove(&r, &c.s);
	assert_int_equal(a.s.source, MD_RELAYED);
	assert_false(a.s.decode);
	assert_null(th.mixing);
	/* another codec cannot be passed on as it is */
	b.s.rx_codec = MD_CODEC_PCMU;
	md_mroom_replan(&r);
	assert_int_equal(a.s.source, MD_MIXED);
	assert_int_equal(b.s.source, MD_RELAYED);
	md_mroom_remove(&r, &a.s);
	md_mroom_remove(&r, &b.s);
	assert_null(th.mixing);
	leg_free(&a);
	leg_free(&b);
	leg_free(&c);
}

static void loud_voices_saturate(void **state ZJ_UNUSED)
{
	struct md_mroom r = {.th = &th};
	struct leg l[4];
	for (int i = 0; i < 4; i++) {
		leg_make(&l[i], MD_CODEC_PCMA);
		join(&r, &l[i], MD_TALK, NULL);
	}
	for (uint16_t seq = 0; seq < 3; seq++)
		for (int i = 0; i < 4; i++)
			says(&l[i], seq, i < 2 ? 30000 : -30000);
	md_mroom_tick(&r, 1);
	assert_near(hears(&l[0]), -30000); /* 30000 − 60000 */
	assert_near(hears(&l[2]), 30000);
	md_mroom_remove(&r, &l[3].s);
	md_mroom_tick(&r, 2);
	assert_near(hears(&l[2]), 32767); /* 60000, cut */
	for (int i = 0; i < 3; i++)
		md_mroom_remove(&r, &l[i].s);
	for (int i = 0; i < 4; i++)
		leg_free(&l[i]);
}

static void listeners_and_whisperers(void **state ZJ_UNUSED)
{
	struct md_mroom r = {.th = &th};
	struct leg agent, customer, boss;
	leg_make(&agent, MD_CODEC_PCMA);
	leg_make(&customer, MD_CODEC_PCMA);
	leg_make(&boss, MD_CODEC_PCMA);
	join(&r, &agent, MD_TALK, NULL);
	join(&r, &customer, MD_TALK, NULL);
	join(&r, &boss, MD_LISTEN, NULL);
	/* the talkers are not disturbed by who listens */
	assert_int_equal(agent.s.source, MD_RELAYED);
	assert_int_equal(customer.s.source, MD_RELAYED);
	assert_int_equal(boss.s.source, MD_MIXED);
	join(&r, &boss, MD_WHISPER, &agent);
	assert_int_equal(customer.s.source, MD_RELAYED);
	assert_int_equal(agent.s.source, MD_MIXED);
	for (uint16_t i = 0; i < 4; i++) {
		says(&agent, i, 1000);
		says(&customer, i, 4000);
		says(&boss, i, 600);
	}
	md_mroom_tick(&r, 1);
	assert_near(hears(&agent), 4600);
	assert_near(hears(&boss), 5000);
	assert_int_equal(hears(&customer), INT32_MIN); /* his come as they arrive */
	/* whom he whispers to leaves: he is heard by nobody */
	md_mroom_remove(&r, &agent.s);
	assert_null(boss.s.whisper_to);
	assert_int_equal(customer.s.source, MD_NOTHING);
	md_mroom_remove(&r, &boss.s);
	md_mroom_remove(&r, &customer.s);
	leg_free(&agent);
	leg_free(&customer);
	leg_free(&boss);
}

/* What is passed on keeps gaps and order, in numbers of our own that go on over a change of the talker. */
static void relays_renumber(void **state ZJ_UNUSED)
{
	struct leg to, one, two;
	uint8_t b[400], in[MD_RTP_HEADER + 1] = {0};
	struct md_rtp got, r = {.ssrc = 7, .payload = in + MD_RTP_HEADER, .len = 1};
	leg_make(&to, MD_CODEC_PCMA);
	leg_make(&one, MD_CODEC_PCMA);
	leg_make(&two, MD_CODEC_PCMA);
	to.s.seq = 65535;
	static const struct {
		int who;
		uint16_t in, out;
	} rows[] = {{1, 100, 65535}, {1, 101, 0}, {1, 104, 3}, {1, 103, 2}, {2, 9000, 4}, {2, 9001, 5}, {1, 105, 6}};
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(rows); i++) {
		r.seq = rows[i].in;
		r.ts = rows[i].in * 160u;
		md_stream_relay(&to.s, rows[i].who == 1 ? &one.s : &two.s, &r, false, 20000 * (int64_t)i);
		ssize_t n = recv(to.far, b, sizeof(b), 0);
		assert_int_equal(n, MD_RTP_HEADER + 1);
		assert_int_equal(md_rtp_parse(&got, b, (size_t)n), 0);
		assert_int_equal(got.seq, rows[i].out);
		assert_int_equal(got.ssrc, to.s.ssrc);
	}
	leg_free(&to);
	leg_free(&one);
	leg_free(&two);
}

int main(void)
{
	md_codec_init();
	const struct CMUnitTest tests[] = {
		TEST(two_of_one_codec_are_relayed_and_three_are_mixed),
		TEST(loud_voices_saturate),
		TEST(listeners_and_whisperers),
		TEST(relays_renumber),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
