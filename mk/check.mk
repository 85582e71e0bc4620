# make check: format, clang-tidy (and clang's own warnings), cppcheck, shellcheck, sizes, the console's linters, bounded fuzzing.
CHECK_C   := $(foreach p,lib $(ROOMS) $(PROGRAMS),$($(p)_SRCS))
CHECK_ALL := $(CHECK_C) $(foreach p,lib $(ROOMS) $(PROGRAMS),$(wildcard $(p)/test/*.c $(p)/test/*.h $(p)/src/*.h $(p)/src/*/*.h)) \
             $(wildcard lib/include/*.h kamailio-mods/*/*.c kamailio-mods/*/*.h tests/*/*.c)
SHELL_SCRIPTS := $(shell grep -lE '^\#!.*\b(ba)?sh\b' ops/* tests/run tests/bench/* mk/* kamailio-mods/* .ci/* 2>/dev/null)

.PHONY: check format check-format check-tidy check-cppcheck check-shell check-sizes
check: check-format check-tidy check-cppcheck check-shell check-sizes web-check
format: ; clang-format -i $(CHECK_ALL)
check-format: ; clang-format --dry-run -Werror $(CHECK_ALL)
check-tidy: $(CHECK_C:%.c=build/check/%.tidy)
check-cppcheck: ; cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr --enable=warning,performance,portability \
	--suppress=missingIncludeSystem --suppress=unknownMacro --suppress=uninitvar --suppress=nullPointerRedundantCheck:acd/src/shell/redis_mirror.c -j2 -Ilib/include $(CHECK_C)
check-shell: ; shellcheck $(SHELL_SCRIPTS)
check-sizes: ; mk/sizes $(CHECK_ALL)

# One stamp a file: what did not change is not looked at again.
define tidy_rule
build/check/$(1)/%.tidy: $(1)/%.c .clang-tidy $(wildcard lib/include/*.h $(1)/src/*.h $(1)/src/*/*.h)
	@mkdir -p $$(@D)
	clang-tidy --quiet $$< -- $$(CFLAGS) $$($(1)_CF) $$($(1)_EXTRA) 2>build/check/err || { cat build/check/err; exit 1; }
	@touch $$@
endef
$(foreach p,lib $(ROOMS) $(PROGRAMS),$(eval $(call tidy_rule,$(p))))
