#include "prompt/convert.h"
#include "media/codec.h"
#include "prompt/loudness.h"
#include "prompt/tts.h"
#include "prompt/wav.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zj_box.h>

#define CONVERT_MAX_S 3600u
#define MEMORY_MAX    (1024ul * 1024 * 1024)
#define CPU_MAX_S     60
#define LUFS_LEAST    (-50.0)
#define LUFS_MOST     (-5.0)

static int answer(json_t *o, int code)
{
	json_dumpf(o, stdout, JSON_COMPACT);
	fputc('\n', stdout);
	fflush(stdout);
	json_decref(o);
	return code;
}

static int refuse(const char *why)
{
	return answer(json_pack("{s:b, s:s}", "ok", 0, "error", why), 1);
}

static double two_places(double v)
{
	return (double)(long)(v * 100 + (v < 0 ? -0.5 : 0.5)) / 100;
}

/* Reads, sets the loudness, writes: in the box, since the file is a stranger's. */
static int convert(int in, int out, double lufs)
{
	char why[256];
	struct md_wav w;
	double before = 0, after = 0;
	int err = md_wav_read(&w, in, (size_t)CONVERT_MAX_S * MD_RATE, why, sizeof(why));
	if (err)
		return refuse(why);
	err = md_loudness_set(w.clip, lufs, &before, &after);
	if (!err)
		err = md_wav_write(w.clip, out);
	json_int_t samples = (json_int_t)w.clip->samples;
	free(w.clip);
	if (err)
		return refuse(strerror(err));
	return answer(json_pack("{s:b, s:I, s:I, s:s, s:i, s:i, s:f, s:f}", "ok", 1, "duration_ms",
				samples * 1000 / MD_RATE, "bytes", samples * 2 + 44, "format", w.format, "rate", w.rate,
				"channels", w.channels, "source_lufs", two_places(before), "lufs", two_places(after)),
		      0);
}

static int run(const char *in, const char *out, const char *lufs)
{
	char *end;
	double target = strtod(lufs, &end);
	if (*end || !(target >= LUFS_LEAST && target <= LUFS_MOST))
		return refuse("the loudness is -50 to -5 LUFS");
	int i = open(in, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int o = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (i < 0 || o < 0)
		return refuse("a file cannot be opened");
#ifndef __SANITIZE_ADDRESS__
	setrlimit(RLIMIT_AS, &(struct rlimit){MEMORY_MAX, MEMORY_MAX});
#endif
	setrlimit(RLIMIT_CPU, &(struct rlimit){CPU_MAX_S, CPU_MAX_S});
	if (zj_box_shut())
		return refuse("there is no box for it");
	return convert(i, o, target);
}

int md_convert(const char *in, const char *out, const char *lufs)
{
	return run(in, out, lufs);
}

int md_speak(const char *out, const char *lufs)
{
	char why[256], spoken[1024];
	json_t *o = json_loadf(stdin, 0, NULL);
	const char *text = json_string_value(json_object_get(o, "text")),
		   *voice = md_voice(json_string_value(json_object_get(o, "lang")));
	if (!text || !*text || strlen(text) > MD_TTS_TEXT_MAX || !voice)
		return refuse("a text of 1 to 4000 bytes and a language are needed");
	int n = snprintf(spoken, sizeof(spoken), "%s.spoken", out);
	if (n < 0 || (size_t)n >= sizeof(spoken))
		return refuse(strerror(ENAMETOOLONG));
	int err = md_tts_run(voice, text, spoken, why, sizeof(why));
	json_decref(o);
	if (err)
		return refuse(why);
	/* The box has no unlink: the name goes as soon as it is open. */
	int fd = open(spoken, O_RDONLY | O_CLOEXEC);
	unlink(spoken);
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return run(path, out, lufs);
}
