/* A recording's file, finished (sound.h). Everything here was written by mediad: it is not a foreign file. */
#include "sound.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEAKS_MAX    1000 /* of a waveform */
#define PEAK_FRAMES  80   /* of sound at least in one */
#define FRAMES       4096
#define CHANNELS_MAX 2

/* ---- reading: a file, sealed or not, as sndfile and copies see it ---- */
struct source {
	int fd;
	struct zj_unseal *unseal;
	int64_t at, size;
};

static int source_open(struct source *s, const char *path, const struct zj_seal_key *key)
{
	struct stat st;

	*s = (struct source){.fd = -1};
	if (key) {
		int err = zj_unseal_open(&s->unseal, path, key);
		s->size = err ? 0 : zj_unseal_size(s->unseal);
		return err;
	}
	s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (s->fd < 0 || fstat(s->fd, &st))
		return errno;
	s->size = st.st_size;
	return 0;
}

static void source_close(struct source *s)
{
	zj_unseal_free(s->unseal);
	if (s->fd >= 0)
		close(s->fd);
}

static int64_t source_read(struct source *s, void *buf, size_t n)
{
	int64_t k = s->unseal ? zj_unseal_read(s->unseal, buf, n, s->at) : pread(s->fd, buf, n, s->at);

	if (k < 0)
		return s->unseal ? k : -errno;
	s->at += k;
	return k;
}

static sf_count_t v_size(void *arg)
{
	return ((struct source *)arg)->size;
}

static sf_count_t v_seek(sf_count_t to, int whence, void *arg)
{
	struct source *s = arg;

	s->at = whence == SEEK_SET ? to : whence == SEEK_CUR ? s->at + to : s->size + to;
	return s->at;
}

static sf_count_t v_read(void *buf, sf_count_t n, void *arg)
{
	int64_t k = source_read(arg, buf, (size_t)n);

	return k < 0 ? 0 : k;
}

static sf_count_t v_write(const void *buf, sf_count_t n, void *arg)
{
	(void)buf, (void)n, (void)arg;
	return 0;
}

static sf_count_t v_tell(void *arg)
{
	return ((struct source *)arg)->at;
}

