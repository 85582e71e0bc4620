#include "prompt/tts.h"
#include "prompt/child.h"
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *md_voice(const char *lang)
{
	static const char *const voices[][2] = {{"zh", "cmn"}, {"en", "en-us"}, {"ja", "ja"}, {"ko", "ko"},
						{"ru", "ru"},  {"fr", "fr"},    {"de", "de"}, {"es", "es"}};
	for (size_t i = 0; i < sizeof(voices) / sizeof(voices[0]); i++)
		if (!strcmp(lang ? lang : "zh", voices[i][0]))
			return voices[i][1];
	return NULL;
}

void md_tts_name(char out[MD_TTS_NAME], const char *voice, const char *text)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
	EVP_DigestUpdate(ctx, voice, strlen(voice) + 1);
	EVP_DigestUpdate(ctx, text, strlen(text));
	EVP_DigestFinal_ex(ctx, sum, &n);
	EVP_MD_CTX_free(ctx);
	for (unsigned i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", sum[i]);
	snprintf(out + 2 * n, MD_TTS_NAME - 2 * n, ".wav");
}

static int run(const char *voice, const char *text, const char *tmp)
{
	const char *argv[] = {"espeak-ng", "-b", "1", "-v", voice, "-s", "160", "--stdin", "-w", tmp, NULL};
	return md_child_run(argv, text, NULL, 0);
}

int md_tts_run(const char *voice, const char *text, const char *path, char *why, size_t size)
{
	int err = run(voice, text, path);
	if (err) {
		unlink(path);
		snprintf(why, size, "text to speech failed: %s", strerror(err));
	}
	return err;
}

int md_tts_speak(const char *dir, const char *name, const char *voice, const char *text, char *why, size_t size)
{
	char path[1024], tmp[1100];
	static _Atomic unsigned turn;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (access(path, R_OK) == 0)
		return 0;
	snprintf(tmp, sizeof(tmp), "%s.%d.%u.tmp", path, getpid(), turn++);
	int err = md_tts_run(voice, text, tmp, why, size);
	if (!err && rename(tmp, path)) {
		err = errno;
		unlink(tmp);
		snprintf(why, size, "text to speech failed: %s", strerror(err));
	}
	return err;
}
