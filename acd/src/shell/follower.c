/* Configuration: a copy in the run directory first, then PostgreSQL's rows and changes. What the copy has and
 * PostgreSQL no longer has is taken away once all rows have come. */
#include "shell/daemon.h"
#include "zj_obj.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COPY_AFTER_MS 200

struct acd_follower {
	struct acd_daemon *d;
	struct zj_follow *follow;
	void (*ready_h)(struct acd_daemon *d);
	json_t *rows, *fresh; /* table → {id: {tenant, row}}; fresh: those that PostgreSQL told, until ready */
	bool has_copy;
	uv_timer_t copy;
	char path[4200];
};

static void put(json_t *set, const char *table, const char *id, json_t *value)
{
	json_t *rows = json_object_get(set, table);

	if (!rows) {
		rows = json_object();
		json_object_set_new(set, table, rows);
	}
	json_object_set(rows, id, value);
}

struct copy_job {
	uv_work_t work;
	char *text, path[4200];
};

/* On a worker thread: a whole file beside, then in its place. */
static void copy_work_h(uv_work_t *work)
{
	struct copy_job *job = work->data;
	char beside[4300];
	FILE *f;
	bool ok;
	int fd;

	snprintf(beside, sizeof(beside), "%s.new", job->path);
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600); /* PINs are in it */
	f = fd < 0 ? NULL : fdopen(fd, "w");
	ok = f && fputs(job->text, f) >= 0 && !fflush(f) && !fdatasync(fileno(f));
	if (f)
		ok = !fclose(f) && ok;
	if (ok)
		(void)!rename(beside, job->path);
}

static void copy_done_h(uv_work_t *work, int status)
{
	struct copy_job *job = work->data;

	(void)status;
	free(job->text);
	zj_deref(job);
}

static void copy_h(uv_timer_t *t)
{
	struct acd_follower *f = t->data;
	struct copy_job *job = zj_alloc(sizeof(*job), NULL);

	if (!job)
		return;
	job->text = json_dumps(f->rows, JSON_COMPACT);
	job->work.data = job;
	snprintf(job->path, sizeof(job->path), "%s", f->path);
	if (!job->text || uv_queue_work(f->d->loop, &job->work, copy_work_h, copy_done_h)) {
		free(job->text);
		zj_deref(job);
	}
}

static void copy_later(struct acd_follower *f)
{
	if (!uv_is_active((uv_handle_t *)&f->copy))
		uv_timer_start(&f->copy, copy_h, COPY_AFTER_MS, 0);
}

static void row_h(const char *table, const char *tenant, const char *id, json_t *row, void *arg)
{
	struct acd_follower *f = arg;
	json_t *value;

	if (row) {
		value = json_pack("{s:s, s:O}", "tenant", tenant, "row", row);
		put(f->rows, table, id, value);
		if (f->fresh)
			put(f->fresh, table, id, value);
		json_decref(value);
	} else {
		json_object_del(json_object_get(f->rows, table), id);
		if (f->fresh)
			json_object_del(json_object_get(f->fresh, table), id);
	}
	acd_config_row(f->d->acd, table, tenant, id, row);
	acd_wake(f->d);
	if (!f->fresh)
		copy_later(f);
}

static void forget_deleted(struct acd_follower *f)
{
	const char *table, *id;
	json_t *rows, *value;
	void *tmp;

	json_object_foreach (f->rows, table, rows)
		json_object_foreach_safe(rows, tmp, id, value)
		{
			if (json_object_get(json_object_get(f->fresh, table), id))
				continue;
			acd_config_row(f->d->acd, table, acd_str(value, "tenant"), id, NULL);
			json_object_del(rows, id);
		}
}

static void ready_h(void *arg)
{
	struct acd_follower *f = arg;

	if (f->fresh) {
		forget_deleted(f);
		json_decref(f->fresh);
		f->fresh = NULL;
		zj_info("config", "ready tables=%zu", json_object_size(f->rows));
	}
	copy_later(f);
	f->ready_h(f->d);
}

static void load_copy(struct acd_follower *f)
{
	const struct acd_config_table *c;
	json_error_t err;
	json_t *copy = json_load_file(f->path, 0, &err), *value;
	const char *id;

	if (!copy)
		return;
	for (c = acd_config_tables; c->name; c++)
		json_object_foreach (json_object_get(copy, c->name), id, value)
			acd_config_row(f->d->acd, c->name, acd_str(value, "tenant"), id, json_object_get(value, "row"));
	json_decref(f->rows);
	f->rows = copy;
	f->has_copy = true;
	zj_info("config", "copy loaded path=%s", f->path);
}

bool acd_follower_has_copy(const struct acd_follower *f)
{
	return f->has_copy;
}

int acd_follower_alloc(struct acd_follower **fp, struct acd_daemon *d, void (*ready)(struct acd_daemon *d))
{
	struct zj_follow_table *tables;
	struct acd_follower *f = zj_alloc(sizeof(*f), NULL);
	size_t n = 0;
	int err;

	if (!f)
		return ENOMEM;
	f->d = d;
	f->ready_h = ready;
	f->rows = json_object();
	f->fresh = json_object();
	snprintf(f->path, sizeof(f->path), "%s/acd-config.json", d->conf.run);
	uv_timer_init(d->loop, &f->copy);
	f->copy.data = f;
	load_copy(f);
	while (acd_config_tables[n].name)
		n++;
	tables = zj_alloc(n * sizeof(*tables), NULL);
	for (size_t i = 0; tables && i < n; i++)
		tables[i] = (struct zj_follow_table){acd_config_tables[i].name, acd_config_tables[i].columns};
	err = tables ? zj_follow_alloc(&f->follow, d->loop, d->conf.postgres, tables, n, row_h, ready_h, f) : ENOMEM;
	zj_deref(tables);
	if (err) {
		zj_deref(f);
		return err;
	}
	*fp = f;
	return 0;
}

static void closed_h(uv_handle_t *h)
{
	struct acd_follower *f = h->data;

	json_decref(f->rows);
	json_decref(f->fresh);
	zj_deref(f);
}

void acd_follower_close(struct acd_follower *f)
{
	zj_follow_close(f->follow);
	uv_close((uv_handle_t *)&f->copy, closed_h);
}
