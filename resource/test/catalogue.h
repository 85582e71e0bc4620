/* A small catalogue (catalogue.json, in the form in which res_schema_sql answers it), for the tests of what is made
 * from it. */
#ifndef TEST_CATALOGUE_H
#define TEST_CATALOGUE_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include "view.h"
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Beside this file, wherever the test is started. */
static json_t *catalogue_load(void)
{
	char path[512] = __FILE__;
	char *slash = strrchr(path, '/');
	json_error_t e;
	snprintf(slash ? slash + 1 : path, 100, "catalogue.json");
	json_t *tables = json_load_file(path, 0, &e);
	if (!tables)
		fprintf(stderr, "%s: line %d: %s\n", path, e.line, e.text);
	return tables;
}

static int catalogue_setup(void **state)
{
	char why[200] = "";
	json_t *tables = catalogue_load();
	struct res_schema *s = NULL;
	if (!tables || res_schema_alloc(&s, tables, why, sizeof(why)))
		return -1;
	*state = s;
	return 0;
}

/* What somebody sees of the widgets: texts of JSON arrays; NULL: none (of permissions: all). */
static ZJ_UNUSED struct res_view *widgets_seen(void **state, enum res_role role, const char *perms,
					       const char *role_fields, const char *customs)
{
	json_t *p = json_loads(perms ? perms : "[\"*\"]", 0, NULL),
	       *f = role_fields ? json_loads(role_fields, 0, NULL) : NULL,
	       *c = customs ? json_loads(customs, 0, NULL) : NULL;
	struct res_view_args args = {.schema = *state,
				     .def = res_schema_find(*state, "widgets"),
				     .role = role,
				     .perms = p,
				     .role_fields = f,
				     .customs = c};
	struct res_view *v = NULL;
	assert_true(p && (f || !role_fields) && (c || !customs));
	assert_int_equal(res_view_alloc(&v, &args), 0);
	json_decref(p);
	json_decref(f);
	json_decref(c);
	return v;
}

static int catalogue_teardown(void **state)
{
	*state = zj_deref(*state);
	return (int)zj_objects_alive();
}
#endif
