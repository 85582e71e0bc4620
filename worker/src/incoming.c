#include "incoming.h"
#include "worker.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *const wk_incoming_langs[] = {"en", "zh", "ja", "ko", "ru", "fr", "de", "es"};

/* What folders are called: languages, and the countries that some say instead. */
static const struct {
	const char *name;
	int lang;
} folders[] = {{"en", 0}, {"zh", 1}, {"cn", 1}, {"ja", 2}, {"jp", 2}, {"ko", 3},
	       {"kr", 3}, {"ru", 4}, {"fr", 5}, {"de", 6}, {"es", 7}};

int wk_incoming_lang(const char *name)
{
	for (size_t i = 0; name && i < ZJ_ARRAY_SIZE(folders); i++)
		if (strcmp(folders[i].name, name) == 0)
			return folders[i].lang;
	return -1;
}

/* Below `dir`, through no link: the kernel sees to it. */
static int beneath(int *fd, int dir, const char *path, int flags)
{
	struct open_how how = {.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC | O_NONBLOCK),
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
	long got = syscall(SYS_openat2, dir, path, &how, sizeof(how));
	if (got < 0)
		return errno;
	*fd = (int)got;
	return 0;
}

/* One name, that can also be a prompt's. */
static bool is_name(const char *s)
{
	size_t n = strlen(s);
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f || strchr("/<>\"\\", *p))
			return false;
	return n > 0 && n <= WK_INCOMING_NAME && s[0] != '.';
}

int wk_incoming_open(int *fd, const char *store, const char *directory, const char *team)
{
	int top = open(store, O_PATH | O_DIRECTORY | O_CLOEXEC), root = -1;
	int err = top < 0 ? errno : !is_name(directory) || (team && !is_name(team)) ? EINVAL : 0;
	if (!err)
		err = beneath(&root, top, directory, O_RDONLY | O_DIRECTORY);
	if (!err && team) {
		err = beneath(fd, root, team, O_RDONLY | O_DIRECTORY);
		close(root);
	} else if (!err) {
		*fd = root;
	}
	if (top >= 0)
		close(top);
	return err;
}

static bool is_sound(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot && (strcasecmp(dot, ".mp3") == 0 || strcasecmp(dot, ".wav") == 0);
}

static int add(struct wk_incoming *in, const char *name, int lang)
{
	for (size_t i = 0; i < in->n; i++)
		if (strcmp(in->files[i].name, name) == 0) {
			in->files[i].langs |= 1u << lang;
			return 0;
		}
	if (in->n == WK_INCOMING_FILES) {
		in->more = true;
		return 0;
	}
	struct wk_incoming_file *f = &in->files[in->n++];
	snprintf(f->name, sizeof(f->name), "%.*s", WK_INCOMING_NAME, name);
	f->langs = 1u << lang;
	f->sound = is_sound(name);
	return 0;
}

static bool is_plain(int dir, const char *name)
{
	struct stat st;
	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

static int list_folder(struct wk_incoming *in, int dir, const char *folder, int lang)
{
	int fd = -1, err = beneath(&fd, dir, folder, O_RDONLY | O_DIRECTORY);
	struct dirent *e;
	if (err)
		return err == ENOENT || err == ENOTDIR || err == ELOOP ? 0 : err;
	DIR *d = fdopendir(fd);
	if (!d) {
		close(fd);
		return errno;
	}
	for (unsigned n = 0; !err && n < 20 * WK_INCOMING_FILES && (e = readdir(d)); n++)
		if (is_name(e->d_name) && is_plain(fd, e->d_name))
			err = add(in, e->d_name, lang);
	closedir(d);
	return err;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct wk_incoming_file *)a)->name, ((const struct wk_incoming_file *)b)->name);
}

int wk_incoming_list(struct wk_incoming *in, int dir)
{
	*in = (struct wk_incoming){.files = calloc(WK_INCOMING_FILES, sizeof(*in->files))};
	int err = in->files ? 0 : ENOMEM;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(folders) && !err; i++)
		err = list_folder(in, dir, folders[i].name, folders[i].lang);
	if (!err)
		qsort(in->files, in->n, sizeof(*in->files), by_name);
	return err;
}

int wk_incoming_file(int *fd, int dir, int lang, const char *name)
{
	char path[WK_INCOMING_NAME + 10];
	struct stat st;
	int err = is_name(name) ? ENOENT : EINVAL;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(folders) && err == ENOENT; i++) {
		if (folders[i].lang != lang)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folders[i].name, name);
		err = beneath(fd, dir, path, O_RDONLY);
	}
	if (err)
		return err;
	err = fstat(*fd, &st) ? errno : !S_ISREG(st.st_mode) ? EINVAL : st.st_size > WK_INCOMING_BYTES ? EFBIG : 0;
	if (err)
		close(*fd);
	return err;
}

void wk_incoming_free(struct wk_incoming *in)
{
	free(in->files);
	*in = (struct wk_incoming){0};
}

static json_t *file_json(const struct wk_incoming_file *f)
{
	json_t *langs = json_array();
	for (int i = 0; i < WK_INCOMING_LANGS; i++)
		if (f->langs & 1u << i)
			json_array_append_new(langs, json_string(wk_incoming_langs[i]));
	return json_pack("{s:s, s:o, s:b}", "name", f->name, "languages", langs, "sound", f->sound);
}

int wk_incoming_main(void)
{
	json_t *args = wk_stdin_json(), *files = json_array();
	const char *store = wk_text(args, "store"), *directory = wk_text(args, "directory");
	struct wk_incoming in = {0};
	int dir = -1,
	    err = store && directory ? wk_incoming_open(&dir, store, directory, wk_text(args, "team")) : EINVAL;
	bool there = !err;
	if (!err)
		err = wk_incoming_list(&in, dir);
	for (size_t i = 0; i < in.n; i++) {
		json_t *o = file_json(&in.files[i]); /* NULL: its name is no UTF-8 */
		if (o)
			json_array_append_new(files, o);
	}
	json_t *o = json_pack("{s:b, s:b, s:O}", "there", there, "more", in.more, "files", files);
	json_dumpf(o, stdout, JSON_COMPACT);
	json_decref(o);
	json_decref(files);
	json_decref(args);
	wk_incoming_free(&in);
	return err && err != ENOENT && err != ENOTDIR && err != ELOOP;
}
