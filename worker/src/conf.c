#include "worker.h"
#include <stddef.h>

#define ROW(key, type, def, min, max, help)                                                                            \
	{                                                                                                              \
#key, type, offsetof(struct wk_conf, key), def, min, max, help                                         \
	}
const struct zj_conf_row wk_conf_rows[] = {
	ROW(log, ZJ_CONF_STR, "", 0, 400, "log file; empty: standard error"),
	ROW(log_level, ZJ_CONF_STR, "info", 1, 10, "error, warn, info or debug"),
	ROW(health_port, ZJ_CONF_INT, "20096", 1, 65535, "port for /healthz and /metrics"),
	ROW(database, ZJ_CONF_SECRET, NULL, 1, 1000, "how to reach PostgreSQL (libpq conninfo), as zj_worker"),
	ROW(store, ZJ_CONF_STR, NULL, 1, 400, "directory of uploads and of the files that jobs make"),
	ROW(jobs, ZJ_CONF_INT, "4", 1, 100, "jobs at a time"),
	ROW(jobs_per_tenant, ZJ_CONF_INT, "2", 1, 100, "of them of one tenant"),
	ROW(poll_ms, ZJ_CONF_INT, "300", 50, 60000, "milliseconds between looks for new jobs"),
	ROW(dead_s, ZJ_CONF_INT, "10", 3, 3600, "seconds without a heartbeat after which a running job is taken again"),
	ROW(max_attempts, ZJ_CONF_INT, "10", 1, 900, "a job that was begun so often and not ended fails"),
	ROW(memory_mb, ZJ_CONF_INT, "512", 64, 8192, "megabytes of address space for a job's process"),
	ROW(cpu_s, ZJ_CONF_INT, "7200", 10, 864000, "seconds of processor time for a job's process"),
	ROW(file_mb, ZJ_CONF_INT, "4096", 16, 1048576, "megabytes that a file of a job may have"),
	ROW(house_s, ZJ_CONF_INT, "600", 1, 86400, "seconds between rounds of housekeeping"),
	ROW(keep_days, ZJ_CONF_INT, "7", 1, 3650, "days that a finished job and its files are kept"),
	ROW(chunk_rows, ZJ_CONF_INT, "8000", 1, 50000, "rows of an import in one transaction, at most"),
	{.key = NULL},
};
