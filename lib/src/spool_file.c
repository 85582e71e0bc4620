/* The spool's files: names, the place where reading goes on, counting. */
#include "spool_priv.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLACE_SIZE 51

int zj_spool_path(char *out, size_t size, const char *dir, uint64_t segment)
{
	int n = snprintf(out, size, "%s/%016" PRIx64 ".log", dir, segment);

	return n > 0 && (size_t)n < size ? 0 : ENAMETOOLONG;
}

/* Enough to tell a torn or foreign file from ours. */
static uint64_t check_of(struct zj_spool_place p)
{
	return (p.segment * 0x9e3779b97f4a7c15u) ^ ((uint64_t)p.offset + 0x5a6a) * 0xc2b2ae3d27d4eb4fu;
}

int zj_spool_place_read(int fd, struct zj_spool_place *place)
{
	char text[PLACE_SIZE + 1] = "";
	struct zj_spool_place p;
	uint64_t check;

	if (pread(fd, text, PLACE_SIZE, 0) != PLACE_SIZE ||
	    sscanf(text, "%16" SCNx64 " %16" SCNx64 " %16" SCNx64, &p.segment, (uint64_t *)&p.offset, &check) != 3 ||
	    check != check_of(p) || p.offset < 0)
		return EINVAL;
	*place = p;
	return 0;
}

int zj_spool_place_write(int fd, struct zj_spool_place p)
{
	char text[PLACE_SIZE + 1];

	snprintf(text, sizeof(text), "%016" PRIx64 " %016" PRIx64 " %016" PRIx64 "\n", p.segment, (uint64_t)p.offset,
		 check_of(p));
	return pwrite(fd, text, PLACE_SIZE, 0) == PLACE_SIZE ? 0 : EIO;
}

int zj_spool_segments(const char *dir, uint64_t *first, uint64_t *last)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool any = false;

	if (!d)
		return errno;
	while ((e = readdir(d))) {
		uint64_t n;
		int end = 0;

		if (sscanf(e->d_name, "%16" SCNx64 ".log%n", &n, &end) != 1 || end != 20 || e->d_name[20])
			continue;
		*first = any && *first < n ? *first : n;
		*last = any && *last > n ? *last : n;
		any = true;
	}
	closedir(d);
	return any ? 0 : ENOENT;
}

int zj_spool_scan(const char *path, int64_t offset, size_t *lines, int64_t *end)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	int64_t at = offset;
	char buf[65536];
	ssize_t n;

	if (fd < 0)
		return errno;
	*lines = 0;
	*end = offset;
	while ((n = pread(fd, buf, sizeof(buf), at)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] != '\n')
				continue;
			++*lines;
			*end = at + i + 1;
		}
		at += n;
	}
	if (n < 0)
		err = errno;
	close(fd);
	return err;
}
