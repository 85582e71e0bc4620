/* What cmocka wants to have included before it. */
#ifndef MD_TESTING_H
#define MD_TESTING_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <zj_obj.h>

#include <cmocka.h> /* wants the others before it */
#define TEST(f) cmocka_unit_test(f)
#endif
