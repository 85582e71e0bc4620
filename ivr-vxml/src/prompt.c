/* Prompts: which ones (VoiceXML 2.0, 4.1.6), and what is played: text, stored prompts, audio, pauses, digits. */
#include "fia.h"
#include "zj_log.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX  4000 /* bytes of one text for the synthesiser */
#define ITEMS_MAX 200
#define VALUE_MAX 64 /* bytes of a say-as */

struct render {
	struct vx_session *s;
	json_t *items;
	char text[TEXT_MAX];
	size_t len;
	const char *lang;   /* of the text gathered */
	mxml_node_t *owner; /* of <enumerate>: the menu or field */
	unsigned depth;
};

static int children(struct render *r, mxml_node_t *parent);

bool vx_is_inline(mxml_node_t *node)
{
	switch (vx_tag(node)) {
	case VX_TEXT:
	case VX_AUDIO:
	case VX_ENUMERATE:
	case VX_VALUE:
	case VX_BREAK:
	case VX_EMPHASIS:
	case VX_P:
	case VX_PARAGRAPH:
	case VX_S:
	case VX_SENTENCE:
	case VX_PROSODY:
	case VX_SAY_AS:
	case VX_PHONEME:
	case VX_SUB:
	case VX_VOICE:
	case VX_MARK:
		return true;
	default:
		return false;
	}
}

/* "zh-CN" → "zh": what the synthesiser has. */
static const char *lang_short(struct render *r, mxml_node_t *node)
{
	static const char *const langs[][2] = {{"zh", "zh"}, {"cmn", "zh"}, {"en", "en"}, {"ja", "ja"}, {"ko", "ko"},
					       {"ru", "ru"}, {"fr", "fr"},  {"de", "de"}, {"es", "es"}};
	const char *lang = vx_lang_of(node);

	for (size_t i = 0; lang && i < ZJ_ARRAY_SIZE(langs); i++) {
		if (!strncmp(lang, langs[i][0], strlen(langs[i][0])))
			return langs[i][1];
	}
	return r->s->lang;
}

static void item_add(struct render *r, json_t *item)
{
	if (json_array_size(r->items) < ITEMS_MAX)
		json_array_append_new(r->items, item);
	else
		json_decref(item);
}

static void text_flush(struct render *r)
{
	json_t *text;

	while (r->len && r->text[r->len - 1] == ' ')
		r->len--;
	text = r->len ? json_stringn(r->text, r->len) : NULL;
	r->len = 0;
	if (text)
		item_add(r, json_pack("{soss}", "tts", text, "lang", r->lang));
}

/* Adds words with white space squeezed; a change of language begins a new item. */
static void text_add(struct render *r, const char *text, const char *lang)
{
	if (r->len && strcmp(r->lang, lang))
		text_flush(r);
	r->lang = lang;
	for (; *text; text++) {
		bool space = isspace((unsigned char)*text);

		if (space && (!r->len || r->text[r->len - 1] == ' '))
			continue;
		if (r->len + 5 > sizeof(r->text)) {
			if ((*text & 0xc0) == 0x80) { /* never cut within a character */
				r->text[r->len++] = *text;
				continue;
			}
			text_flush(r);
		}
		r->text[r->len++] = space ? ' ' : *text;
	}
}

static int value(struct render *r, mxml_node_t *node)
{
	char *text = NULL;
	int ctl = vx_js_str(r->s, node, vx_attr(node, "expr"), &text);

	if (ctl == VX_GO_ON)
		text_add(r, text, lang_short(r, node));
	zj_deref(text);
	return ctl;
}

/* The file that an address stands for; *file stays NULL when there is none. */
static int audio_file(struct render *r, mxml_node_t *node, const char *src, char **file)
{
	struct vx_session *s = r->s;

	if (!strncmp(src, "prompt:", 7) || !strncmp(src, "record:", 7)) {
		*file = s->host->prompt_file(s->arg, src, lang_short(r, node));
		return VX_GO_ON;
	}
	return vx_fetch_audio(s, src, file);
}

