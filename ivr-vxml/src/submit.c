/* Sending variables along with the request for the next document: <submit>, <subdialog namelist>. */
#include "fia.h"
#include "zj_log.h"
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#define QUERY_MAX 65536

struct query {
	char *text; /* an object */
	size_t len;
};

static void part_add(struct query *q, const char *name, const char *value)
{
	char *n = curl_easy_escape(NULL, name, 0), *v = curl_easy_escape(NULL, value, 0);
	int k = 0;

	if (n && v)
		k = snprintf(q->text + q->len, QUERY_MAX - q->len, "%s%s=%s", q->len ? "&" : "", n, v);
	if (k > 0 && q->len + (size_t)k < QUERY_MAX)
		q->len += (size_t)k;
	q->text[q->len] = '\0'; /* what does not fit is left out whole */
	curl_free(n);
	curl_free(v);
}

/* Objects become name.property=value. */
static void value_add(struct query *q, const char *name, json_t *value, int depth)
{
	char longer[300], number[40];
	const char *key;
	json_t *v;

	if (json_is_object(value) && depth < 8) {
		json_object_foreach (value, key, v) {
			snprintf(longer, sizeof(longer), "%.150s.%.140s", name, key);
			value_add(q, longer, v, depth + 1);
		}
	} else if (json_is_string(value)) {
		part_add(q, name, json_string_value(value));
	} else if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		part_add(q, name, number);
	} else if (json_is_real(value)) {
		snprintf(number, sizeof(number), "%.15g", json_real_value(value));
		part_add(q, name, number);
	} else if (json_is_boolean(value)) {
		part_add(q, name, json_is_true(value) ? "true" : "false");
	} else if (json_is_array(value)) {
		char *text = json_dumps(value, JSON_COMPACT);

		part_add(q, name, text ? text : "");
		free(text);
	} else {
		part_add(q, name, "undefined");
	}
}

char *vx_query(struct vx_session *s ZJ_UNUSED, json_t *values)
{
	struct query q = {.text = zj_alloc(QUERY_MAX, NULL)};
	const char *key;
	json_t *v;

	if (!q.text)
		return NULL;
	json_object_foreach (values, key, v)
		value_add(&q, key, v, 0);
	return q.text;
}

/* The names of the current form's named input items: what <submit> sends when it does not say. */
static void names_default(struct vx_session *s, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; s->ctx->dialog && i < s->ctx->dialog->n; i++) {
		struct vx_item *item = &s->ctx->dialog->items[i];

		if (item->is_input && strncmp(item->name, "__", 2) && len + 82 < size)
			len += (size_t)snprintf(out + len, size - len, "%s ", item->name);
	}
}

int vx_submit_jump(struct vx_session *s, mxml_node_t *node, const char *uri, struct vx_jump *jump)
{
	const char *list = vx_attr(node, "namelist");
	bool post = vx_is(vx_attr(node, "method"), "post");
	char names[4000], *query = NULL, *url = NULL;
	json_t *values = NULL;
	int ctl = VX_GO_ON;

	if (vx_tag(node) == VX_SUBMIT && !list)
		names_default(s, names, sizeof(names));
	else
		snprintf(names, sizeof(names), "%.3999s", list ? list : "");
	if (names[strspn(names, " \t\r\n")])
		ctl = vx_js_namelist(s, node, names, &values);
	if (ctl == VX_GO_ON && json_object_size(values))
		query = vx_query(s, values);
	if (ctl == VX_GO_ON && query && *query && !post && *uri != '#')
		url = zj_asprintf("%s%s%s", uri, strchr(uri, '?') ? "&" : "?", query);
	if (ctl == VX_GO_ON)
		ctl = vx_jump_to(s, node, url ? url : uri, post ? (query ? query : "") : NULL, jump);
	json_decref(values);
	zj_deref(query);
	zj_deref(url);
	return ctl;
}
