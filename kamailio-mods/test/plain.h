#ifndef PLAIN_H
#define PLAIN_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs those above */

long plain_alive(void);        /* blocks of "shared" memory in use */
void plain_fail_after(long n); /* n more succeed; -1: all */
#endif
