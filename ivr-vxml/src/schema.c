/* Checks a tree against the table: unknown elements and attributes, misplaced children, missing or malformed values. */
#include "doc.h"
#include "zj_log.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const names[VX_TAGS] = {
#define X(id, name) [VX_##id] = (name),
	VX_ELEMENTS(X)
#undef X
};

const char *vx_tag_name(enum vx_tag tag)
{
	return tag < VX_TAGS ? names[tag] : tag == VX_TEXT ? "#text" : "?";
}

enum vx_tag vx_tag_find(const char *name)
{
	for (unsigned i = 0; i < VX_TAGS; i++) {
		if (!strcmp(names[i], name))
			return (enum vx_tag)i;
	}
	return VX_NONE;
}

/* Is `word` (n bytes) one of the words of `list`, separated by `sep`? */
static bool listed(const char *list, char sep, const char *word, size_t n)
{
	while (*list) {
		const char *end = strchr(list, sep);
		size_t len = end ? (size_t)(end - list) : strlen(list);

		if (len == n && !memcmp(list, word, n))
			return true;
		list += len + (end ? 1 : 0);
	}
	return false;
}

static bool is_name(const char *s, const char *also)
{
	if (!isalpha((unsigned char)*s) && *s != '_' && *s != '$' && !((unsigned char)*s & 0x80))
		return false;
	for (s++; *s; s++) {
		if (!isalnum((unsigned char)*s) && *s != '_' && *s != '$' && !((unsigned char)*s & 0x80) &&
		    !strchr(also, *s))
			return false;
	}
	return true;
}

static bool is_id(const char *s)
{
	return is_name(s, "-.");
}

static bool is_var(const char *s)
{
	return is_name(s, "");
}

static bool is_path(const char *s)
{
	return is_name(s, ".[]'\"");
}

static bool all_words(const char *s, bool (*h)(const char *word), size_t min)
{
	char word[128];
	size_t n = 0, count = 0;

	for (;; s++) {
		if (*s && !isspace((unsigned char)*s)) {
			if (n + 1 >= sizeof(word))
				return false;
			word[n++] = *s;
			continue;
		}
		word[n] = '\0';
		if (n && !h(word))
			return false;
		count += n > 0;
		n = 0;
		if (!*s)
			return count >= min;
	}
}

static bool is_names(const char *s)
{
	return all_words(s, is_path, 0);
}

static bool is_event(const char *s)
{
	return *s && !strpbrk(s, " \t\r\n") && *s != '.' && !strstr(s, "..");
}

static bool is_events(const char *s)
{
	return all_words(s, is_event, 0);
}

static bool is_digits(const char *s)
{
	return *s && strlen(s) <= 9 && strspn(s, "0123456789") == strlen(s);
}

static bool is_count(const char *s)
{
	return is_digits(s) && atoi(s) > 0;
}

static bool is_time(const char *s)
{
	char *end = NULL;
	double v = *s == '+' || *s == '-' || isspace((unsigned char)*s) ? -1 : strtod(s, &end);

	return end && v >= 0 && v <= 1e6 && end != s && (!strcmp(end, "s") || !strcmp(end, "ms"));
}

static bool is_dtmf(const char *s)
{
	size_t keys = strlen(s) - strspn(s, " ");

	return keys && strspn(s, "0123456789*#ABCDabcd ") == strlen(s);
}

static bool is_filled(const char *s)
{
	return s[strspn(s, " \t\r\n")] != '\0';
}

static bool is_bool(const char *s)
{
	return !strcmp(s, "true") || !strcmp(s, "false");
}

static bool is_repeat(const char *s)
{
	char *end;
	unsigned long min, max;

	if (!isdigit((unsigned char)*s))
		return false;
	min = strtoul(s, &end, 10);
	if (!*end || !strcmp(end, "-"))
		return min <= 1000;
	if (*end != '-' || !isdigit((unsigned char)end[1]))
		return false;
	max = strtoul(end + 1, &end, 10);
	return !*end && min <= max && max <= 1000;
}

static bool is_any(const char *s ZJ_UNUSED)
{
	return true;
}

