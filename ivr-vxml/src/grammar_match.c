/* Nets and how an input runs through them: all threads in step, the earlier alternative first, tags carried along. */
#include "grammar.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct edge {
	int to, next;      /* next: of the same state, -1 last */
	const char *token; /* interned in the net; NULL: free */
	const char *tag;
};

struct vx_net {
	int *first, *last; /* edges of a state */
	struct edge *edges;
	int states, states_size, n_edges, edges_size;
	char **texts;
	int n_texts, texts_size;
};

struct vx_grammar {
	struct vx_net *net;
	int end;
	enum vx_grammar_kind kind;
	bool dtmf;
	int scripts;
	char yes[2], no[2];
};

static void net_destructor(void *obj)
{
	struct vx_net *n = obj;

	for (int i = 0; i < n->n_texts; i++)
		free(n->texts[i]);
	free(n->texts);
	free(n->edges);
	free(n->first);
	free(n->last);
}

int vx_net_alloc(struct vx_net **np)
{
	struct vx_net *n = zj_alloc(sizeof(*n), net_destructor);

	if (!n)
		return ENOMEM;
	if (vx_net_state(n) < 0) {
		zj_deref(n);
		return ENOMEM;
	}
	*np = n;
	return 0;
}

/* Room for one more of `size`-byte things. */
static bool grow(void *array, int n, int *room, size_t size)
{
	void **p = array, *bigger;
	int want = *room ? *room * 2 : 16;

	if (n < *room)
		return true;
	bigger = realloc(*p, (size_t)want * size);
	if (!bigger)
		return false;
	*p = bigger;
	*room = want;
	return true;
}

int vx_net_state(struct vx_net *n)
{
	int room = n->states_size;

	if (n->states >= VX_GRAMMAR_STATES || !grow(&n->first, n->states, &room, sizeof(int)) ||
	    !grow(&n->last, n->states, &n->states_size, sizeof(int)))
		return -1;
	n->first[n->states] = n->last[n->states] = -1;
	return n->states++;
}

static const char *intern(struct vx_net *n, const char *text)
{
	for (int i = 0; i < n->n_texts; i++) {
		if (!strcmp(n->texts[i], text))
			return n->texts[i];
	}
	if (!grow(&n->texts, n->n_texts, &n->texts_size, sizeof(char *)))
		return NULL;
	n->texts[n->n_texts] = strdup(text);
	return n->texts[n->n_texts] ? n->texts[n->n_texts++] : NULL;
}

int vx_net_edge(struct vx_net *n, int from, int to, const char *token, const char *tag)
{
	struct edge e = {.to = to, .next = -1};

	if (from < 0 || to < 0 || n->n_edges >= 4 * VX_GRAMMAR_STATES ||
	    !grow(&n->edges, n->n_edges, &n->edges_size, sizeof(e)))
		return ENOMEM;
	if (token && !(e.token = intern(n, token)))
		return ENOMEM;
	if (tag && !(e.tag = intern(n, tag)))
		return ENOMEM;
	if (n->last[from] >= 0)
		n->edges[n->last[from]].next = n->n_edges;
	else
		n->first[from] = n->n_edges;
	n->last[from] = n->n_edges;
	n->edges[n->n_edges++] = e;
	return 0;
}

int vx_net_set(struct vx_net *n, int from, const char *chars)
{
	int to = vx_net_state(n);

	for (; to >= 0 && *chars; chars++) {
		char key[2] = {*chars, 0};

		if (vx_net_edge(n, from, to, key, NULL))
			return -1;
	}
	return to;
}

static void grammar_destructor(void *obj)
{
	struct vx_grammar *g = obj;

	zj_deref(g->net);
}

int vx_grammar_from_net(struct vx_grammar **gp, struct vx_net *n, int end, enum vx_grammar_kind kind, bool dtmf,
			int scripts)
{
	struct vx_grammar *g = end >= 0 ? zj_alloc(sizeof(*g), grammar_destructor) : NULL;

	if (!g) {
		zj_deref(n);
		return ENOMEM;
	}
	g->net = n;
	g->end = end;
	g->kind = kind;
	g->dtmf = dtmf;
	g->scripts = scripts;
	vx_grammar_set_keys(g, '1', '2');
	*gp = g;
	return 0;
}

void vx_grammar_set_keys(struct vx_grammar *g, char yes, char no)
{
	g->yes[0] = yes;
	g->no[0] = no;
}

const char *vx_grammar_key(const struct vx_grammar *g, bool yes)
{
	return yes ? g->yes : g->no;
}

bool vx_grammar_is_dtmf(const struct vx_grammar *g)
{
	return g->dtmf;
}

/* The tags a thread has passed: lists that share their beginnings. */
struct trail {
	const struct trail *before;
	const char *tag;
};

struct thread {
	int state;
	const struct trail *trail;
};

struct runner {
	const struct vx_net *net;
	struct thread *now, *then; /* in order of preference */
	int n_now, n_then;
	int *mark;       /* step at which a state was last entered */
	int *stack_edge; /* depth-first walk over free edges, without recursion */
	const struct trail **stack_trail;
	struct trail *trails;
	int n_trails, trails_max;
};

static int runner_init(struct runner *r, const struct vx_net *net, size_t steps)
{
	size_t n = (size_t)net->states, e = (size_t)net->n_edges + 1;

	memset(r, 0, sizeof(*r));
	r->net = net;
	r->trails_max = (int)((steps + 1) * e < 200000 ? (steps + 1) * e : 200000);
	r->now = calloc(n, sizeof(*r->now));
	r->then = calloc(n, sizeof(*r->then));
	r->mark = malloc(n * sizeof(*r->mark));
	r->stack_edge = malloc((n + 1) * sizeof(*r->stack_edge));
	r->stack_trail = malloc((n + 1) * sizeof(*r->stack_trail));
	r->trails = malloc((size_t)r->trails_max * sizeof(*r->trails));
	if (!r->now || !r->then || !r->mark || !r->stack_edge || !r->stack_trail || !r->trails)
		return ENOMEM;
	memset(r->mark, 0xff, n * sizeof(*r->mark));
	return 0;
}

