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
	ROW(orphan_days, ZJ_CONF_INT, "30", 0, 3650,
	    "a recording's file without a row is told of after so many days, and removed after twice as many; 0: "
	    "never"),
	ROW(orphan_s, ZJ_CONF_INT, "86400", 1, 864000, "seconds between looks for such files"),
	ROW(keep_days, ZJ_CONF_INT, "7", 1, 3650, "days that a finished job and its files are kept"),
	ROW(chunk_rows, ZJ_CONF_INT, "8000", 1, 50000, "rows of an import in one transaction, at most"),
	ROW(mail_s, ZJ_CONF_INT, "2", 1, 3600, "seconds between looks for e-mails to send"),
	ROW(record_s, ZJ_CONF_INT, "1", 1, 3600, "seconds between looks for recordings to finish"),
	ROW(seal_keys, ZJ_CONF_STR, "", 0, 400, "file of the installation's keys for sealed recordings; empty: none"),
	ROW(archive, ZJ_CONF_STR, "", 0, 400, "directory that recordings are moved to by plans; empty: none"),
	ROW(mediad, ZJ_CONF_STR, "build/bin/mediad", 1, 400, "program that makes prompts of files and texts"),
	ROW(prompt_lufs, ZJ_CONF_INT, "-23", -50, -5, "loudness of prompts (EBU R128), as the api's"),
	ROW(smtp_url, ZJ_CONF_STR, "", 0, 400, "smtp://host:port or smtps://host; empty: e-mails wait"),
	ROW(smtp_user, ZJ_CONF_STR, "", 0, 200, "user at the SMTP server; empty: none"),
	ROW(smtp_password, ZJ_CONF_SECRET, "", 0, 200, "and password"),
	ROW(smtp_tls, ZJ_CONF_STR, "try", 3, 4, "STARTTLS: need, try or off"),
	ROW(mail_from, ZJ_CONF_STR, "zongji@localhost", 3, 254, "sender of e-mails"),
	ROW(mail_mode, ZJ_CONF_STR, "attachment", 3, 10,
	    "voicemail by e-mail where a tenant says `system`: attachment, link or off"),
	ROW(console_url, ZJ_CONF_STR, "", 0, 400, "where the console is, for links in e-mails (https://...)"),
	ROW(transcribe_url, ZJ_CONF_STR, "", 0, 400,
	    "a service that takes a WAV as form field `file` and answers {\"text\":...}; empty: no transcripts"),
	{.key = NULL},
};
