#include "rights/directory.h"
#include "rights/directory_priv.h"
#include "zj_log.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static const struct zj_follow_table tables[API_D_KINDS] = {
#define X(kind, table, columns) [API_D_##kind] = {table, columns},
	API_DIRECTORY_TABLES(X)
#undef X
};

#define WAIT_MS 500
struct api_directory_waiter {
	uv_timer_t timer;
	struct api_directory *d;
	char key[48];
	api_directory_wait_h *h;
	void *arg;
	struct api_directory_waiter *prev, *next;
};

static void manages(struct api_directory *d, struct api_directory_entry *e)
{
	struct api_directory_manager *m = api_directory_manager_find(d, e->link.agent);
	if (!m && (m = calloc(1, sizeof(*m)))) {
		strcpy(m->agent, e->link.agent);
		HASH_ADD_STR(d->managers, agent, m);
	}
	if (m)
		DL_APPEND(m->queues, e);
}

static bool has_host(const struct api_directory_entry *e)
{
	return e->kind == API_D_SETTING && (e->setting.user_login_host[0] || e->setting.agent_login_host[0]);
}

static void manages_no_more(struct api_directory *d, struct api_directory_entry *e)
{
	struct api_directory_manager *m = api_directory_manager_find(d, e->link.agent);
	if (!m)
		return;
	DL_DELETE(m->queues, e);
	if (m->queues)
		return;
	HASH_DEL(d->managers, m);
	free(m);
}

bool api_directory_is_whole(const struct api_directory_entry *e)
{
	return e->kind == API_D_ROLE_FIELD || e->kind == API_D_CUSTOM_FIELD || e->kind == API_D_GRANTABLE;
}

static void drop(struct api_directory *d, const char *key)
{
	struct api_directory_entry *e;
	HASH_FIND(hh_key, d->by_key, key, strlen(key), e);
	if (!e)
		return;
	HASH_DELETE(hh_key, d->by_key, e);
	if (e->name)
		HASH_DELETE(hh_name, d->by_name, e);
	if (e->kind == API_D_MANAGED_QUEUE)
		manages_no_more(d, e);
	if (has_host(e))
		DL_DELETE(d->hosts, e);
	if (api_directory_is_whole(e))
		api_directory_group_drop(&d->groups, e->whole.owner, e->whole.row);
	api_directory_row_free(e);
}

/* A second name that is taken for a moment (two rows swap names) goes to the newcomer. */
static void add(struct api_directory *d, struct api_directory_entry *e)
{
	struct api_directory_entry *old = NULL;
	HASH_ADD(hh_key, d->by_key, key, strlen(e->key), e);
	if (e->kind == API_D_MANAGED_QUEUE)
		manages(d, e);
	if (has_host(e))
		DL_APPEND(d->hosts, e);
	if (api_directory_is_whole(e))
		api_directory_group_add(&d->groups, e->whole.owner, e->whole.row);
	if (!e->name)
		return;
	HASH_FIND(hh_name, d->by_name, e->name, strlen(e->name), old);
	if (old) {
		HASH_DELETE(hh_name, d->by_name, old);
		free(old->name);
		old->name = NULL;
	}
	HASH_ADD_KEYPTR(hh_name, d->by_name, e->name, strlen(e->name), e);
}

static void waiter_done(struct api_directory_waiter *w)
{
	DL_DELETE(w->d->waiters, w);
	w->h(w->arg);
	uv_close((uv_handle_t *)&w->timer, (uv_close_cb)free); /* the timer is its first member */
}

static void on_wait_over(uv_timer_t *t)
{
	struct api_directory_waiter *w = t->data;
	zj_warn("directory", "a change is late key=%s", w->key);
	waiter_done(w);
}

static void tell_waiters(struct api_directory *d, const char *key)
{
	struct api_directory_waiter *w, *next;
	DL_FOREACH_SAFE (d->waiters, w, next)
		if (strcmp(w->key, key) == 0)
			waiter_done(w);
}

enum api_directory_kind api_directory_kind_of(const char *table)
{
	enum api_directory_kind kind = 0;
	while (kind < API_D_KINDS && strcmp(tables[kind].table, table) != 0)
		kind++;
	return kind;
}

/* Several times a request: without printf. */
size_t api_directory_key(char key[48], enum api_directory_kind kind, const char *id)
{
	size_t n = strnlen(id, 40);
	key[0] = (char)('A' + kind);
	key[1] = ':';
	memcpy(key + 2, id, n);
	key[n + 2] = 0;
	return n + 2;
}

static void row_h(const char *table, const char *tenant ZJ_UNUSED, const char *id, json_t *row, void *arg)
{
	struct api_directory *d = arg;
	enum api_directory_kind kind = api_directory_kind_of(table);
	if (kind == API_D_KINDS)
		return;
	if (kind == API_D_SCHEMA) {
		if (d->ready)
			d->schema_h(d->arg);
		return;
	}
	char key[48];
	api_directory_key(key, kind, id);
	drop(d, key);
	struct api_directory_entry *e = row ? calloc(1, sizeof(*e)) : NULL;
	if (e) {
		e->kind = kind;
		e->seen_us = zj_mono_us();
		strcpy(e->key, key);
		api_directory_row(e, row);
		add(d, e);
	}
	if (d->ready)
		d->changed_h(d->arg);
	tell_waiters(d, key);
}

static void ready_h(void *arg)
{
	struct api_directory *d = arg;
	d->ready = true;
	zj_info("directory", "loaded entries=%u", HASH_CNT(hh_key, d->by_key));
	d->schema_h(d->arg);
	d->changed_h(d->arg);
}

int api_directory_alloc(struct api_directory **dp, uv_loop_t *loop, const char *conninfo, api_directory_h *changed_h,
			api_directory_h *schema_h, void *arg)
{
	struct api_directory *d = zj_alloc(sizeof(*d), NULL);
	if (!d)
		return ENOMEM;
	d->changed_h = changed_h;
	d->schema_h = schema_h;
	d->arg = arg;
	d->loop = loop;
	int err = zj_follow_alloc(&d->follow, loop, conninfo, tables, API_D_KINDS, row_h, ready_h, d);
	if (err) {
		zj_deref(d);
		return err;
	}
	*dp = d;
	return 0;
}

void api_directory_close(struct api_directory *d)
{
	struct api_directory_entry *e, *next;
	if (!d)
		return;
	zj_follow_close(d->follow);
	HASH_ITER (hh_key, d->by_key, e, next)
		drop(d, e->key);
	zj_deref(d);
}

void api_directory_wait(struct api_directory *d, const char *table, const char *id, int64_t since_us, bool gone,
			api_directory_wait_h *h, void *arg)
{
	char key[48];
	struct api_directory_entry *e;
	enum api_directory_kind kind = api_directory_kind_of(table);
	api_directory_key(key, kind, id);
	HASH_FIND(hh_key, d->by_key, key, strlen(key), e);
	struct api_directory_waiter *w =
		kind == API_D_KINDS || (gone ? !e : e && e->seen_us >= since_us) ? NULL : calloc(1, sizeof(*w));
	if (!w) {
		h(arg);
		return;
	}
	w->d = d;
	strcpy(w->key, key);
	w->h = h;
	w->arg = arg;
	uv_timer_init(d->loop, &w->timer);
	w->timer.data = w;
	uv_timer_start(&w->timer, on_wait_over, WAIT_MS, 0);
	DL_APPEND(d->waiters, w);
}

bool api_directory_ready(const struct api_directory *d)
{
	return d->ready;
}
