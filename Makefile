# Zongji. `make run` and `make test` do everything on a fresh Debian 12; see docs/layout.md.
MAKEFLAGS += --jobs=$(shell nproc)
BUILD   ?= build
CC      ?= gcc
SAN     ?=
CFLAGS  := -std=gnu11 -O2 -g -D_GNU_SOURCE -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
           -Wimplicit-fallthrough -Werror -fno-omit-frame-pointer -fstack-protector-strong -Ilib/include $(EXTRA_CFLAGS)
LDFLAGS := $(EXTRA_LDFLAGS)
ifdef SAN
  BUILD   := build/san
  CFLAGS  += -fsanitize=address,undefined -fno-sanitize-recover=undefined -U_FORTIFY_SOURCE
  LDFLAGS += -fsanitize=address,undefined
endif

# A part: its libraries by pkg-config name, and plain linker words. mk/part.mk makes the rules.
ROOMS          := resource
PROGRAMS       := mediad acd ivr-vxml api worker zongji
lib_PKGS       := libuv jansson libpq hiredis libmicrohttpd libseccomp libsodium
mediad_PKGS    := sofia-sip-ua sndfile speexdsp opus libebur128 libtiff-4 kissfft-float
mediad_LIBS    := -lspandsp -lcrypto
acd_PKGS       :=
ivr-vxml_PKGS  := expat libcurl mxml
resource_PKGS  :=
api_ROOMS      := resource
api_PKGS       := libh2o libcrypto liboath
api_LIBS       := -lwslay
worker_ROOMS   := resource
worker_PKGS    := libzip xlsxwriter expat libcurl libtiff-4 libcrypto sndfile
worker_LIBS    := -lcsv -lz
zongji_PKGS    := libcrypto
LIB_LIBS       := -lpthread -lm

.PHONY: all run test bench check san clean deps
all: deps programs modules console
deps: $(BUILD)/.deps
build/.deps build/san/.deps: ops/packages.txt ops/install
	ops/install && mkdir -p $(@D) && touch $@

include mk/part.mk mk/ivr.mk mk/kamailio.mk mk/web.mk mk/check.mk mk/fuzz.mk

run: all
	exec ops/run
test: all tests
	tests/run
bench: all tests
	tests/bench/run
san: ; $(MAKE) SAN=1 all tests && ZJ_BUILD=build/san tests/run
clean: ; rm -rf build
