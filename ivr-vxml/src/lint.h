/* `ivr-vxml lint FILE|-|URL` and `ivr-vxml console FILE|URL`. */
#ifndef VX_LINT_H
#define VX_LINT_H
int vx_lint_main(int argc, char **argv);
int vx_console_main(int argc, char **argv);
#endif
