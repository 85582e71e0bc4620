/* Built-in grammars by key (VoiceXML 2.0, appendix P), and single sequences. */
#include "grammar.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS     "0123456789"
#define DIGITS_MAX 100

struct spec {
	char name[24];
	long length, minlength, maxlength; /* -1: not said */
	char yes, no;
};

static int param_read(struct spec *s, const char *key, const char *value, char *why, size_t size)
{
	char *end;
	long n = strtol(value, &end, 10);
	bool number = *value && !*end && n >= 0 && n <= DIGITS_MAX;

	if (!strcmp(key, "length") && number)
		s->length = n;
	else if (!strcmp(key, "minlength") && number)
		s->minlength = n;
	else if (!strcmp(key, "maxlength") && number)
		s->maxlength = n;
	else if (!strcmp(key, "y") && strlen(value) == 1 && strchr(DIGITS "*#", *value))
		s->yes = *value;
	else if (!strcmp(key, "n") && strlen(value) == 1 && strchr(DIGITS "*#", *value))
		s->no = *value;
	else {
		snprintf(why, size, "built-in grammar: %.30s=%.30s is not understood", key, value);
		return EINVAL;
	}
	return 0;
}

static int spec_read(struct spec *s, const char *text, char *why, size_t size)
{
	char copy[200], *save = NULL, *q;

	*s = (struct spec){.length = -1, .minlength = -1, .maxlength = -1, .yes = '1', .no = '2'};
	if (strlen(text) >= sizeof(copy)) {
		snprintf(why, size, "built-in grammar: the name is too long");
		return EINVAL;
	}
	strcpy(copy, text);
	q = strchr(copy, '?');
	if (q)
		*q++ = '\0';
	snprintf(s->name, sizeof(s->name), "%.23s", copy);
	for (char *w = q ? strtok_r(q, ";&", &save) : NULL; w; w = strtok_r(NULL, ";&", &save)) {
		char *eq = strchr(w, '=');
		int err;

		if (eq)
			*eq++ = '\0';
		err = param_read(s, w, eq ? eq : "", why, size);
		if (err)
			return err;
	}
	return 0;
}

/* min to max digits (max -1: no end); returns the state after them, from which the end is reached freely. */
static int digits(struct vx_net *n, int from, long min, long max)
{
	int end = vx_net_state(n), at = from;

	for (long i = 0; at >= 0 && i < (max < 0 ? min : max); i++) {
		if (i >= min && vx_net_edge(n, at, end, NULL, NULL))
			return -1;
		at = vx_net_set(n, at, DIGITS);
	}
	if (at < 0 || vx_net_edge(n, at, end, NULL, NULL))
		return -1;
	if (max < 0) {
		int again = vx_net_set(n, at, DIGITS);

		if (again < 0 || vx_net_edge(n, again, at, NULL, NULL))
			return -1;
	}
	return end;
}

static int build_digits(struct vx_net *n, const struct spec *s)
{
	long min = s->length >= 0 ? s->length : s->minlength >= 0 ? s->minlength : 1;
	long max = s->length >= 0 ? s->length : s->maxlength;

	return max >= 0 && max < min ? -2 : digits(n, 0, min, max);
}

/* digits, and a part after "*" that may be missing: a number's or amount's fraction, a phone's extension. */
static int build_parts(struct vx_net *n, const struct spec *s ZJ_UNUSED)
{
	int end = digits(n, 0, 1, -1), star, more;

	star = end < 0 ? -1 : vx_net_set(n, end, "*");
	more = star < 0 ? -1 : digits(n, star, 1, -1);
	if (more < 0 || vx_net_edge(n, end, more, NULL, NULL))
		return -1;
	return more;
}

static int build_date(struct vx_net *n, const struct spec *s ZJ_UNUSED)
{
	return digits(n, 0, 8, 8);
}

static int build_time(struct vx_net *n, const struct spec *s ZJ_UNUSED)
{
	int end = vx_net_state(n), ten = vx_net_set(n, 0, "01"), twenty = vx_net_set(n, 0, "2"), hour = vx_net_state(n),
	    m;

	m = ten < 0 ? -1 : vx_net_set(n, ten, DIGITS);
	if (m < 0 || vx_net_edge(n, m, hour, NULL, NULL))
		return -1;
	m = twenty < 0 ? -1 : vx_net_set(n, twenty, "0123");
	if (m < 0 || vx_net_edge(n, m, hour, NULL, NULL))
		return -1;
	m = vx_net_set(n, hour, "012345");
	m = m < 0 ? -1 : vx_net_set(n, m, DIGITS);
	return m < 0 || vx_net_edge(n, m, end, NULL, NULL) ? -1 : end;
}

static int build_boolean(struct vx_net *n, const struct spec *s)
{
	char keys[3] = {s->yes, s->no, 0};

	return vx_net_set(n, 0, keys);
}

static const struct {
	const char *name;
	enum vx_grammar_kind kind;
	int (*build)(struct vx_net *n, const struct spec *s); /* the end state; -1 memory, -2 contradiction */
} builtins[] = {
	{"boolean", VX_G_BOOLEAN, build_boolean}, {"digits", VX_G_DIGITS, build_digits},
	{"number", VX_G_NUMBER, build_parts},     {"currency", VX_G_CURRENCY, build_parts},
	{"date", VX_G_DATE, build_date},          {"time", VX_G_TIME, build_time},
	{"phone", VX_G_PHONE, build_parts},
};

int vx_grammar_builtin(struct vx_grammar **gp, const char *text, char *why, size_t size)
{
	struct spec s;
	int err = spec_read(&s, text, why, size);

	if (err)
		return err;
	for (size_t i = 0; i < ZJ_ARRAY_SIZE(builtins); i++) {
		struct vx_net *n;
		int end;

		if (strcmp(builtins[i].name, s.name))
			continue;
		err = vx_net_alloc(&n);
		if (err)
			return err;
		end = builtins[i].build(n, &s);
		if (end == -2) {
			snprintf(why, size, "built-in grammar: maxlength is below minlength");
			zj_deref(n);
			return EINVAL;
		}
		err = vx_grammar_from_net(gp, n, end, builtins[i].kind, true, 0);
		if (!err)
			vx_grammar_set_keys(*gp, s.yes, s.no);
		return err;
	}
	snprintf(why, size, "there is no built-in grammar %.23s", s.name);
	return ENOTSUP;
}

int vx_grammar_words(struct vx_grammar **gp, const char *text, bool dtmf)
{
	struct vx_net *n;
	int err = vx_net_alloc(&n), at = 0, count = 0;
	char word[128];

	if (err)
		return err;
	while (*text && at >= 0) {
		size_t len = dtmf ? 1 : strcspn(text, " \t\r\n,.;:!?");
		int to;

		if (isspace((unsigned char)*text) || !len) {
			text++;
			continue;
		}
		snprintf(word, sizeof(word), "%.*s", (int)(len < sizeof(word) ? len : sizeof(word) - 1), text);
		to = vx_net_state(n);
		at = to < 0 || vx_net_edge(n, at, to, word, NULL) ? -1 : to;
		text += len;
		count++;
	}
	if (!count)
		at = vx_net_state(n); /* nothing leads there */
	return vx_grammar_from_net(gp, n, at, VX_G_PLAIN, dtmf, 0);
}
