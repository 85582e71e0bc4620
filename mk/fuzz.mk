# make fuzz: tests/fuzz/fuzz_<part>_<what>.c with that part's sources (and lib's) under libFuzzer, ASan and UBSan, FUZZ_S seconds
# each from the corpus in tests/fuzz/corpus/<part>_<what>. What it finds is left in build/fuzz.
FUZZ_S     ?= 10
FUZZ_SRCS  := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_NAMES := $(FUZZ_SRCS:tests/fuzz/fuzz_%.c=%)
fuzz_part   = $(firstword $(subst _, ,$(1)))
fuzz_rooms  = $(foreach r,$($(call fuzz_part,$(1))_ROOMS),$($(r)_SRCS))
fuzz_srcs   = $(lib_SRCS) $(fuzz_rooms) $(if $(filter lib,$(call fuzz_part,$(1))),,$(filter-out %/main.c,$($(call fuzz_part,$(1))_SRCS)))

.PHONY: fuzz $(FUZZ_NAMES:%=fuzz-%)
fuzz: $(FUZZ_NAMES:%=fuzz-%)
check: fuzz
define fuzz_rule
build/fuzz/$(1): tests/fuzz/fuzz_$(1).c $(call fuzz_srcs,$(1)) | build/.deps
	@mkdir -p build/fuzz
	clang -std=gnu11 -O1 -g -D_GNU_SOURCE -Ilib/include -Ilib/src $$($(call fuzz_part,$(1))_CF) $$($(call fuzz_part,$(1))_EXTRA) \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined $$(filter %.c,$$^) -o $$@ $$($(call fuzz_part,$(1))_LD)
fuzz-$(1): build/fuzz/$(1)
	@mkdir -p build/fuzz/corpus_$(1)
	cd build/fuzz && ./$(1) -max_total_time=$(FUZZ_S) -timeout=5 -max_len=8192 -verbosity=0 -print_final_stats=0 corpus_$(1) ../../tests/fuzz/corpus/$(1)
endef
$(foreach n,$(FUZZ_NAMES),$(eval $(call fuzz_rule,$(n))))
