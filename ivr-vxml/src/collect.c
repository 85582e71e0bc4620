/* Waiting for input: prompts, keys, and the timers of VoiceXML 2.0, 6.3.3 and appendix D. */
#include "fia.h"
#include "zj_log.h"
#include "zj_metrics.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct listener {
	struct vx_session *s;
	struct vx_active *list;
	size_t n;
	const char *tokens[VX_INPUT_MAX];
	size_t n_tokens;
	bool dtmf;
	char termchar;
	int64_t timeout, inter, term;
	/* What the input so far is: */
	bool full, more;
	size_t index;
	json_t *tags;
};

static int hangup(struct vx_session *s, mxml_node_t *node)
{
	if (s->hangup_told)
		return VX_ENDED; /* nobody is there any more: no second wait */
	s->hangup_told = true;
	s->left = true;
	return vx_throw(s, node, "connection.disconnect.hangup", "%s", "the caller hung up");
}

static void queue_drop(struct vx_session *s, size_t from)
{
	for (size_t i = from; i < s->n_queue; i++)
		json_decref(s->queue[i].items);
	s->n_queue = from < s->n_queue ? from : s->n_queue;
}

/* The first prompts of the queue that are alike in bargein, as one list. */
static json_t *queue_take(struct vx_session *s, bool *barge)
{
	json_t *items = json_array();
	size_t n = 0;

	*barge = s->queue[0].barge;
	while (n < s->n_queue && s->queue[n].barge == *barge) {
		json_array_extend(items, s->queue[n].items);
		json_decref(s->queue[n++].items);
	}
	memmove(s->queue, s->queue + n, (s->n_queue - n) * sizeof(s->queue[0]));
	s->n_queue -= n;
	return items;
}

/* Plays the queue. With `listening`, a key ends what may be barged into, and keys typed ahead skip it; keys typed
 * during a prompt that may not be barged into are thrown away (4.1.5). Returns at hang-up too. */
static int play_queue(struct vx_session *s, bool listening)
{
	while (s->n_queue && !s->hungup && !s->aborted) {
		bool barge;
		json_t *items = queue_take(s, &barge);

		if (s->left || (listening && barge && (s->n_keys || s->words))) {
			json_decref(items);
			continue;
		}
		s->playing = true;
		s->host->play(s->arg, items, listening && barge);
		while (s->playing && !s->hungup && !s->aborted && !(listening && barge && s->n_keys))
			vx_wait(s);
		if (s->playing && !s->hungup)
			s->host->stop(s->arg);
		s->playing = false;
		if (!barge && listening)
			s->n_keys = 0;
	}
	queue_drop(s, 0);
	return s->aborted ? VX_ENDED : VX_GO_ON;
}

int vx_prompts_flush(struct vx_session *s)
{
	int ctl = play_queue(s, false);

	if (ctl != VX_GO_ON || !s->hungup)
		return ctl;
	return hangup(s, s->item ? s->item->node : NULL);
}

/* Waits for a key, words, or the timer. */
static int wait_input(struct vx_session *s, mxml_node_t *node, int64_t ms)
{
	s->timer_fired = false;
	s->host->timer(s->arg, ms);
	if (!s->n_keys && !s->words && !s->hungup)
		s->host->listening(s->arg);
	while (!s->n_keys && !s->words && !s->timer_fired && !s->hungup && !s->aborted)
		vx_wait(s);
	s->host->timer(s->arg, -1);
	if (s->aborted)
		return VX_ENDED;
	if (s->hungup)
		return hangup(s, node);
	return VX_GO_ON;
}

/* Runs the tokens so far through all grammars; the first that is complete wins. */
static int judge(struct listener *l, const char *const *tokens, size_t n)
{
	l->full = l->more = false;
	json_decref(l->tags);
	l->tags = NULL;
	for (size_t i = 0; i < l->n; i++) {
		struct vx_match m;

		if (vx_grammar_match(l->list[i].g, tokens, n, l->dtmf, &m))
			return vx_fail(l->s, "error.noresource", "out of memory", 0);
		l->more |= m.more;
		if (m.full && !l->full) {
			l->full = true;
			l->index = i;
			l->tags = m.tags;
		} else {
			json_decref(m.tags);
		}
	}
	return VX_GO_ON;
}

static const char *key_token(char key)
{
	static const char *const names[] = {"0", "1", "2", "3", "4", "5", "6", "7",
					    "8", "9", "*", "#", "A", "B", "C", "D"};

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(names); i++) {
		if (*names[i] == toupper((unsigned char)key))
			return names[i];
	}
	return NULL;
}

static char key_take(struct vx_session *s)
{
	char key = s->keys[0];

	memmove(s->keys, s->keys + 1, --s->n_keys);
	return key;
}

