/* zongji status, zongji calls: what acd knows now. */
#include "ask.h"
#include "zj_time.h"
#include "zongji.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 5000

static const char *text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "-";
}

static void print_value(const char *key, const json_t *value)
{
	char *s = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	printf("%-12s %s\n", key, s ? s : "?");
	free(s);
}

int cmd_status(const struct zongji_conf *conf, int argc, char **argv)
{
	bool json = argc == 2 && !strcmp(argv[1], "--json");
	json_t *status = ask(conf->acd, "zongji", "status", json_object(), PATIENCE_MS), *value;
	const char *key;

	if (!status) {
		fprintf(stderr, "zongji status: acd does not answer on %s\n", conf->acd);
		return 1;
	}
	if (json) {
		json_dumpf(status, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		json_object_foreach (status, key, value)
			print_value(key, value);
	}
	json_decref(status);
	return 0;
}

static void print_call(const json_t *call)
{
	int64_t started = zj_rfc3339_parse(text(call, "started_at"));
	int64_t seconds = started < 0 ? 0 : (zj_now_us() - started) / 1000000;

	printf("%s %-8s %-6s %5" PRId64 " s  %-16s -> %-16s\n", text(call, "id"), text(call, "direction"),
	       text(call, "where"), seconds, text(call, "caller"), text(call, "callee"));
}

int cmd_calls(const struct zongji_conf *conf, int argc ZJ_UNUSED, char **argv ZJ_UNUSED)
{
	json_t *answer = ask(conf->acd, "zongji", "calls", json_object(), PATIENCE_MS), *calls, *call;
	size_t i;

	if (!answer) {
		fprintf(stderr, "zongji calls: acd does not answer on %s\n", conf->acd);
		return 1;
	}
	calls = json_object_get(answer, "calls");
	json_array_foreach (calls, i, call)
		print_call(call);
	printf("%zu calls\n", json_array_size(calls));
	json_decref(answer);
	return 0;
}
