/* Logs: one line an event, `time level part sub: text key=value …`, to standard error or a file (reopened on SIGHUP).
 * The context (tenant, call, leg, request) is attached by the entry point and appended to every line below it. */
#ifndef ZJ_LOG_H
#define ZJ_LOG_H
#include "zj_obj.h"
#include <stdint.h>

enum zj_log_level { ZJ_ERROR, ZJ_WARN, ZJ_INFO, ZJ_DEBUG };

struct zj_log_ctx {
	const char *tenant, *call, *leg, *request; /* borrowed; NULL: not said */
};

int zj_log_open(const char *part, const char *path /* NULL: stderr */, enum zj_log_level level);
void zj_log_set_level(enum zj_log_level level);
int zj_log_level_parse(const char *name, enum zj_log_level *level);

/* Sets the thread's context and returns the former one; restore it when the entry point leaves. */
struct zj_log_ctx zj_log_with(struct zj_log_ctx ctx);

/* Text after the format is never the user's raw text: pass it through zj_log_esc (a static ring of buffers; cuts at
 * 200 bytes, escapes control characters, quotes and spaces). */
const char *zj_log_esc(const char *s);

void zj_log(enum zj_log_level level, const char *sub, const char *fmt, ...) ZJ_PRINTF(3, 4);
#define zj_error(sub, ...) zj_log(ZJ_ERROR, sub, __VA_ARGS__)
#define zj_warn(sub, ...)  zj_log(ZJ_WARN, sub, __VA_ARGS__)
#define zj_info(sub, ...)  zj_log(ZJ_INFO, sub, __VA_ARGS__)
#define zj_debug(sub, ...) zj_log(ZJ_DEBUG, sub, __VA_ARGS__)
#endif
