/* Uploaded audio of tenants: anything that libsndfile may be made to read. */
#include "media/codec.h"
#include "prompt/loudness.h"
#include "prompt/wav.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libsndfile forgets what libvorbis had begun when a file breaks off in its head; the converter's process ends anyway.
 */
const char *__lsan_default_suppressions(void)
{
	return "leak:vorbis_info_init\nleak:libvorbis\nleak:libsndfile\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64], why[200] = "";
	struct md_clip *c = NULL;
	int fd = memfd_create("wav", 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, data, size) == (ssize_t)size) {
		int err = md_wav_load(&c, path, 10 * MD_RATE, why, sizeof(why));
		if (!err && (!c || c->samples > 10 * MD_RATE + 1))
			abort();
		double before, after;
		if (!err && !md_loudness_set(c, -23, &before, &after) && !(after >= MD_LUFS_SILENT && after < 10))
			abort();
		if (err && !why[0])
			abort(); /* a refusal has a sentence */
		free(c);
	}
	close(fd);
	return 0;
}