static int audio(struct render *r, mxml_node_t *node)
{
	char *src = NULL, *file = NULL;
	json_t *item;
	int ctl = vx_js_attr(r->s, node, "src", "expr", &src);

	if (ctl == VX_GO_ON && src && *src)
		ctl = audio_file(r, node, src, &file);
	if (ctl == VX_GO_ON && file) {
		text_flush(r);
		item = json_pack("{ss}", "file", file);
		item_add(r, item);
	} else if (ctl == VX_GO_ON) {
		if (src && !mxmlGetFirstChild(node))
			zj_warn("prompt", "audio is not there and has no other content src=%s line=%u", zj_log_esc(src),
				vx_el(node)->line);
		ctl = children(r, node);
	}
	zj_deref(src);
	zj_deref(file);
	return ctl;
}

/* What `interpret-as` may begin with (after "vxml:"), and the play item that says it. */
static const char *say_item(const char *as)
{
	static const struct {
		const char *as, *item;
	} kinds[] = {{"digits", "digits"}, {"telephone", "digits"}, {"phone", "digits"},    {"characters", "digits"},
		     {"number", "number"}, {"cardinal", "number"},  {"ordinal", "ordinal"}, {"currency", "money"},
		     {"money", "money"},   {"date", "date"},        {"time", "time"},       {"duration", "duration"}};

	for (size_t i = 0; i < ZJ_ARRAY_SIZE(kinds); i++) {
		if (strstr(as, kinds[i].as))
			return kinds[i].item;
	}
	return NULL;
}

/* Digits are written in groups, numbers with spaces between thousands: they are said without. */
static void squeeze(char *text, const char *away)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (!strchr(away, *from))
			*to++ = *from;
	}
	*to = '\0';
}

/* `else`: a value that is none of its kind is read out as it stands. */
static int say_as(struct render *r, mxml_node_t *node)
{
	const char *lang = lang_short(r, node), *item = say_item(vx_attr(node, "interpret-as"));
	char value[VALUE_MAX + 1] = "";
	struct render *inner;
	int ctl;

	if (!item)
		return children(r, node);
	text_flush(r);
	inner = zj_alloc(sizeof(*inner), NULL);
	if (!inner)
		return VX_GO_ON;
	*inner = (struct render){.s = r->s, .items = r->items, .owner = r->owner, .depth = r->depth};
	ctl = children(inner, node);
	inner->text[inner->len < TEXT_MAX ? inner->len : TEXT_MAX - 1] = '\0';
	if (strlen(inner->text) <= VALUE_MAX)
		strcpy(value, inner->text);
	if (!strcmp(item, "digits"))
		squeeze(value, " -+");
	else if (!strcmp(item, "number"))
		squeeze(value, " ");
	if (ctl == VX_GO_ON && *value)
		item_add(r, json_pack("{ssssss}", item, value, "lang", lang, "else", inner->text));
	else if (ctl == VX_GO_ON)
		text_add(r, inner->text, lang);
	zj_deref(inner);
	return ctl;
}

/* <break>: a pause in milliseconds. */
static void pause_add(struct render *r, mxml_node_t *node)
{
	static const struct {
		const char *word;
		int ms;
	} strengths[] = {{"none", 0},     {"x-weak", 100},  {"weak", 250},   {"small", 250},
			 {"medium", 500}, {"strong", 1000}, {"large", 1000}, {"x-strong", 2000}};
	const char *word = vx_attr(node, "strength") ? vx_attr(node, "strength") : vx_attr(node, "size");
	int64_t ms = vx_time_ms(vx_attr(node, "time"), 500);

	for (size_t i = 0; word && i < ZJ_ARRAY_SIZE(strengths); i++) {
		if (!strcmp(strengths[i].word, word))
			ms = strengths[i].ms;
	}
	text_flush(r);
	if (ms > 0)
		item_add(r, json_pack("{sI}", "silence", (json_int_t)(ms < 60000 ? ms : 60000)));
}