/* One key more. *done: the input is decided (l->full says how). */
static int key_add(struct listener *l, char key, bool *done)
{
	const char *token = key_token(key);
	bool was_full = l->full;
	size_t was_index = l->index;
	json_t *was_tags = json_incref(l->tags);
	int ctl;

	*done = false;
	if (!token || l->n_tokens >= VX_INPUT_MAX) {
		json_decref(was_tags);
		return VX_GO_ON;
	}
	l->tokens[l->n_tokens++] = token;
	ctl = judge(l, l->tokens, l->n_tokens);
	if (ctl == VX_GO_ON && !l->full && !l->more) {
		*done = true;
		if (key == l->termchar && l->n_tokens > 1) { /* no grammar wanted it: it ends the input */
			l->n_tokens--;
			l->full = was_full;
			l->index = was_index;
			l->tags = json_incref(was_tags);
		}
	}
	json_decref(was_tags);
	return ctl;
}

/* Keys until the input is complete, hopeless, ended by the terminating key, or no more come. */
static int keys_collect(struct listener *l, mxml_node_t *node)
{
	struct vx_session *s = l->s;
	bool done = false;
	int ctl = VX_GO_ON;

	l->dtmf = true;
	while (!done && ctl == VX_GO_ON) {
		if (!s->n_keys) {
			int64_t ms = l->full && !l->more ? l->term : l->inter;

			if (l->full && !l->more && l->term <= 0)
				break;
			ctl = wait_input(s, node, ms);
			if (ctl != VX_GO_ON || !s->n_keys)
				break;
		} else if (l->full && !l->more && s->keys[0] != l->termchar) {
			break; /* typed ahead: for the next item */
		}
		ctl = key_add(l, key_take(s), &done);
	}
	return ctl;
}

static int words_collect(struct listener *l, char *copy)
{
	char *save = NULL;

	l->dtmf = false;
	for (char *w = strtok_r(copy, " \t,.;:!?", &save); w && l->n_tokens < VX_INPUT_MAX;
	     w = strtok_r(NULL, " \t,.;:!?", &save))
		l->tokens[l->n_tokens++] = w;
	return judge(l, l->tokens, l->n_tokens);
}

static void text_join(const struct listener *l, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < l->n_tokens && len < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s", i && !l->dtmf ? " " : "", l->tokens[i]);
}

/* What a match means; a script in the grammar's tags is run in the box. */
static int meaning(struct listener *l, struct vx_input *in)
{
	struct vx_active *a = &l->list[l->index];
	const char *value = vx_tag(a->node) == VX_OPTION ? vx_attr(a->node, "value") : NULL;
	bool script = false;
	char *text;
	int ctl = VX_GO_ON;

	if (vx_tag(a->node) == VX_OPTION) {
		text = value ? zj_strdup(value) : vx_text_of(a->node);
		in->meaning = json_string(text ? text + strspn(text, " \t\r\n") : "");
		zj_deref(text);
		return VX_GO_ON;
	}
	in->meaning = vx_grammar_meaning(a->g, in->text, l->tags, &script);
	if (script)
		ctl = vx_js(l->s, a->node, json_pack("[sO]", "sisr", l->tags), &in->meaning);
	return ctl;
}

static void listener_init(struct listener *l, struct vx_session *s, mxml_node_t *node)
{
	const char *term = vx_property(s, node, "termchar", "#");

	l->s = s;
	l->termchar = *term;
	l->timeout = s->timeout_ms >= 0 ? s->timeout_ms : vx_property_ms(s, node, "timeout", 5000);
	l->inter = vx_property_ms(s, node, "interdigittimeout", 3000);
	l->term = vx_property_ms(s, node, "termtimeout", 0);
}

/* Plays what is queued and listens with the grammars of `list`. */
int vx_collect(struct vx_session *s, struct vx_item *item, struct vx_active *list, size_t n, struct vx_input *in)
{
	struct listener l = {.list = list, .n = n};
	char *words = NULL;
	int ctl;

	listener_init(&l, s, item->node);
	s->timeout_ms = -1;
	if (vx_turns_metric)
		zj_metric_add(vx_turns_metric, 1);
	if (s->left)
		return VX_ENDED;
	ctl = play_queue(s, true);
	if (ctl == VX_GO_ON && !s->n_keys)
		ctl = wait_input(s, item->node, l.timeout);
	s->steps = 0;
	if (ctl == VX_GO_ON && s->words) {
		words = s->words;
		s->words = NULL;
		ctl = words_collect(&l, words);
	} else if (ctl == VX_GO_ON && s->n_keys) {
		ctl = keys_collect(&l, item->node);
	}
	if (ctl == VX_GO_ON && l.n_tokens) {
		in->what = l.full ? VX_HEARD_MATCH : VX_HEARD_NOMATCH;
		in->index = l.index;
		in->dtmf = l.dtmf;
		text_join(&l, in->text, sizeof(in->text));
		if (l.full)
			ctl = meaning(&l, in);
		else
			s->n_keys = 0;
	}
	json_decref(l.tags);
	zj_deref(words);
	return ctl;
}
