/* Inside of the spool: its files (spool_file.c) below its life (spool.c).
 *
 *   <dir>/<number>.log   segments, 16 hex digits, each a run of lines
 *   <dir>/done           where the first record not yet done begins: "<segment> <offset> <check>\n" in hex, 51 bytes,
 *                        written over in place by one pwrite()
 *   <dir>/dead/<date>.log  records that nobody could take, with the error
 */
#ifndef ZJ_SPOOL_PRIV_H
#define ZJ_SPOOL_PRIV_H
#include "zj_spool.h"
#include <stdbool.h>
#include <stdint.h>

#define ZJ_SPOOL_SEGMENT  (16 * 1024 * 1024)
#define ZJ_SPOOL_LINE_MAX (1024 * 1024)

struct zj_spool_place {
	uint64_t segment;
	int64_t offset;
};

int zj_spool_path(char *out, size_t size, const char *dir, uint64_t segment);
int zj_spool_place_read(int fd, struct zj_spool_place *place); /* EINVAL: torn or empty */
int zj_spool_place_write(int fd, struct zj_spool_place place);
/* Lowest and highest segment in the directory; ENOENT: there is none. */
int zj_spool_segments(const char *dir, uint64_t *first, uint64_t *last);
/* Counts the whole lines from `offset` on. `end` is the offset behind the last whole line: what follows it was torn. */
int zj_spool_scan(const char *path, int64_t offset, size_t *lines, int64_t *end);
#endif