/* One choice or option within <enumerate>: its words and key by the template, or plainly. */
static int enumerate_one(struct render *r, mxml_node_t *node, mxml_node_t *choice)
{
	const char *lang = lang_short(r, node);
	char key[40] = "", *text = vx_text_of(choice);
	json_t *ops;
	int ctl = VX_GO_ON;

	vx_choice_key(choice, key, sizeof(key));
	if (!text)
		return VX_GO_ON;
	if (!mxmlGetFirstChild(node)) {
		text_add(r, text, lang);
		if (*key) {
			text_add(r, !strcmp(lang, "zh") ? " 请按 " : ", press ", lang);
			text_add(r, key, lang);
		}
		text_add(r, !strcmp(lang, "zh") ? "。" : ". ", lang);
	} else {
		ops = json_pack("[[ss][ssss][ssss]]", "push", "", "set", "", "_prompt", text, "set", "", "_dtmf", key);
		ctl = vx_js_all(r->s, node, ops, NULL);
		if (ctl == VX_GO_ON) {
			ctl = children(r, node);
			text_add(r, " ", lang);
			if (ctl == VX_GO_ON)
				ctl = vx_js(r->s, node, json_pack("[s]", "pop"), NULL);
		}
	}
	zj_deref(text);
	return ctl;
}

static int enumerate(struct render *r, mxml_node_t *node)
{
	int ctl = VX_GO_ON;

	for (mxml_node_t *n = r->owner ? mxmlGetFirstChild(r->owner) : NULL; n && ctl == VX_GO_ON;
	     n = mxmlGetNextSibling(n)) {
		if (vx_tag(n) == VX_CHOICE || vx_tag(n) == VX_OPTION)
			ctl = enumerate_one(r, node, n);
	}
	return ctl;
}

static int foreach(struct render *r, mxml_node_t *node)
{
	const char *item = vx_attr(node, "item"), *array = vx_attr(node, "array");
	json_t *len = NULL;
	json_int_t n;
	int ctl = vx_js(r->s, node, json_pack("[ss]", "len", array), &len);

	n = json_integer_value(len);
	json_decref(len);
	for (json_int_t i = 0; i < n && ctl == VX_GO_ON; i++) {
		ctl = vx_step(r->s, node);
		if (ctl == VX_GO_ON)
			ctl = vx_js_all(r->s, node, json_pack("[[ss][sssI]]", "push", "", "each", item, array, i),
					NULL);
		if (ctl == VX_GO_ON)
			ctl = children(r, node);
		if (ctl == VX_GO_ON)
			ctl = vx_js(r->s, node, json_pack("[s]", "pop"), NULL);
	}
	return ctl;
}

static int one(struct render *r, mxml_node_t *node)
{
	switch (vx_tag(node)) {
	case VX_TEXT:
		text_add(r, mxmlGetOpaque(node) ? mxmlGetOpaque(node) : "", lang_short(r, node));
		return VX_GO_ON;
	case VX_VALUE:
		return value(r, node);
	case VX_AUDIO:
		return audio(r, node);
	case VX_BREAK:
		pause_add(r, node);
		return VX_GO_ON;
	case VX_SAY_AS:
		return say_as(r, node);
	case VX_SUB:
		text_add(r, vx_attr(node, "alias"), lang_short(r, node));
		return VX_GO_ON;
	case VX_ENUMERATE:
		return enumerate(r, node);
	case VX_FOREACH:
		return foreach(r, node);
	case VX_MARK:
	case VX_DESC:
	case VX_LEXICON:
	case VX_META:
	case VX_METADATA:
		return VX_GO_ON;
	default:
		return children(r, node);
	}
}

static int children(struct render *r, mxml_node_t *parent)
{
	int ctl = VX_GO_ON;

	for (mxml_node_t *n = mxmlGetFirstChild(parent); n && ctl == VX_GO_ON; n = mxmlGetNextSibling(n))
		ctl = one(r, n);
	return ctl;
}

static mxml_node_t *owner_of(mxml_node_t *node)
{
	while (node && vx_tag(node) != VX_MENU && vx_tag(node) != VX_FIELD)
		node = mxmlGetParent(node);
	return node;
}

static struct render *render_alloc(struct vx_session *s, mxml_node_t *node)
{
	struct render *r = zj_alloc(sizeof(*r), NULL);

	if (!r)
		return NULL;
	r->s = s;
	r->items = json_array();
	r->lang = s->lang;
	r->owner = owner_of(node);
	return r;
}

