/* `mediad --convert IN OUT`: what the API runs in a child process for every uploaded prompt. */
#include "media/codec.h"
#include "prompt/wav.h"
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/resource.h>

#define CONVERT_MAX_S 3600u
#define MEMORY_MAX    (1024ul * 1024 * 1024)
#define CPU_MAX_S     60

static int answer(json_t *o, int code)
{
	json_dumpf(o, stdout, JSON_COMPACT);
	fputc('\n', stdout);
	json_decref(o);
	return code;
}

int md_convert(const char *in, const char *out)
{
	char why[256];
	struct md_clip *c = NULL;
#ifndef __SANITIZE_ADDRESS__
	setrlimit(RLIMIT_AS, &(struct rlimit){MEMORY_MAX, MEMORY_MAX});
#endif
	setrlimit(RLIMIT_CPU, &(struct rlimit){CPU_MAX_S, CPU_MAX_S});
	int err = md_wav_load(&c, in, (size_t)CONVERT_MAX_S * MD_RATE, why, sizeof(why));
	if (!err)
		err = md_wav_save(c, out, why, sizeof(why));
	if (err)
		return answer(json_pack("{s:b, s:s}", "ok", 0, "error", why), 1);
	json_int_t ms = (json_int_t)c->samples * 1000 / MD_RATE;
	json_int_t bytes = (json_int_t)c->samples * 2 + 44;
	free(c);
	return answer(json_pack("{s:b, s:I, s:I, s:i, s:i}", "ok", 1, "duration_ms", ms, "bytes", bytes, "rate",
				MD_RATE, "channels", 1),
		      0);
}