static const struct {
	const char *name;
	bool (*ok)(const char *s);
	const char *rule;
} types[] = {
	{"id", is_id, "a name (letters, digits, - _ .)"},
	{"name", is_var, "a variable's name"},
	{"path", is_path, "a variable's name"},
	{"names", is_names, "variables' names separated by spaces"},
	{"event", is_event, "an event's name"},
	{"events", is_events, "events' names separated by spaces"},
	{"expr", is_filled, "an expression"},
	{"uri", is_filled, "an address"},
	{"time", is_time, "a time such as 5s or 300ms"},
	{"int", is_digits, "a whole number"},
	{"count", is_count, "a whole number from 1"},
	{"bool", is_bool, "true or false"},
	{"dtmf", is_dtmf, "keys (0-9 * # A-D)"},
	{"repeat", is_repeat, "a number or a range such as 1-4, at most 1000"},
	{"lang", is_filled, "a language such as zh-CN"},
	{"text", is_any, ""},
};

/* Finds `name` in the rule's attributes; `type` (type_len bytes) borrowed from the table. */
static bool attr_find(const char *attrs, const char *name, const char **type, size_t *type_len)
{
	size_t n = strlen(name);

	while (*attrs) {
		size_t len = strcspn(attrs, " ");

		if (len > n && !strncmp(attrs, name, n) && attrs[n] == ':') {
			*type = attrs + n + 1;
			*type_len = len - n - 1;
			if (*type_len && (*type)[*type_len - 1] == '!')
				(*type_len)--;
			/* "xml:lang:lang" asked as "xml" would look like type "lang:lang" */
			if (!memchr(*type, ':', *type_len))
				return true;
		}
		attrs += len;
		attrs += strspn(attrs, " ");
	}
	return false;
}

bool vx_schema_is_expr(enum vx_tag tag, const char *attr)
{
	const char *type;
	size_t len;

	return tag < VX_TAGS && attr_find(vx_schema[tag].attrs, attr, &type, &len) && len == 4 &&
	       !memcmp(type, "expr", 4);
}

static void value_check(const struct vx_el *el, const char *name, const char *value, const char *type, size_t len,
			struct vx_faults *f)
{
	char words[100];

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(types); i++) {
		if (strlen(types[i].name) != len || memcmp(types[i].name, type, len))
			continue;
		if (!types[i].ok(value))
			vx_faults_add(f, el->line, el->column, "<%s> %s must be %s, it is %s", vx_tag_name(el->tag),
				      name, types[i].rule, zj_log_esc(value));
		return;
	}
	snprintf(words, sizeof(words), "%.*s", (int)len, type);
	if (!listed(words, '|', value, strlen(value)))
		vx_faults_add(f, el->line, el->column, "<%s> %s must be one of %s, it is %s", vx_tag_name(el->tag),
			      name, words, zj_log_esc(value));
}

static void required_check(mxml_node_t *node, const struct vx_el *el, const char *attrs, struct vx_faults *f)
{
	while (*attrs) {
		size_t len = strcspn(attrs, " ");
		char name[40];
		char *colon;

		if (len < sizeof(name) && attrs[len - 1] == '!') {
			snprintf(name, sizeof(name), "%.*s", (int)len, attrs);
			colon = strrchr(name, ':');
			*colon = '\0';
			if (!vx_attr(node, name))
				vx_faults_add(f, el->line, el->column, "<%s> needs the attribute %s",
					      vx_tag_name(el->tag), name);
		}
		attrs += len;
		attrs += strspn(attrs, " ");
	}
}

static void one_of_check(mxml_node_t *node, const struct vx_el *el, const char *list, struct vx_faults *f)
{
	bool needed = *list == '!';
	int given = 0;
	char copy[80], *save = NULL;

	list += needed;
	snprintf(copy, sizeof(copy), "%s", list);
	for (char *w = strtok_r(copy, "|", &save); w; w = strtok_r(NULL, "|", &save))
		given += vx_attr(node, w) != NULL;
	if (given > 1 || (needed && !given))
		vx_faults_add(f, el->line, el->column, "<%s> takes %s one of the attributes %s", vx_tag_name(el->tag),
			      needed ? "exactly" : "at most", list);
}