/* Takes what was rendered into the queue. */
static void queue_add(struct render *r, mxml_node_t *node, const char *bargein)
{
	struct vx_session *s = r->s;

	text_flush(r);
	if (json_array_size(r->items) && s->n_queue < VX_QUEUE_MAX && !s->left) {
		if (!bargein)
			bargein = vx_property(s, node, "bargein", "true");
		s->queue[s->n_queue++] = (struct vx_prompt){json_incref(r->items), strcmp(bargein, "false") != 0};
	}
}

int vx_prompt_queue(struct vx_session *s, mxml_node_t *prompt)
{
	struct render *r = render_alloc(s, prompt);
	int ctl = r ? children(r, prompt) : VX_ENDED;

	if (ctl == VX_GO_ON) {
		queue_add(r, prompt, vx_attr(prompt, "bargein"));
		s->timeout_ms = vx_time_ms(vx_attr(prompt, "timeout"), -1);
	}
	if (r)
		json_decref(r->items);
	zj_deref(r);
	return ctl;
}

int vx_prompt_inline(struct vx_session *s, mxml_node_t *first, mxml_node_t **next)
{
	struct render *r = render_alloc(s, first);
	mxml_node_t *n = first;
	int ctl = r ? VX_GO_ON : VX_ENDED;

	for (; n && vx_is_inline(n) && ctl == VX_GO_ON; n = mxmlGetNextSibling(n))
		ctl = one(r, n);
	*next = n;
	if (ctl == VX_GO_ON)
		queue_add(r, first, NULL);
	if (r)
		json_decref(r->items);
	zj_deref(r);
	return ctl;
}

static unsigned prompt_count(mxml_node_t *prompt)
{
	const char *count = vx_tag(prompt) == VX_PROMPT ? vx_attr(prompt, "count") : NULL;

	return count ? (unsigned)atoi(count) : 1;
}

/* Is it a prompt of its own (true), or the beginning of a run of words that stands for one? */
static bool is_prompt(mxml_node_t *node)
{
	const char *text = vx_el(node) ? "" : mxmlGetOpaque(node);

	if (!vx_el(node))
		return text && text[strspn(text, " \t\r\n")];
	return vx_tag(node) == VX_PROMPT || vx_is_inline(node);
}

/* Conditions hold for which of the item's prompts? Bit by bit, so that each is asked once. */
static int prompts_judge(struct vx_session *s, struct vx_item *item, bool *holds, size_t max, unsigned *best)
{
	size_t i = 0;
	int ctl = VX_GO_ON;

	*best = 0;
	for (mxml_node_t *n = mxmlGetFirstChild(item->node); n && i < max && ctl == VX_GO_ON;
	     n = mxmlGetNextSibling(n), i++) {
		unsigned count = is_prompt(n) ? prompt_count(n) : 0;

		holds[i] = false;
		if (!count || count > item->prompts)
			continue;
		ctl = vx_js_bool(s, n, vx_tag(n) == VX_PROMPT ? vx_attr(n, "cond") : NULL, &holds[i]);
		if (holds[i] && count > *best)
			*best = count;
	}
	return ctl;
}

#define ITEM_CHILDREN_MAX 2000

/* Queues those of the item's prompts whose condition holds and whose count is the highest not above the prompt counter.
 */
int vx_prompts_select(struct vx_session *s, struct vx_item *item)
{
	bool *holds = zj_alloc(ITEM_CHILDREN_MAX * sizeof(*holds), NULL);
	unsigned best;
	size_t i = 0;
	int ctl = holds ? prompts_judge(s, item, holds, ITEM_CHILDREN_MAX, &best) : VX_ENDED;
	mxml_node_t *n = mxmlGetFirstChild(item->node);

	while (n && i < ITEM_CHILDREN_MAX && ctl == VX_GO_ON) {
		mxml_node_t *next = mxmlGetNextSibling(n);

		if (holds[i] && prompt_count(n) == best) {
			if (vx_tag(n) == VX_PROMPT)
				ctl = vx_prompt_queue(s, n);
			else
				ctl = vx_prompt_inline(s, n, &next);
		}
		for (; n != next; n = mxmlGetNextSibling(n))
			i++;
	}
	zj_deref(holds);
	return ctl;
}
