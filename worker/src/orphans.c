/* Files of recordings that no row knows: what a crash between two steps left. They are told when they are `orphan_days`
 * old, and removed when they are twice as old: a row may wait in acd's spool for long, but not that long. Looked at are
 * the folders of a week each, so that a store of years costs no more than one of weeks. */
#include "orphans.h"
#include "db.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DAY    86400
#define WINDOW 7 /* days that a worker may have been away without missing one */

struct sweep {
	PGconn *pg;
	const char *root, *tenant;
	bool remove;
	int64_t found;
	char first[1300];
};

/* What the rows of about that day name, each as a key. NULL: it cannot be known now. */
static json_t *names_known(const struct sweep *s, const char *day)
{
	static const char sql[] =
		"select r.path, r.peaks from zj.recording r where r.tenant_id = $1::uuid and r.from_at >= "
		"$2::date::timestamptz - interval '2 days' and r.from_at < $2::date::timestamptz + interval '3 days'";
	const char *values[] = {s->tenant, day};
	PGresult *r = wk_db_run(s->pg, sql, 2, values);
	json_t *known = wk_db_ok(r) ? json_object() : NULL;

	if (!wk_db_ok(r))
		wk_db_log(r, "orphans");
	for (int i = 0; known && i < PQntuples(r); i++)
		for (int c = 0; c < 2; c++)
			json_object_set_new(known, PQgetvalue(r, i, c), json_true());
	PQclear(r);
	return known;
}

static bool is_known(const json_t *known, const char *path)
{
	size_t n = strlen(path);
	char clear[800];

	snprintf(clear, sizeof(clear), "%s", path);
	if (n > 5 && n < sizeof(clear) && strcmp(path + n - 5, ".open") == 0) /* the end of a sealed one */
		clear[n - 5] = 0;
	return json_object_get(known, clear) != NULL;
}

static void found(struct sweep *s, const char *path)
{
	char full[1300];

	snprintf(full, sizeof(full), "%s/%s", s->root, path);
	if (!s->remove) {
		if (!s->found++)
			snprintf(s->first, sizeof(s->first), "%s", full);
		zj_warn("house", "a recording's file has no row path=%s", zj_log_esc(full));
	} else if (unlink(full) && errno != ENOENT) {
		zj_warn("house", "cannot remove path=%s error=%s", zj_log_esc(full), strerror(errno));
	} else {
		zj_info("house", "removed, no row knows it path=%s", zj_log_esc(full));
	}
}

static void look_into(struct sweep *s, time_t at)
{
	char day[12], folder[20], path[800];
	struct dirent *e;
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	strftime(folder, sizeof(folder), "%Y/%m/%d", &tm);
	snprintf(path, sizeof(path), "%s/%s/%s", s->root, s->tenant, folder);
	DIR *d = opendir(path);
	json_t *known = d ? names_known(s, day) : NULL;
	while (known && (e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s/%.255s", s->tenant, folder, e->d_name);
		if (e->d_type == DT_REG && !is_known(known, path))
			found(s, path);
	}
	json_decref(known);
	if (d)
		closedir(d);
}

static void look_below(struct sweep *s, int64_t days)
{
	struct dirent *e;
	DIR *d = opendir(s->root);

	while (d && (e = readdir(d))) {
		if (!zj_uuid_is_valid(e->d_name))
			continue;
		s->tenant = e->d_name;
		for (int k = 0; k < WINDOW; k++) {
			s->remove = false;
			look_into(s, time(NULL) - (days + k) * DAY);
			s->remove = true;
			look_into(s, time(NULL) - (2 * days + k) * DAY);
		}
	}
	if (d)
		closedir(d);
}

int wk_orphans(PGconn *pg, const struct wk_conf *conf)
{
	struct sweep s = {.pg = pg, .root = conf->store};
	char text[1400];

	if (!conf->orphan_days || time(NULL) % conf->orphan_s >= conf->house_s)
		return 0;
	PGresult *r = wk_db_run(pg, "select address from zj.recording_mount where state = 'ok'", 0, NULL);
	int err = wk_db_ok(r) ? 0 : EPROTO;
	if (err)
		wk_db_log(r, "orphans");
	else
		look_below(&s, conf->orphan_days);
	for (int i = 0; i < PQntuples(r); i++) {
		s.root = PQgetvalue(r, i, 0);
		look_below(&s, conf->orphan_days);
	}
	PQclear(r);
	if (s.found) {
		snprintf(text, sizeof(text), "%lld: %s ...", (long long)s.found, s.first);
		const char *values[] = {text};
		r = wk_db_run(pg,
			      "select zj.zj_alarm(id, 'record_orphan', null, $1) from zj.tenant where kind = 'carrier'",
			      1, values);
		if (!wk_db_ok(r))
			wk_db_log(r, "alarm");
		PQclear(r);
	}
	return err;
}