static void runner_free(struct runner *r)
{
	free(r->now);
	free(r->then);
	free(r->mark);
	free(r->stack_edge);
	free(r->stack_trail);
	free(r->trails);
}

static const struct trail *trail_add(struct runner *r, const struct trail *before, const char *tag)
{
	struct trail *t;

	if (!tag || r->n_trails >= r->trails_max)
		return before;
	t = &r->trails[r->n_trails++];
	t->before = before;
	t->tag = tag;
	return t;
}

/* Enters `state` and whatever free edges lead to from it, in order of preference. Each state is on the stack once at
 * most, because it is marked when it is pushed. */
static void enter(struct runner *r, int state, const struct trail *trail, int step)
{
	int top = 0;

	if (r->mark[state] == step)
		return;
	r->mark[state] = step;
	r->then[r->n_then++] = (struct thread){state, trail};
	r->stack_edge[top] = r->net->first[state];
	r->stack_trail[top++] = trail;
	while (top) {
		int e = r->stack_edge[top - 1];
		const struct edge *edge;

		if (e < 0) {
			top--;
			continue;
		}
		edge = &r->net->edges[e];
		r->stack_edge[top - 1] = edge->next;
		if (edge->token || r->mark[edge->to] == step)
			continue;
		r->mark[edge->to] = step;
		trail = trail_add(r, r->stack_trail[top - 1], edge->tag);
		r->then[r->n_then++] = (struct thread){edge->to, trail};
		r->stack_edge[top] = r->net->first[edge->to];
		r->stack_trail[top++] = trail;
	}
}

static void swap(struct runner *r)
{
	struct thread *t = r->now;

	r->now = r->then;
	r->n_now = r->n_then;
	r->then = t;
	r->n_then = 0;
}

static void advance(struct runner *r, const char *token, int step)
{
	for (int i = 0; i < r->n_now; i++) {
		for (int e = r->net->first[r->now[i].state]; e >= 0; e = r->net->edges[e].next) {
			const struct edge *edge = &r->net->edges[e];

			if (edge->token && !strcasecmp(edge->token, token))
				enter(r, edge->to, trail_add(r, r->now[i].trail, edge->tag), step);
		}
	}
	swap(r);
}

static json_t *trail_json(const struct trail *t)
{
	json_t *out = t ? json_array() : NULL;

	for (; out && t; t = t->before)
		json_array_insert_new(out, 0, json_string(t->tag));
	return out;
}

int vx_grammar_match(const struct vx_grammar *g, const char *const *tokens, size_t n, bool dtmf, struct vx_match *m)
{
	struct runner r;
	int err;

	memset(m, 0, sizeof(*m));
	if (g->dtmf != dtmf)
		return 0;
	err = runner_init(&r, g->net, n);
	if (!err) {
		enter(&r, 0, NULL, 0);
		swap(&r);
		for (size_t i = 0; i < n && r.n_now; i++)
			advance(&r, tokens[i], (int)i + 1);
		for (int i = 0; i < r.n_now; i++) {
			if (r.now[i].state == g->end && !m->full) {
				m->full = n > 0;
				m->tags = n > 0 ? trail_json(r.now[i].trail) : NULL;
			}
			for (int e = g->net->first[r.now[i].state]; e >= 0; e = g->net->edges[e].next)
				m->more |= g->net->edges[e].token != NULL;
		}
	}
	runner_free(&r);
	return err;
}

/* Does a tag look like a script when the grammar does not say? `out="x"`, `out.size=1` */
static bool looks_like_script(const char *tag)
{
	tag += strspn(tag, " \t\r\n");
	return !strncmp(tag, "out", 3) && strchr(".= \t", tag[3]) && strchr(tag, '=');
}

static json_t *builtin_meaning(const struct vx_grammar *g, const char *input)
{
	char text[VX_INPUT_MAX + 2];
	int hour;

	snprintf(text, sizeof(text) - 1, "%s", input);
	for (char *p = text; *p; p++) {
		if (*p == '*')
			*p = g->kind == VX_G_PHONE ? 'x' : '.';
	}
	switch (g->kind) {
	case VX_G_BOOLEAN:
		return json_boolean(!strcmp(input, g->yes));
	case VX_G_TIME:
		hour = (text[0] - '0') * 10 + (text[1] - '0');
		strcat(text, hour == 0 || hour > 12 ? "h" : "?");
		break;
	case VX_G_PLAIN:
	case VX_G_DIGITS:
	case VX_G_NUMBER:
	case VX_G_CURRENCY:
	case VX_G_DATE:
	case VX_G_PHONE:
		break;
	}
	return json_string(text);
}

json_t *vx_grammar_meaning(const struct vx_grammar *g, const char *input, json_t *tags, bool *script)
{
	size_t n = json_array_size(tags);
	const char *last = n ? json_string_value(json_array_get(tags, n - 1)) : NULL;

	*script = last && (g->scripts == 1 || (g->scripts < 0 && looks_like_script(last)));
	if (*script)
		return NULL;
	if (last) {
		size_t lead = strspn(last, " \t\r\n"), len = strlen(last + lead);

		while (len && strchr(" \t\r\n", last[lead + len - 1]))
			len--;
		return json_stringn(last + lead, len);
	}
	return g->kind == VX_G_PLAIN ? json_string(input) : builtin_meaning(g, input);
}
