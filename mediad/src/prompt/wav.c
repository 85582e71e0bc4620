#include "prompt/wav.h"
#include "media/codec.h"
#include "media/rec.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sndfile.h>
#include <speex/speex_resampler.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK             4096
#define CHANNELS_MAX      8
#define RATE_MIN          4000
#define RATE_MAX          192000
#define RESAMPLER_QUALITY 5

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* A RIFF file must have what its chunks promise (libsndfile would quietly play less). Sizes that mean "unknown, until
 * the end" are left to libsndfile. */
static int check_riff(int fd, char *why, size_t size)
{
	uint8_t h[12];
	struct stat st;
	if (fstat(fd, &st) || pread(fd, h, 12, 0) != 12 || memcmp(h, "RIFF", 4) || memcmp(h + 8, "WAVE", 4))
		return 0; /* another format */
	for (int64_t at = 12; pread(fd, h, 8, at) == 8;) {
		int64_t len = le32(h + 4), rest = st.st_size - at - 8;
		if (len > rest && len < 0x7fff0000) {
			snprintf(why, size, "chunk '%.4s' says it has %lld bytes, the file has %lld left", (char *)h,
				 (long long)len, (long long)rest);
			for (char *p = why; *p; p++)
				if (*p < ' ' || *p > '~')
					*p = '?';
			return EBADMSG;
		}
		if (!memcmp(h, "data", 4))
			return 0;
		at += 8 + len + (len & 1);
	}
	snprintf(why, size, "RIFF file without a data chunk");
	return EBADMSG;
}

struct sink {
	struct md_clip *clip;
	size_t room, max;
};

static int sink_put(struct sink *s, const int16_t *pcm, size_t n)
{
	size_t have = s->clip->samples;
	if (have + n > s->max)
		return EFBIG;
	if (have + n > s->room) {
		size_t room = s->room * 2 > have + n ? s->room * 2 : have + n;
		struct md_clip *c = realloc(s->clip, sizeof(*c) + room * sizeof(int16_t));
		if (!c)
			return ENOMEM;
		s->clip = c;
		s->room = room;
	}
	memcpy(s->clip->pcm + have, pcm, n * sizeof(*pcm));
	s->clip->samples += n;
	return 0;
}

/* `n` mono samples through the resampler (NULL: as they are). */
static int feed(struct sink *s, SpeexResamplerState *rs, const int16_t *pcm, size_t n)
{
	int16_t out[BLOCK];
	if (!rs)
		return sink_put(s, pcm, n);
	while (n) {
		spx_uint32_t in_n = (spx_uint32_t)n, out_n = BLOCK;
		if (speex_resampler_process_int(rs, 0, pcm, &in_n, out, &out_n))
			return EIO;
		int err = sink_put(s, out, out_n);
		if (err)
			return err;
		if (!in_n && !out_n)
			return EIO;
		pcm += in_n;
		n -= in_n;
	}
	return 0;
}

/* Floats, since libsndfile's own conversion of what lies beyond full scale wraps for some formats. */
static void downmix(int16_t *mono, const float *in, size_t frames, int channels)
{
	for (size_t i = 0; i < frames; i++) {
		float sum = 0;
		for (int c = 0; c < channels; c++)
			sum += in[i * (size_t)channels + (size_t)c];
		sum *= 32768.0f / (float)channels;
		/* also NaN, which floats of a file may be */
		mono[i] = sum >= 32767 ? 32767 : sum > -32768 ? (int16_t)lrintf(sum) : sum <= -32768 ? -32768 : 0;
	}
}

/* Did the decoder stumble? MP3 only estimates its length; a WAV's was checked by check_riff. */
static int check_whole(SNDFILE *f, const SF_INFO *info, sf_count_t read, char *why, size_t size)
{
	bool is_flac = (info->format & SF_FORMAT_TYPEMASK) == SF_FORMAT_FLAC;
	if (!sf_error(f) && !(is_flac && info->frames > 0 && read < info->frames))
		return 0;
	snprintf(why, size, "broken after %.2f seconds", (double)read / info->samplerate);
	return EBADMSG;
}

