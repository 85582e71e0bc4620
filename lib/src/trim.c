#include "zj_log.h"
#include "zj_trim.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct file {
	time_t at;
	uint64_t bytes;
	char *name;
};

struct files {
	struct file *all;
	size_t n, room;
	uint64_t bytes;
};

static int older(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static int add(struct files *f, const char *name, const struct stat *st)
{
	if (f->n == f->room) {
		size_t room = f->room ? f->room * 2 : 256;
		struct file *all = realloc(f->all, room * sizeof(*all));
		if (!all)
			return ENOMEM;
		f->all = all;
		f->room = room;
	}
	f->all[f->n] = (struct file){st->st_mtime, (uint64_t)st->st_size, strdup(name)};
	if (!f->all[f->n].name)
		return ENOMEM;
	f->n++;
	f->bytes += (uint64_t)st->st_size;
	return 0;
}

static int look(struct files *f, DIR *d)
{
	struct dirent *e;
	struct stat st;
	int err = 0;

	while (!err && (e = readdir(d)))
		if (!fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode))
			err = add(f, e->d_name, &st);
	return err;
}

int zj_trim(const char *dir, uint64_t max_bytes)
{
	struct files f = {0};
	DIR *d = opendir(dir);
	size_t removed = 0;
	int err = d ? look(&f, d) : errno;

	if (f.n)
		qsort(f.all, f.n, sizeof(*f.all), older);
	for (size_t i = 0; !err && i < f.n && f.bytes > max_bytes; i++) {
		if (f.all[i].at > time(NULL) - ZJ_TRIM_YOUNG_S)
			break;
		if (unlinkat(dirfd(d), f.all[i].name, 0) && errno != ENOENT)
			err = errno;
		f.bytes -= f.all[i].bytes;
		removed++;
	}
	for (size_t i = 0; i < f.n; i++)
		free(f.all[i].name);
	free(f.all);
	if (d)
		closedir(d);
	if (removed)
		zj_info("trim", "removed files=%zu dir=%s", removed, dir);
	return err;
}

struct later {
	uv_work_t work;
	uint64_t max_bytes;
	char *dir;
};

static void work_h(uv_work_t *work)
{
	struct later *l = work->data;
	int err = zj_trim(l->dir, l->max_bytes);

	if (err)
		zj_warn("trim", "failed dir=%s error=%s", l->dir, strerror(err));
}

static void done_h(uv_work_t *work, int status ZJ_UNUSED)
{
	struct later *l = work->data;

	free(l->dir);
	free(l);
}

void zj_trim_later(uv_loop_t *loop, const char *dir, uint64_t max_bytes)
{
	struct later *l = calloc(1, sizeof(*l));

	if (l)
		*l = (struct later){.work.data = l, .max_bytes = max_bytes, .dir = strdup(dir)};
	if (l && l->dir && !uv_queue_work(loop, &l->work, work_h, done_h))
		return;
	if (l)
		free(l->dir);
	free(l);
	zj_warn("trim", "not begun dir=%s", dir);
}
