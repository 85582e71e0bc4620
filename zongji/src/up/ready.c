/* ready.json: where everything is and how to log in. It is there while the instance is up, and is written anew whenever
 * a process has changed: etc/ready.json (rendered), what the seed added (seed.json), and the processes' ids. */
#include "up/up.h"
#include "zj_log.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static json_t *load(const char *run, const char *name)
{
	char path[4096];
	json_error_t error;
	json_t *object;

	snprintf(path, sizeof(path), "%s/%s", run, name);
	if (access(path, R_OK))
		return NULL;
	object = json_load_file(path, 0, &error);
	if (!object)
		zj_warn("up", "%s is not read: line=%d %s", name, error.line, zj_log_esc(error.text));
	return object;
}

static json_t *pids(const struct up *up)
{
	json_t *list = json_object();

	json_object_set_new(list, "up", json_integer(getpid()));
	for (size_t i = 0; i < up->n; i++) {
		if (up->children[i].pid > 0)
			json_object_set_new(list, up->children[i].spec.name, json_integer(up->children[i].pid));
	}
	return list;
}

/* Written beside and moved into place, so that a reader never sees half of it. It carries passwords: for our user only.
 */
static int replace(const char *run, const json_t *ready)
{
	char path[4096], fresh[4096];
	mode_t mask = umask(077);
	int err = 0;

	snprintf(path, sizeof(path), "%s/ready.json", run);
	snprintf(fresh, sizeof(fresh), "%s/ready.json.new", run);
	if (json_dump_file(ready, fresh, JSON_INDENT(2)) || rename(fresh, path))
		err = errno ? errno : EIO;
	umask(mask);
	return err;
}

void up_ready_write(struct up *up)
{
	json_t *ready = load(up->run, "etc/ready.json"), *seed = load(up->run, "seed.json");
	int err;

	if (!ready)
		ready = json_object();
	if (seed)
		json_object_update(ready, seed);
	json_object_set_new(ready, "pids", pids(up));
	err = replace(up->run, ready);
	if (err)
		zj_error("up", "ready.json not written: %s", strerror(err));
	json_decref(seed);
	json_decref(ready);
}

void up_ready_remove(const struct up *up)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/ready.json", up->run);
	unlink(path);
}
