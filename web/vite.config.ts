import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

// ZJ_WEB_OUT is where the Makefile wants the console (build/web); ZJ_API is a running api for `npm run dev`.
const env = (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env ?? {}
const api = env.ZJ_API ?? 'http://127.0.0.1:20000'

export default defineConfig({
  plugins: [vue()],
  build: {
    outDir: env.ZJ_WEB_OUT ?? '../build/web',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: true
  },
  server: { proxy: { '/api': { target: api, ws: true } } },
  test: { include: ['test/unit/**/*.test.ts'], environment: 'node' }
})
