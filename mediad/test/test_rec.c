#include "media/clip.h"
#include "media/rec.h"
#include "prompt/wav.h"
#include "testing.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void the_header_says_what_it_should(void **state ZJ_UNUSED)
{
	uint8_t h[MD_WAV_HEADER];
	static const uint8_t want[] = "RIFF\x24\x7d\x00\x00WAVEfmt "
				      "\x10\x00\x00\x00\x01\x00\x02\x00\x40\x1f\x00\x00\x00\x7d\x00\x00\x04\x00\x10\x00"
				      "data\x00\x7d\x00\x00";
	md_wav_header(h, 2, 32000);
	assert_memory_equal(h, want, MD_WAV_HEADER);
}

static int16_t at(const struct md_rec *r, int64_t pos, unsigned channel)
{
	return md_rec_ring((struct md_rec *)(uintptr_t)r, channel)[(uint64_t)pos % MD_REC_RING];
}

static void packets_fall_into_their_place(void **state ZJ_UNUSED)
{
	struct md_rec *r;
	struct md_rec_track a = {0}, b = {0};
	int16_t pcm[160], loud[160];
	for (int i = 0; i < 160; i++) {
		pcm[i] = (int16_t)(100 + i);
		loud[i] = 30000;
	}
	assert_int_equal(md_rec_alloc(&r, 2, "x.wav"), 0);
	md_rec_put(r, &a, 0, 1000, pcm, 160, 40000); /* at 40 ms: samples 160 … 319 */
	assert_int_equal(at(r, 160, 0), 100);
	md_rec_put(r, &a, 0, 1320, pcm, 160, 81000); /* one is missing */
	assert_int_equal(at(r, 480, 0), 100);
	assert_int_equal(at(r, 400, 0), 0);
	md_rec_put(r, &a, 0, 1160, pcm, 160, 100000); /* it comes late */
	assert_int_equal(at(r, 320, 0), 100);
	/* two speakers on one track add up, and saturate */
	md_rec_put(r, &b, 1, 5, loud, 160, 40000);
	struct md_rec_track c = {0};
	md_rec_put(r, &c, 1, 77, loud, 160, 40000);
	assert_int_equal(at(r, 170, 1), INT16_MAX);
	/* what has been written already is left alone; so is what lies behind the end */
	atomic_store(&r->taken, 800);
	md_rec_put(r, &a, 0, 1000 + 480, pcm, 160, 100000);
	assert_int_equal(at(r, 640, 0), 0);
	md_rec_stop(r, MD_REC_STOPPED, 125000);
	md_rec_stop(r, MD_REC_DISK, 200000);
	assert_int_equal(atomic_load(&r->end), MD_REC_STOPPED);
	assert_int_equal(atomic_load(&r->stop_at), 1000);
	struct md_rec_track d = {0};
	md_rec_put(r, &d, 0, 5, pcm, 160, 135000); /* 920 … 1079 */
	assert_int_equal(at(r, 999, 0), 179);
	assert_int_equal(at(r, 1000, 0), 0);
	md_rec_free(r);
}

static void play_lists(void **state ZJ_UNUSED)
{
	struct md_clip *c = malloc(sizeof(*c) + 200 * sizeof(int16_t));
	c->samples = 200;
	for (int i = 0; i < 200; i++)
		c->pcm[i] = (int16_t)(i + 1);
	struct md_play_item items[] = {{c, 200, 0}, {NULL, 60, 1}};
	struct md_play p = {.items = items, .n = 2, .gain_q12 = 4096};
	int16_t pcm[160];
	assert_true(md_play_frame(&p, pcm, 160));
	assert_int_equal(pcm[159], 160);
	assert_false(md_play_frame(&p, pcm, 160)); /* 40 + 60 of silence, then the end */
	assert_int_equal(pcm[39], 200);
	assert_int_equal(pcm[40], 0);
	assert_int_equal(p.played, 260);
	assert_int_equal(p.item, 1);

	struct md_play loop = {.items = items, .n = 1, .loop = -1, .gain_q12 = 8192};
	md_play_seek(&loop, 190);
	for (int i = 0; i < 1000; i++)
		assert_true(md_play_frame(&loop, pcm, 160));
	md_play_seek(&loop, 190);
	assert_true(md_play_frame(&loop, pcm, 160));
	assert_int_equal(pcm[0], 382); /* 6 dB louder */
	assert_int_equal(pcm[10], 2);

	struct md_play under = {.items = items, .n = 1, .loop = -1, .gain_q12 = 4096};
	struct md_play over = {.items = items, .n = 1, .gain_q12 = 4096, .under = &under};
	assert_true(md_play_tick(&over, pcm, 160));
	assert_int_equal(pcm[99], 200); /* both, sample for sample */
	over.paused = true;
	assert_true(md_play_tick(&over, pcm, 160));
	assert_int_equal(pcm[99], 0);
	over.paused = false;
	assert_false(
		md_play_tick(&over, pcm, 160)); /* where it was: 40 left, and the end is the list's, not the music's */
	assert_int_equal(pcm[0], 161);
	assert_int_equal(over.played, 200);

	struct md_play_item none[] = {{NULL, 0, 0}};
	struct md_play empty = {.items = none, .n = 1, .loop = -1, .gain_q12 = 4096};
	assert_false(md_play_frame(&empty, pcm, 160)); /* does not spin */
	free(c);
}

static void wavs_that_lie(void **state ZJ_UNUSED)
{
	char path[] = "/tmp/zj-wav-XXXXXX", why[200];
	struct md_clip *c;
	uint8_t h[MD_WAV_HEADER];
	int fd = mkstemp(path);
	md_wav_header(h, 1, 100000);
	assert_int_equal(write(fd, h, sizeof(h)), sizeof(h));
	assert_int_equal(write(fd, h, sizeof(h)), sizeof(h));
	assert_int_equal(md_wav_load(&c, path, 8000, why, sizeof(why)), EBADMSG);
	assert_string_equal(why, "chunk 'data' says it has 100000 bytes, the file has 44 left");
	md_wav_header(h, 1, 44);
	assert_int_equal(pwrite(fd, h, sizeof(h), 0), sizeof(h));
	assert_int_equal(md_wav_load(&c, path, 8000, why, sizeof(why)), 0);
	assert_int_equal(c->samples, 22);
	free(c);
	assert_int_equal(md_wav_load(&c, path, 10, why, sizeof(why)), EFBIG);
	assert_int_equal(md_wav_load(&c, "/tmp", 10, why, sizeof(why)), EBADMSG);
	/* every byte of the header turned once: an error or audio, never a crash */
	for (size_t i = 0; i < sizeof(h); i++) {
		uint8_t bent[MD_WAV_HEADER];
		memcpy(bent, h, sizeof(h));
		bent[i] ^= 0xff;
		assert_int_equal(pwrite(fd, bent, sizeof(bent), 0), sizeof(bent));
		if (!md_wav_load(&c, path, 80000, why, sizeof(why)))
			free(c);
	}
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(the_header_says_what_it_should), TEST(packets_fall_into_their_place),
					   TEST(play_lists), TEST(wavs_that_lie)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