static void attrs_check(mxml_node_t *node, const struct vx_el *el, struct vx_faults *f)
{
	const struct vx_rule *rule = &vx_schema[el->tag];
	int n = mxmlElementGetAttrCount(node);

	for (int i = 0; i < n; i++) {
		const char *name, *value = mxmlElementGetAttrByIndex(node, i, &name), *type;
		size_t len;

		if (attr_find(rule->attrs, name, &type, &len))
			value_check(el, name, value, type, len, f);
		else if (strncmp(name, "xmlns:", 6) && strncmp(name, "xsi:", 4) && strcmp(name, "xml:space") &&
			 strcmp(name, "xml:id"))
			vx_faults_add(f, el->line, el->column, "<%s> has no attribute %s", vx_tag_name(el->tag),
				      zj_log_esc(name));
	}
	required_check(node, el, rule->attrs, f);
	if (*rule->one_of)
		one_of_check(node, el, rule->one_of, f);
}

static void child_check(mxml_node_t *child, const struct vx_el *parent, struct vx_faults *f)
{
	const char *allowed = vx_schema[parent->tag].children;
	const struct vx_el *el = vx_el(child);
	const char *text;

	if (el) {
		const char *name = vx_tag_name(el->tag);

		if (!listed(allowed, ' ', name, strlen(name)))
			vx_faults_add(f, el->line, el->column, "<%s> is not allowed in <%s>", name,
				      vx_tag_name(parent->tag));
		return;
	}
	text = mxmlGetOpaque(child);
	if (text && is_filled(text) && !listed(allowed, ' ', "#text", 5))
		vx_faults_add(f, parent->line, parent->column, "<%s> takes no text: %s", vx_tag_name(parent->tag),
			      zj_log_esc(text));
}

/* elseif and else are marks inside if: none after an else. */
static void if_check(mxml_node_t *node, struct vx_faults *f)
{
	bool closed = false;

	for (mxml_node_t *c = mxmlGetFirstChild(node); c; c = mxmlGetNextSibling(c)) {
		const struct vx_el *el = vx_el(c);

		if (el && closed && (el->tag == VX_ELSE || el->tag == VX_ELSEIF))
			vx_faults_add(f, el->line, el->column, "<%s> after <else>", vx_tag_name(el->tag));
		closed |= el && el->tag == VX_ELSE;
	}
}

/* Ids of dialogs, and names of a form's items, are unique. */
static void unique_check(mxml_node_t *parent, const char *attr, struct vx_faults *f)
{
	for (mxml_node_t *c = mxmlGetFirstChild(parent); c; c = mxmlGetNextSibling(c)) {
		const char *name =
			vx_el(c) && vx_tag(c) != VX_PROPERTY && vx_tag(c) != VX_META ? vx_attr(c, attr) : NULL;

		for (mxml_node_t *d = name ? mxmlGetFirstChild(parent) : c; d != c; d = mxmlGetNextSibling(d)) {
			const char *other = vx_el(d) && vx_tag(d) != VX_PROPERTY ? vx_attr(d, attr) : NULL;

			if (other && !strcmp(other, name) && vx_tag(c) != VX_VAR && vx_tag(d) != VX_VAR) {
				vx_faults_add(f, vx_el(c)->line, vx_el(c)->column, "%s %s is used twice", attr,
					      zj_log_esc(name));
				break;
			}
		}
	}
}

#define VXML_NS "http://www.w3.org/2001/vxml"

static void root_check(const struct vx_doc *doc, struct vx_faults *f)
{
	const char *ns = vx_attr(doc->root, "xmlns");
	const struct vx_el *el = vx_el(doc->root);

	if (el->tag == VX_VXML && ns && strcmp(ns, VXML_NS))
		vx_faults_add(f, el->line, el->column, "<vxml> xmlns must be " VXML_NS ", it is %s", zj_log_esc(ns));
}

void vx_schema_check(const struct vx_doc *doc, struct vx_faults *f)
{
	root_check(doc, f);
	for (mxml_node_t *n = doc->root; n; n = vx_next_in(n, doc->root)) {
		const struct vx_el *el = vx_el(n);

		if (!el)
			continue;
		attrs_check(n, el, f);
		if (el->tag == VX_METADATA)
			continue;
		for (mxml_node_t *c = mxmlGetFirstChild(n); c; c = mxmlGetNextSibling(c))
			child_check(c, el, f);
		if (el->tag == VX_IF)
			if_check(n, f);
		else if (el->tag == VX_VXML || el->tag == VX_FORM)
			unique_check(n, el->tag == VX_VXML ? "id" : "name", f);
	}
}
