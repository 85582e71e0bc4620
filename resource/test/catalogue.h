/* A small catalogue (catalogue.json, in the form in which res_schema_sql answers it), for the tests of what is made
 * from it. */
#ifndef TEST_CATALOGUE_H
#define TEST_CATALOGUE_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include "schema.h"
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

static int catalogue_teardown(void **state)
{
	*state = zj_deref(*state);
	return (int)zj_objects_alive();
}
#endif
