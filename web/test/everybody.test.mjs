// That everybody can use the console: accessibility, small screens, both languages and themes, slow lines, large centres.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { login } from './browser.mjs'
import { ago, uuid } from './fake-world.mjs'
import { stage, until } from './stage.mjs'

const s = stage()
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

describe('for everybody', () => {
  const views = [['zh', 'light', 1280, 720, true], ['en', 'dark', 1280, 720, true], ['en', 'light', 420, 800, false]]
  for (const [lang, theme, width, height, withAxe] of views) {
    test(`${withAxe ? 'no serious fault for axe, ' : ''}nothing cut off: ${lang} ${theme} ${width}×${height}`, async () => {
      const checkPage = (name) => (withAxe ? checkAxe(name) : checkWidth(name))
      await s.open({ lang, theme, width, height })
      await s.page.goto(s.api.url)
      await s.id('login-submit').waitFor()
      await checkPage('login')
      await login(s.page)
      await s.id('queue-row').first().waitFor()
      await checkPage('board')
      if (width === 1280) assert.ok(await s.page.evaluate(() => document.querySelector('main').scrollHeight <= document.querySelector('main').clientHeight), 'the board scrolls')
      if (theme === 'light') await checkCallsAndData(checkPage) // the same colours by the same names
      s.api.cut()
      await s.id('stale-banner').waitFor()
      await checkPage('stale board')
    })
  }

  async function checkCallsAndData(checkPage) {
    await s.menu()
    await s.id('nav-calls').click()
    await s.id('cdr-row').first().click()
    await s.id('recording').waitFor()
    await checkPage('call')
    await s.page.keyboard.press('Escape')
    await s.id('call-drawer').waitFor({ state: 'hidden' })
    await s.menu()
    await s.id('resource-queues').click()
    await s.id('data-row').first().waitFor()
    await checkPage('data')
    await s.menu()
    await s.id('nav-board').click()
  }

  async function checkAxe(name) {
    if (!(await s.page.evaluate(() => 'axe' in window))) await s.page.evaluate(axeSource)
    const found = await s.page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] }))
    const bad = found.violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120) + (n.any[0]?.message ?? '')).join(' | ')}`)
    assert.deepEqual(bad, [], name)
    await checkWidth(name)
  }

  async function checkWidth(name) {
    assert.ok(await s.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} scrolls sideways`)
  }

  test('language and theme switch at once and are remembered', async () => {
    await s.openBoard()
    await s.id('lang').click()
    await s.page.getByRole('heading', { name: 'Waiting callers' }).waitFor()
    assert.equal(await s.page.evaluate(() => document.documentElement.lang), 'en')
    await s.id('theme').click()
    await s.page.reload()
    await s.page.getByRole('heading', { name: 'Waiting callers' }).waitFor()
    assert.ok(await s.page.evaluate(() => document.documentElement.classList.contains('dark')))
  })
})

describe('light on its feet', () => {
  test('login and board load less than 300 kB (gzip)', async () => {
    const sizes = new Map()
    s.page.on('response', async (r) => {
      if (r.url().startsWith(s.api.url) && !r.url().includes('/api/') && r.status() === 200) sizes.set(new URL(r.url()).pathname, gzipSync(await r.body()).length)
    })
    await s.page.goto(s.api.url)
    await login(s.page)
    await s.id('queue-row').first().waitFor()
    const total = [...sizes.values()].reduce((a, b) => a + b, 0)
    assert.ok(sizes.size >= 3 && total < 300_000, `${total} bytes: ${JSON.stringify([...sizes])}`)
  })

  test('2,000 agents with 100 changes a second: a change is seen in time', async () => {
    const agents = [...s.api.w.agents.values()]
    for (let i = 0; i < 2000; i++) {
      const a = { ...agents[i % agents.length], id: uuid(), number: String(5000 + i), name: `坐席 ${i}`, state: i % 3 ? 'idle' : 'talking', since: ago(i), call: null }
      s.api.w.agents.set(a.id, a)
    }
    await s.openBoard()
    const many = [...s.api.w.agents.values()].slice(-2000)
    let n = 0
    const storm = setInterval(() => {
      for (let i = 0; i < 5; i++) s.api.emit('agent.changed', { ...many[(n += 7) % 1990], state: 'talking', since: ago(0) })
    }, 50)
    try {
      await s.page.waitForTimeout(800)
      s.api.emit('agent.changed', { ...many[1999], state: 'offline', since: ago(4000) })
      await until('the change', async () => (await s.attributes('agent-row', 'data-number'))[0] === many[1999].number)
    } finally {
      clearInterval(storm)
    }
  })
})