/* ---- writing: sealed or not; what is written is on disk when it is closed ---- */
static int write_all(int fd, const void *buf, size_t n)
{
	const char *p = buf;

	while (n) {
		ssize_t k = write(fd, p, n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return k ? errno : ENOSPC;
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

static int copy(struct source *from, int fd, struct zj_seal *seal)
{
	static char buf[ZJ_SEAL_CHUNK];
	int64_t k;
	int err = 0;

	while (!err && (k = source_read(from, buf, sizeof(buf))) != 0)
		err = k < 0 ? (int)-k : seal ? zj_seal_write(seal, buf, (size_t)k) : write_all(fd, buf, (size_t)k);
	return err;
}

/* Everything that `from` has, into a new file. */
static int put(struct source *from, const char *path, const struct zj_seal_key *key)
{
	char tail[2100];
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640), err = fd < 0 ? errno : 0;
	int keep = err ? -1 : dup(fd); /* a seal closes its own */

	if (err)
		return err;
	if (key) {
		struct zj_seal *seal = NULL;
		snprintf(tail, sizeof(tail), "%s.open", path);
		int t = open(tail, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
		err = t < 0 ? errno : zj_seal_alloc(&seal, fd, t, key, (struct zj_seal_form){0});
		if (!err)
			err = copy(from, -1, seal);
		if (!err)
			err = zj_seal_close(seal);
		zj_seal_free(seal);
		(void)unlink(tail);
	} else {
		err = copy(from, fd, NULL);
		close(fd);
	}
	if (!err && fsync(keep))
		err = errno;
	close(keep);
	if (err)
		(void)unlink(path);
	return err;
}

/* ---- the waveform ---- */
struct peaks {
	int16_t top[CHANNELS_MAX][PEAKS_MAX];
	int64_t each; /* frames of one */
	int channels;
};

static void peaks_take(struct peaks *p, const int16_t *pcm, int64_t n, int64_t at)
{
	for (int64_t i = 0; i < n; i++)
		for (int c = 0; c < p->channels; c++) {
			int16_t v = pcm[i * p->channels + c], *top = &p->top[c][(at + i) / p->each];
			v = (int16_t)(v == INT16_MIN ? INT16_MAX : abs(v));
			if (v > *top)
				*top = v;
		}
}

static int peaks_write(const struct peaks *p, const SF_INFO *info, const struct wk_sound *s)
{
	json_t *channels = json_array(), *o;
	int64_t n = info->frames ? (info->frames - 1) / p->each + 1 : 0;

	for (int c = 0; c < p->channels; c++) {
		json_t *one = json_array();
		for (int64_t i = 0; i < n; i++)
			json_array_append_new(one, json_integer(p->top[c][i] >> 7)); /* 0 to 255 */
		json_array_append_new(channels, one);
	}
	o = json_pack("{s:I, s:o}", "ms", (json_int_t)(info->frames * 1000 / info->samplerate), "channels", channels);
	char *text = json_dumps(o, JSON_COMPACT);
	struct source from = {.fd = memfd_create("peaks", MFD_CLOEXEC)};
	int err = !text || from.fd < 0 ? ENOMEM : write_all(from.fd, text, strlen(text));

	json_decref(o);
	free(text);
	if (!err)
		err = put(&from, s->peaks, s->to_key);
	if (from.fd >= 0)
		close(from.fd);
	return err;
}

/* ---- converting ---- */
static SNDFILE *encoder(const char *format, const SF_INFO *in, int fd)
{
	bool mp3 = strcmp(format, "mp3") == 0;
	SF_INFO out = {.samplerate = in->samplerate,
		       .channels = in->channels,
		       .format = mp3 ? SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III : SF_FORMAT_OGG | SF_FORMAT_OPUS};
	SNDFILE *f = sf_open_fd(fd, SFM_WRITE, &out, SF_FALSE);
	double level = mp3 ? 0.5 : 0.94; /* about 34 kbit/s; 20 kbit/s a channel */
	int constant = SF_BITRATE_MODE_CONSTANT;

	if (f && mp3)
		sf_command(f, SFC_SET_BITRATE_MODE, &constant, sizeof(constant));
	if (f)
		sf_command(f, SFC_SET_COMPRESSION_LEVEL, &level, sizeof(level));
	return f;
}

/* As floats: libsndfile 1.2.0 garbles blocks of stereo shorts on their way to MP3. */
static bool encode(SNDFILE *out, const int16_t *pcm, int64_t n, int channels)
{
	static float f[FRAMES * CHANNELS_MAX];

	for (int64_t i = 0; i < n * channels; i++)
		f[i] = (float)pcm[i] / 32768;
	return sf_writef_float(out, f, n) == n;
}

/* One pass: the waveform, and the other format when there is one. */
static int pass(SNDFILE *in, const SF_INFO *info, SNDFILE *out, struct peaks *p)
{
	static int16_t pcm[FRAMES * CHANNELS_MAX];
	int64_t at = 0, n;

	p->channels = info->channels;
	p->each = (info->frames + PEAKS_MAX - 1) / PEAKS_MAX;
	if (p->each < PEAK_FRAMES)
		p->each = PEAK_FRAMES;
	while ((n = sf_readf_short(in, pcm, FRAMES)) > 0 && at + n <= info->frames) {
		peaks_take(p, pcm, n, at);
		if (out && !encode(out, pcm, n, info->channels))
			return ENOSPC;
		at += n;
	}
	return at == info->frames ? 0 : EIO;
}

static int convert(SNDFILE *in, const SF_INFO *info, const struct wk_sound *s, struct peaks *p)
{
	struct source made = {.fd = memfd_create("sound", MFD_CLOEXEC)}; /* never in clear on a disk */
	SNDFILE *out = made.fd < 0 ? NULL : encoder(s->format, info, made.fd);
	int err = out ? pass(in, info, out, p) : EINVAL;

	if (out && sf_close(out) && !err)
		err = EIO;
	if (!err)
		err = put(&made, s->to, s->to_key);
	if (made.fd >= 0)
		close(made.fd);
	return err;
}

int wk_sound_finish(const struct wk_sound *s)
{
	SF_VIRTUAL_IO io = {v_size, v_seek, v_read, v_write, v_tell};
	static struct peaks peaks;
	SF_INFO info = {0};
	struct source from;
	int err = source_open(&from, s->from, s->from_key);
	SNDFILE *in = err ? NULL : sf_open_virtual(&io, SFM_READ, &info, &from);

	memset(&peaks, 0, sizeof(peaks));
	if (!err && (!in || info.channels > CHANNELS_MAX || info.samplerate <= 0))
		err = EINVAL;
	if (!err && strcmp(s->format, "wav") != 0)
		err = convert(in, &info, s, &peaks);
	else if (!err)
		err = pass(in, &info, NULL, &peaks);
	if (!err && strcmp(s->format, "wav") == 0 && strcmp(s->from, s->to) != 0) {
		from.at = 0;
		err = put(&from, s->to, s->to_key);
	}
	if (!err)
		err = peaks_write(&peaks, &info, s);
	if (in)
		sf_close(in);
	source_close(&from);
	return err;
}

int wk_sound_copy(const char *from, const struct zj_seal_key *key, int fd)
{
	struct source s;
	int err = source_open(&s, from, key);

	if (!err)
		err = copy(&s, fd, NULL);
	source_close(&s);
	return err;
}

int wk_file_sum(const char *path, struct wk_sound_sum *sum)
{
	static unsigned char buf[ZJ_SEAL_CHUNK];
	unsigned char out[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state h;
	struct source s;
	int64_t n;
	int err = source_open(&s, path, NULL);

	crypto_hash_sha256_init(&h);
	sum->bytes = 0;
	while (!err && (n = source_read(&s, buf, sizeof(buf))) != 0) {
		if (n < 0) {
			err = (int)-n;
		} else {
			crypto_hash_sha256_update(&h, buf, (unsigned long long)n);
			sum->bytes += n;
		}
	}
	source_close(&s);
	crypto_hash_sha256_final(&h, out);
	sodium_bin2hex(sum->sha256, sizeof(sum->sha256), out, sizeof(out));
	return err;
}
