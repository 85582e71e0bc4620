/* SRGS 1.0 in XML form → net. A rule reference is expanded in place, so a grammar that refers to itself without end
 * runs into the bound of depth. */
#include "grammar.h"
#include "zj_log.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REFS_MAX 16

struct builder {
	struct vx_net *net;
	mxml_node_t *grammar;
	bool dtmf;
	unsigned refs;
	char *why;
	size_t size;
};

static int content(struct builder *b, mxml_node_t *parent, int from);

static int fault(struct builder *b, mxml_node_t *node, const char *what, const char *word)
{
	const struct vx_el *el = vx_el(node);

	if (!*b->why)
		snprintf(b->why, b->size, "line %u: %s %s", el ? el->line : 0, what, word);
	return -1;
}

static mxml_node_t *rule_find(struct builder *b, const char *id)
{
	for (mxml_node_t *n = mxmlGetFirstChild(b->grammar); n; n = mxmlGetNextSibling(n)) {
		const char *own = vx_tag(n) == VX_RULE ? vx_attr(n, "id") : NULL;

		if (own && (!id || !strcmp(own, id)))
			return n;
	}
	return NULL;
}

/* Words of a text: keys one by one in a key grammar. */
static int words(struct builder *b, const char *text, int from)
{
	char word[128];

	while (*text && from >= 0) {
		size_t len = b->dtmf ? 1 : strcspn(text, " \t\r\n");
		int to;

		if (isspace((unsigned char)*text)) {
			text++;
			continue;
		}
		if (*text == '"') { /* a quoted token */
			text++;
			continue;
		}
		snprintf(word, sizeof(word), "%.*s", (int)(len < sizeof(word) ? len : sizeof(word) - 1), text);
		word[strcspn(word, "\"")] = '\0';
		to = vx_net_state(b->net);
		from = to < 0 || vx_net_edge(b->net, from, to, word, NULL) ? -1 : to;
		text += len;
	}
	return from;
}

static int one_of(struct builder *b, mxml_node_t *node, int from)
{
	int end = vx_net_state(b->net);

	for (mxml_node_t *n = mxmlGetFirstChild(node); n && end >= 0; n = mxmlGetNextSibling(n)) {
		int start, stop;

		if (vx_tag(n) != VX_ITEM)
			continue;
		start = vx_net_state(b->net);
		if (start < 0 || vx_net_edge(b->net, from, start, NULL, NULL))
			return -1;
		stop = content(b, n, start);
		if (stop < 0 || vx_net_edge(b->net, stop, end, NULL, NULL))
			return -1;
	}
	return end;
}

/* repeat="3", "0-1", "2-" */
static int item(struct builder *b, mxml_node_t *node, int from)
{
	const char *repeat = vx_attr(node, "repeat");
	char *end_of = NULL;
	unsigned long min = 1, max = 1;
	int end, at = from;

	if (!repeat)
		return content(b, node, from);
	min = strtoul(repeat, &end_of, 10);
	max = *end_of != '-' ? min : end_of[1] ? strtoul(end_of + 1, NULL, 10) : 0;
	for (unsigned long i = 0; i < min && at >= 0; i++)
		at = content(b, node, at);
	end = vx_net_state(b->net);
	if (at < 0 || end < 0)
		return fault(b, node, "the grammar is", "too large");
	if (!max) { /* without end: a loop around one more */
		int loop = vx_net_state(b->net), stop;

		if (loop < 0 || vx_net_edge(b->net, at, loop, NULL, NULL))
			return -1;
		stop = content(b, node, loop);
		if (stop < 0 || vx_net_edge(b->net, stop, loop, NULL, NULL) ||
		    vx_net_edge(b->net, loop, end, NULL, NULL))
			return -1;
		return end;
	}
	for (unsigned long i = min; i < max; i++) {
		int stop = content(b, node, at);

		if (stop < 0 || vx_net_edge(b->net, at, end, NULL, NULL))
			return -1;
		at = stop;
	}
	return vx_net_edge(b->net, at, end, NULL, NULL) ? -1 : end;
}

static int ruleref(struct builder *b, mxml_node_t *node, int from)
{
	const char *uri = vx_attr(node, "uri"), *special = vx_attr(node, "special");
	mxml_node_t *rule;
	int end;

	if (special && !strcmp(special, "NULL"))
		return from;
	if (special && !strcmp(special, "VOID"))
		return vx_net_state(b->net);
	if (special)
		return fault(b, node, "special rule not supported:", special);
	if (*uri != '#')
		return fault(b, node, "only rules of the same grammar can be referred to, not", zj_log_esc(uri));
	rule = rule_find(b, uri + 1);
	if (!rule)
		return fault(b, node, "there is no rule", zj_log_esc(uri + 1));
	if (++b->refs > REFS_MAX)
		return fault(b, node, "rules refer to each other too deep:", zj_log_esc(uri));
	end = content(b, rule, from);
	b->refs--;
	return end;
}

static int tag(struct builder *b, mxml_node_t *node, int from)
{
	char *text = vx_text_of(node);
	int to = vx_net_state(b->net);

	if (!text || to < 0 || vx_net_edge(b->net, from, to, NULL, text))
		to = -1;
	zj_deref(text);
	return to;
}

/* The children of `parent` one after the other; returns the state after them, -1: `why` says. */
static int content(struct builder *b, mxml_node_t *parent, int from)
{
	for (mxml_node_t *n = mxmlGetFirstChild(parent); n && from >= 0; n = mxmlGetNextSibling(n)) {
		switch (vx_tag(n)) {
		case VX_TEXT:
			from = words(b, mxmlGetOpaque(n) ? mxmlGetOpaque(n) : "", from);
			break;
		case VX_TOKEN:
			from = content(b, n, from);
			break;
		case VX_ONE_OF:
			from = one_of(b, n, from);
			break;
		case VX_ITEM:
			from = item(b, n, from);
			break;
		case VX_RULEREF:
			from = ruleref(b, n, from);
			break;
		case VX_TAG:
			from = tag(b, n, from);
			break;
		default:
			break; /* example, lexicon, meta */
		}
	}
	return from;
}

int vx_grammar_srgs(struct vx_grammar **gp, mxml_node_t *node, char *why, size_t size)
{
	const char *mode = vx_attr(node, "mode"), *format = vx_attr(node, "tag-format"), *root = vx_attr(node, "root");
	struct builder b = {.grammar = node, .dtmf = mode && !strcmp(mode, "dtmf"), .why = why, .size = size};
	mxml_node_t *rule = rule_find(&b, root);
	int err, end, scripts = -1;

	*why = '\0';
	if (!rule) {
		snprintf(why, size, "line %u: the grammar has no %s rule", vx_el(node)->line, root ? "such root" : "");
		return root ? EINVAL : ENOTSUP;
	}
	if (format)
		scripts = strcmp(format, "semantics/1.0-literals") && !strncmp(format, "semantics/1.0", 13);
	err = vx_net_alloc(&b.net);
	if (err)
		return err;
	end = content(&b, rule, 0);
	if (end < 0) {
		zj_deref(b.net);
		if (!*why)
			snprintf(why, size, "line %u: the grammar is too large", vx_el(node)->line);
		return EINVAL;
	}
	return vx_grammar_from_net(gp, b.net, end, VX_G_PLAIN, b.dtmf, scripts);
}
