# Rules for lib, the rooms that several programs share (part_ROOMS), and the programs: part/src/**.c → build/bin/part; part/test/test_*.c → build/test/part/test_*.
pkg = $(if $(1),$(shell pkg-config $(2) $(1) 2>/dev/null))
srcs = $(wildcard $(1)/src/*.c $(1)/src/*/*.c)

define part_rules
$(1)_SRCS  := $$(call srcs,$(1))
$(1)_OBJS  := $$($(1)_SRCS:%.c=$(BUILD)/obj/%.o)
$(1)_TESTS := $$(patsubst $(1)/test/%.c,$(BUILD)/test/$(1)/%,$$(wildcard $(1)/test/test_*.c))
$(1)_CF     = $$(call pkg,$$(lib_PKGS) $$($(1)_PKGS),--cflags) -I$(1)/src $$($(1)_ROOMS:%=-I%/src)
$(1)_LD     = $$($(1)_LIBS) $$(call pkg,$$($(1)_PKGS),--libs) $$(call pkg,$$(lib_PKGS),--libs) $$(LIB_LIBS)
$$($(1)_OBJS): $(BUILD)/obj/%.o: %.c | $(BUILD)/.deps
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS) $$($(1)_CF) $$($(1)_EXTRA) -MMD -MP -c $$< -o $$@
$(BUILD)/test/$(1)/%: $(1)/test/%.c $$(filter-out %/main.o,$$($(1)_OBJS)) $$($(1)_ROOMS:%=$(BUILD)/lib%.a) $(BUILD)/libzj.a | $(BUILD)/.deps
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS) $$($(1)_CF) -I$(1)/test -MMD -MP $$< $$(filter %.o %.a,$$^) -o $$@ $(LDFLAGS) -lcmocka $$($(1)_LD)
-include $$($(1)_OBJS:.o=.d) $$($(1)_TESTS:%=%.d)
endef

define program_rules
$(BUILD)/bin/$(1): $$($(1)_OBJS) $$($(1)_ROOMS:%=$(BUILD)/lib%.a) $(BUILD)/libzj.a
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS) $$^ -o $$@ $(LDFLAGS) $$($(1)_LD)
endef

$(eval $(call part_rules,lib))
$(foreach p,$(ROOMS),$(eval $(call part_rules,$(p))))
$(foreach p,$(PROGRAMS),$(eval $(call part_rules,$(p))))
$(foreach p,$(PROGRAMS),$(eval $(call program_rules,$(p))))

$(BUILD)/libzj.a: $(lib_OBJS)
	rm -f $@ && ar rcs $@ $^
define room_rules
$(BUILD)/lib$(1).a: $$($(1)_OBJS)
	rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach p,$(ROOMS),$(eval $(call room_rules,$(p))))

.PHONY: programs tests
programs: $(PROGRAMS:%=$(BUILD)/bin/%)
tests: $(lib_TESTS) $(foreach p,$(ROOMS) $(PROGRAMS),$($(p)_TESTS))

# Programs that tests use: tests/tools/*.c → build/test/tools/*.
TEST_TOOLS := $(patsubst tests/tools/%.c,$(BUILD)/test/tools/%,$(wildcard tests/tools/*.c))
tests: $(TEST_TOOLS)
$(BUILD)/test/tools/%: tests/tools/%.c | $(BUILD)/.deps
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $< -o $@ $(LDFLAGS) $($(*F)_LIBS) -lm
faxpeer_LIBS := -lspandsp -ltiff
