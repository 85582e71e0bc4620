# The console. Built once into build/web (the sanitised twin serves the same files); nothing runs when nothing changed.
WEB_OUT  := build/web
WEB_SRCS := $(shell find web/src web/public -type f 2>/dev/null) web/index.html web/vite.config.ts web/tsconfig.json

.PHONY: console web-check web-test
console: $(WEB_OUT)/.built

web/node_modules/.stamp: web/package.json web/package-lock.json web/.npmrc | build/.deps
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB_OUT)/.built: web/node_modules/.stamp $(WEB_SRCS)
	cd web && ZJ_WEB_OUT=$(abspath $(WEB_OUT)) npx --no-install vite build --logLevel warn
	@find $(WEB_OUT) -type f \( -name '*.js' -o -name '*.css' -o -name '*.svg' -o -name '*.html' \) -exec gzip -kfn9 {} +
	@touch $@

web-check: web/node_modules/.stamp
	cd web && npx --no-install eslint . --max-warnings 0 && npx --no-install vue-tsc --noEmit

# Unit tests, then the console in Chromium against a small api of its own.
web-test: console
	cd web && npx --no-install vitest run --reporter=dot && node --test test/*.test.mjs
