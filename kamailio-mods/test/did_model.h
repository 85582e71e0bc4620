/* The slow, obviously correct routes, and random tables for both: a part of test_did_route.c, which has its rows. */
/* Every row is looked at, with rules written down another way. */
struct plain_route {
	struct route r;
	unsigned n;
	bool alive;
};
#define ROUTES 60
static struct plain_route all[ROUTES];

static bool plain_digits(const char *match, const char *text, const char *n)
{
	char lo[20], hi[20];
	if (!strcmp(match, "any"))
		return true;
	if (!strcmp(match, "number"))
		return !strcmp(text, n);
	if (!strcmp(match, "prefix"))
		return strstr(n, text) == n;
	if (!strcmp(match, "anonymous"))
		return !*n;
	if (!strcmp(match, "range")) {
		if (sscanf(text, "%19[0-9]-%19[0-9]", lo, hi) != 2)
			return false;
		return strlen(n) == strlen(lo) && atoll(lo) <= atoll(n) && atoll(n) <= atoll(hi);
	}
	for (; *text; text++, n++) { /* patterns of digits and X only, with a dot at the end */
		if (*text == '.')
			return *n;
		if (!*n || (*text != 'X' && *text != *n))
			return false;
	}
	return !*n;
}

static int rank_of(const char *match)
{
	static const char *const order[] = {"any", "anonymous", "prefix", "pattern", "range", "group", "number"};
	for (int i = 0; i < 7; i++)
		if (!strcmp(order[i], match))
			return i;
	return -1;
}

static long long sharp(const char *match, const char *text)
{
	char lo[20], hi[20];
	if (!strcmp(match, "range") && sscanf(text, "%19[0-9]-%19[0-9]", lo, hi) == 2)
		return -(atoll(hi) - atoll(lo));
	return !strcmp(match, "prefix") || !strcmp(match, "number") ? (long long)strlen(text)
	       : !strcmp(match, "pattern")                          ? (long long)strspn(text, "0123456789")
								    : 0;
}

/* Does x come before y? */
static bool plain_before(const struct route *x, unsigned nx, const struct route *y, unsigned ny)
{
	long long a[] = {atoi(x->priority),
			 rank_of(x->did_match),
			 x->did ? sharp(x->did_match, x->did) : 0,
			 rank_of(x->caller_match),
			 x->caller ? sharp(x->caller_match, x->caller) : 0,
			 x->trunk != 0,
			 x->time_from != NULL};
	long long b[] = {atoi(y->priority),
			 rank_of(y->did_match),
			 y->did ? sharp(y->did_match, y->did) : 0,
			 rank_of(y->caller_match),
			 y->caller ? sharp(y->caller_match, y->caller) : 0,
			 y->trunk != 0,
			 y->time_from != NULL};
	for (int i = 0; i < 7; i++)
		if (a[i] != b[i])
			return a[i] > b[i];
	return nx < ny;
}

static unsigned plain_find(const char *called, unsigned called_id, unsigned group, const char *caller, unsigned via,
			   int hour)
{
	const struct plain_route *best = NULL;
	for (int i = 0; i < ROUTES; i++) {
		const struct route *r = &all[i].r;
		bool did = !strcmp(r->did_match, "number")  ? r->of == called_id
			   : !strcmp(r->did_match, "group") ? r->of == group
							    : plain_digits(r->did_match, r->did, called);
		int from = r->time_from ? atoi(r->time_from) : 0, to = r->time_to ? atoi(r->time_to) : 24;
		bool time = !r->time_from || (from < to ? hour >= from && hour < to : hour >= from || hour < to);
		if (all[i].alive && did && strcmp(r->enabled, "f") &&
		    plain_digits(r->caller_match, r->caller, caller) && (!r->trunk || r->trunk == via) && time &&
		    (!best || plain_before(r, all[i].n, &best->r, best->n)))
			best = &all[i];
	}
	return best ? best->n : 0;
}

/* Texts that live as long as a table. */
static char texts[ROUTES][4][40];

static const char *some_digits(char *out, int least, int most)
{
	int n = least + rand() % (most - least + 1);
	for (int i = 0; i < n; i++)
		out[i] = (char)('0' + rand() % 3);
	out[n] = '\0';
	return out;
}

static const char *some_criterion(char *out, const char *match)
{
	if (!strcmp(match, "any") || !strcmp(match, "anonymous"))
		return NULL;
	if (!strcmp(match, "range")) {
		int a = rand() % 222, b = a + rand() % (223 - a);
		snprintf(out, 40, "%03d-%03d", a, b);
		return out;
	}
	some_digits(out, 1, strcmp(match, "number") ? 3 : 4);
	for (size_t i = 0; !strcmp(match, "pattern") && out[i]; i++)
		if (rand() % 3 == 0)
			out[i] = 'X';
	if (!strcmp(match, "pattern") && rand() % 3 == 0)
		strcat(out, ".");
	return out;
}

static void some_table(void)
{
	static const char *const dids[] = {"any", "number", "group", "prefix", "range", "pattern"};
	static const char *const callers[] = {"any", "number", "prefix", "pattern", "anonymous", "any"};
	static const char *const priorities[] = {"0", "0", "1", "2"};
	for (int i = 0; i < ROUTES; i++) {
		struct route r = {.enabled = rand() % 8 ? "t" : "f",
				  .priority = priorities[rand() % 4],
				  .did_match = dids[rand() % 6],
				  .caller_match = callers[rand() % 6]};
		if (!strcmp(r.did_match, "number"))
			r.of = 100 + (unsigned)rand() % 27;
		else if (!strcmp(r.did_match, "group"))
			r.of = 70 + (unsigned)rand() % 2;
		else
			r.did = some_criterion(texts[i][0], r.did_match);
		r.caller = some_criterion(texts[i][1], r.caller_match);
		r.trunk = rand() % 4 ? 0 : 30 + (unsigned)rand() % 2;
		if (rand() % 3 == 0) {
			int from = rand() % 24, to = (from + 1 + rand() % 23) % 24;
			snprintf(texts[i][2], 40, "%02d:00:00", from);
			snprintf(texts[i][3], 40, "%02d:59:59", (to + 23) % 24);
			if (from != to && strncmp(texts[i][2], texts[i][3], 2)) {
				r.time_from = texts[i][2];
				r.time_to = texts[i][3];
			}
		}
		all[i] = (struct plain_route){r, 200 + (unsigned)i, rand() % 4 != 0};
		if (all[i].alive)
			route(all[i].n, r);
		else
			row(DID_ROUTE, all[i].n, NULL);
		if (r.time_to) { /* the model counts whole hours, to the end of the last */
			snprintf(texts[i][3], 40, "%d",
				 (atoi(texts[i][3]) + 1) % 24 ? (atoi(texts[i][3]) + 1) % 24 : 24);
		}
	}
}
