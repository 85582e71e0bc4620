// One page of the console in Chromium with an api of its own for each test. `stage()` registers the hooks; its members are the current test's.
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, afterEach, before, beforeEach } from 'node:test'
import { openBrowser } from './browser.mjs'
import { startFakeApi } from './fake-api.mjs'

export const root = resolve(process.env.ZJ_WEB_OUT ?? fileURLToPath(new URL('../../build/web', import.meta.url)))
const slow = Number(process.env.ZJ_SLOW ?? 1)
/** From an event on the socket to the pixels: 100 ms of batching and a rendering are promised as 300 ms; five times that is asserted. */
const seenWithin = 1500 * slow

export async function until(what, condition, ms = seenWithin) {
  const end = Date.now() + ms
  do {
    const value = await condition()
    if (value) return value
    await new Promise((r) => setTimeout(r, 25))
  } while (Date.now() < end)
  assert.fail(`not within ${ms} ms: ${what}`)
}

class Stage {
  id(testid) { return this.page.getByTestId(testid) }
  texts(testid) { return this.id(testid).allInnerTexts() }
  attributes(testid, name) { return this.id(testid).evaluateAll((all, n) => all.map((e) => e.getAttribute(n)), name) }
  /** The first entity of the fake world that fits. */
  first(kind, where) { return [...this.api.w[kind].values()].find(where) }

  async open({ lang = 'zh', theme = 'light', width = 1280, height = 720 } = {}) {
    await this.context?.close()
    this.context = await this.browser.newContext({ viewport: { width, height }, locale: lang === 'zh' ? 'zh-CN' : 'en-GB', colorScheme: theme, reducedMotion: 'reduce' })
    this.context.setDefaultTimeout(10_000 * slow)
    await this.context.addInitScript((p) => { if (!localStorage.getItem('zj.prefs')) localStorage.setItem('zj.prefs', p) }, JSON.stringify({ lang, theme, langChosen: true }))
    this.page = await this.context.newPage()
    this.page.on('pageerror', (e) => this.faults.push(String(e)))
    this.page.on('console', (m) => { if (m.type() === 'error' && !/Failed to load resource|WebSocket connection|ERR_/.test(m.text())) this.faults.push(m.text()) })
  }

  /** The menu, which is a rail on small screens. */
  async menu() {
    if (!(await this.id('menu-search').count())) await this.id('menu-fold').click()
  }

  /** Logged in by its cookie, the board loaded. */
  async openBoard() {
    this.api.sessions.add('zjs_test')
    await this.context.addCookies([{ name: 'zj_session', value: 'zjs_test', url: this.api.url, httpOnly: true, sameSite: 'Strict' }])
    await this.page.goto(this.api.url)
    await this.id('board').and(this.page.locator('[data-ready=true]')).waitFor()
  }
}

export function stage() {
  const s = new Stage()
  before(async () => { s.browser = await openBrowser() })
  after(() => s.browser.close())
  beforeEach(async () => {
    s.api = await startFakeApi(root)
    s.faults = []
    await s.open()
  })
  afterEach(async () => {
    await s.context.close()
    await s.api.close()
    assert.deepEqual(s.faults, [], 'the page logged errors')
  })
  return s
}
