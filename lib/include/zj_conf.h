/* Configuration: one table in the code names every key, its type, bounds, default and help. The file has `key = value`
 * lines and `#` comments; ZJ_<PART>_<KEY> in the environment wins over the file. An unknown key, a value out of bounds
 * or a malformed line is an error that names file, line, key and rule. */
#ifndef ZJ_CONF_H
#define ZJ_CONF_H
#include "zj_obj.h"
#include <stdbool.h>
#include <stdint.h>

enum zj_conf_type { ZJ_CONF_STR, ZJ_CONF_INT, ZJ_CONF_BOOL, ZJ_CONF_SECRET /* a string that is never printed */ };

struct zj_conf_row {
	const char *key;
	enum zj_conf_type type;
	size_t offset;    /* of a char* (STR, SECRET: an object, zj_deref it), int64_t or bool in the part's struct */
	const char *def;  /* NULL: the key must be given */
	int64_t min, max; /* INT: value; STR, SECRET: length */
	const char *help;
};
/* The last row has key NULL. */

/* Fills `conf`. Returns 0, or EINVAL with a sentence for a person in `why`. */
int zj_conf_load(const char *part, const struct zj_conf_row *rows, void *conf, const char *path, char *why,
		 size_t size) ZJ_MUST_CHECK;
void zj_conf_free(const struct zj_conf_row *rows, void *conf);
/* Writes a commented default file to stdout (`--print-config`). */
void zj_conf_print_default(const char *part, const struct zj_conf_row *rows);

/* What every daemon's main() begins with: reads --config FILE, --check, --print-config, --help, --version; loads the
 * configuration; opens the log (`log` and `log_level` keys if the table has them), ignores SIGPIPE.
 * Returns -1: go on; else exit with that code. */
int zj_daemon_start(int argc, char **argv, const char *part, const struct zj_conf_row *rows, void *conf);
#endif