static int read_all(SNDFILE *f, const SF_INFO *info, struct sink *s, char *why, size_t size)
{
	float in[BLOCK * CHANNELS_MAX]; /* 128 kB of a worker's or the converter's stack */
	int16_t mono[BLOCK];
	SpeexResamplerState *rs = NULL;
	int err = 0;
	if (info->samplerate != MD_RATE) {
		rs = speex_resampler_init(1, (spx_uint32_t)info->samplerate, MD_RATE, RESAMPLER_QUALITY, &err);
		if (!rs)
			return ENOMEM;
		speex_resampler_skip_zeros(rs);
	}
	sf_count_t n, all = 0;
	while (!err && (n = sf_readf_float(f, in, BLOCK)) > 0) {
		all += n;
		downmix(mono, in, (size_t)n, info->channels);
		err = feed(s, rs, mono, (size_t)n);
	}
	if (!err)
		err = check_whole(f, info, all, why, size);
	if (rs) {
		/* The filter still holds its latency. */
		size_t tail = (size_t)speex_resampler_get_input_latency(rs);
		memset(mono, 0, sizeof(mono));
		if (!err && s->clip->samples)
			err = feed(s, rs, mono, tail < BLOCK ? tail : BLOCK);
		speex_resampler_destroy(rs);
	}
	return err;
}

/* What is taken of libsndfile's many formats; the rest is not worth its risk. */
static const struct {
	int type;
	const char *name;
} formats[] = {{SF_FORMAT_WAV, "wav"},   {SF_FORMAT_WAVEX, "wav"}, {SF_FORMAT_W64, "wav"},
	       {SF_FORMAT_RF64, "wav"},  {SF_FORMAT_MPEG, "mp3"},  {SF_FORMAT_OGG, "ogg"},
	       {SF_FORMAT_FLAC, "flac"}, {SF_FORMAT_AIFF, "aiff"}, {SF_FORMAT_AU, "au"}};

static const char *format_name(const SF_INFO *info)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i].type == (info->format & SF_FORMAT_TYPEMASK))
			return formats[i].name;
	return NULL;
}

static int check_info(const SF_INFO *info, char *why, size_t size)
{
	if (!format_name(info))
		snprintf(why, size, "not one of WAV, MP3, OGG, FLAC, AIFF, AU");
	else if (info->channels < 1 || info->channels > CHANNELS_MAX)
		snprintf(why, size, "%d channels; 1 to %d are taken", info->channels, CHANNELS_MAX);
	else if (info->samplerate < RATE_MIN || info->samplerate > RATE_MAX)
		snprintf(why, size, "%d samples a second; %d to %d are taken", info->samplerate, RATE_MIN, RATE_MAX);
	else
		return 0;
	return EBADMSG;
}

int md_wav_read(struct md_wav *w, int fd, size_t max, char *why, size_t size)
{
	SF_INFO info = {0};
	why[0] = 0;
	int err = check_riff(fd, why, size);
	if (err)
		return err;
	SNDFILE *f = sf_open_fd(fd, SFM_READ, &info, SF_FALSE);
	if (!f) {
		snprintf(why, size, "not an audio file: %s", sf_strerror(NULL));
		return EBADMSG;
	}
	struct sink s = {.clip = calloc(1, sizeof(struct md_clip)), .max = max};
	err = s.clip ? check_info(&info, why, size) : ENOMEM;
	if (!err)
		err = read_all(f, &info, &s, why, size);
	sf_close(f);
	if (!err && !s.clip->samples) {
		snprintf(why, size, "it has no samples");
		err = EBADMSG;
	}
	if (err == EFBIG)
		snprintf(why, size, "longer than %zu seconds", max / MD_RATE);
	else if (err && !why[0])
		snprintf(why, size, "%s", strerror(err));
	if (err) {
		free(s.clip);
		return err;
	}
	*w = (struct md_wav){s.clip, format_name(&info), info.samplerate, info.channels};
	return 0;
}

int md_wav_load(struct md_clip **cp, const char *path, size_t max_samples, char *why, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st)) {
		int err = errno;
		snprintf(why, size, "cannot be opened: %s", strerror(err));
		if (fd >= 0)
			close(fd);
		return err;
	}
	struct md_wav w;
	int err = EBADMSG;
	if (!S_ISREG(st.st_mode))
		snprintf(why, size, "not a regular file");
	else
		err = md_wav_read(&w, fd, max_samples, why, size);
	close(fd);
	if (!err)
		*cp = w.clip;
	return err;
}

static int write_all(int fd, const void *data, size_t n)
{
	const char *p = data;
	while (n) {
		ssize_t k = write(fd, p, n);
		if (k < 0 && errno != EINTR)
			return errno;
		if (k > 0) {
			p += k;
			n -= (size_t)k;
		}
	}
	return 0;
}

int md_wav_write(const struct md_clip *c, int fd)
{
	uint8_t h[MD_WAV_HEADER];
	md_wav_header(h, 1, (uint32_t)(c->samples * sizeof(int16_t)));
	int err = write_all(fd, h, sizeof(h));
	return err ? err : write_all(fd, c->pcm, c->samples * sizeof(int16_t));
}
