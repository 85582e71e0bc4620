// What a browser loads before it shows anything: the built console's first files, and what they may do.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { root } from './stage.mjs'

const manifest = JSON.parse(readFileSync(join(root, '.vite/manifest.json'), 'utf8'))
const page = readFileSync(join(root, 'index.html'), 'utf8')

/** A chunk with everything that comes with it: what it imports at once, and styles. */
function withImports(name, seen = new Set()) {
  const chunk = manifest[name]
  if (seen.has(chunk.file)) return seen
  seen.add(chunk.file)
  for (const css of chunk.css ?? []) seen.add(css)
  for (const next of chunk.imports ?? []) withImports(next, seen)
  return seen
}
const weigh = (files) => [...files].reduce((sum, f) => sum + gzipSync(readFileSync(join(root, f)), { level: 6 }).length, 0)

test('entry and preloaded chunks are less than 300 kB (gzip); editor and generated pages are not among them', () => {
  const [entry] = Object.keys(manifest).filter((k) => manifest[k].isEntry)
  const preloaded = [...page.matchAll(/(?:href|src)="\/(assets\/[^"]+)"/g)].map((m) => m[1])
  const first = new Set([...withImports(entry), ...preloaded])
  const bytes = weigh(first)
  assert.ok(bytes < 300_000, `${bytes} bytes: ${[...first].join(' ')}`)
  const lazy = Object.values(manifest).filter((c) => /RichText|ListPage|FormPage|ImportPage|JobsPage/.test(c.file) && c.file.endsWith('.js'))
  assert.ok(lazy.length >= 5)
  assert.deepEqual(lazy.filter((c) => first.has(c.file)), [])
})

test('nothing comes from outside, nothing is made of texts', () => {
  assert.match(page, /Content-Security-Policy" content="default-src 'self'/)
  assert.doesNotMatch(page, /unsafe-/)
  for (const name of readdirSync(join(root, 'assets'))) {
    const text = readFileSync(join(root, 'assets', name))
    if (name.endsWith('.css')) assert.doesNotMatch(text.toString(), /@import|url\(['"]?(https?:)?\/\//, name)
    if (name.endsWith('.js')) assert.doesNotMatch(text.toString(), /[^.\w]eval\(|new Function\(/, name)
  }
  assert.doesNotMatch(page, /(src|href)="(https?:)?\/\//)
})
