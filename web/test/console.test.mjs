// The console in Debian's Chromium, against the small api of fake-api.mjs. The real stack drives it in tests/system/board.test.mjs.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { login, openBrowser } from './browser.mjs'
import { startFakeApi } from './fake-api.mjs'
import { ago, uuid } from './fake-world.mjs'

const root = resolve(process.env.ZJ_WEB_OUT ?? resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../build/web'))
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** From an event on the socket to the pixels: 100 ms of batching promised, five times that asserted. */
const seenWithin = 1000

let browser
let api
let context
let page
let faults

before(async () => { browser = await openBrowser() })
after(() => browser.close())
beforeEach(async () => {
  api = await startFakeApi(root)
  faults = []
  await open()
})
afterEach(async () => {
  await context.close()
  await api.close()
  assert.deepEqual(faults, [], 'the page logged errors')
})

async function open({ lang = 'zh', theme = 'light', width = 1280, height = 720 } = {}) {
  await context?.close()
  context = await browser.newContext({ viewport: { width, height }, locale: lang === 'zh' ? 'zh-CN' : 'en-GB', colorScheme: theme, reducedMotion: 'reduce' })
  context.setDefaultTimeout(8000)
  await context.addInitScript((p) => { if (!localStorage.getItem('zj.prefs')) localStorage.setItem('zj.prefs', p) }, JSON.stringify({ lang, theme, langChosen: true }))
  page = await context.newPage()
  page.on('pageerror', (e) => faults.push(String(e)))
  page.on('console', (m) => { if (m.type() === 'error' && !/Failed to load resource|WebSocket connection|ERR_/.test(m.text())) faults.push(m.text()) })
}

async function openBoard(options) {
  if (options) await open(options)
  api.sessions.add('zjs_test')
  await context.addCookies([{ name: 'zj_session', value: 'zjs_test', url: api.url, httpOnly: true, sameSite: 'Strict' }])
  await page.goto(api.url)
  await id('board').and(page.locator('[data-ready=true]')).waitFor()
}

const id = (testid) => page.getByTestId(testid)
const texts = (testid) => id(testid).allInnerTexts()
const attributes = (testid, name) => id(testid).evaluateAll((all, n) => all.map((e) => e.getAttribute(n)), name)
async function until(what, condition, ms = seenWithin) {
  const end = Date.now() + ms
  let value
  do {
    value = await condition()
    if (value) return value
    await new Promise((r) => setTimeout(r, 25))
  } while (Date.now() < end)
  assert.fail(`not within ${ms} ms: ${what}`)
}
const seconds = (text) => text.split(':').reduce((n, x) => n * 60 + Number(x), 0)
const first = (kind, where) => [...api.w[kind].values()].find(where)

describe('login', () => {
  test('says what is wrong, beside the field or above the button', async () => {
    await page.goto(api.url)
    await id('login-submit').click()
    await page.getByText('请填写用户名').waitFor()
    await page.getByText('请填写密码').waitFor()
    assert.equal(api.requests.filter((r) => r.startsWith('POST')).length, 0)
    await id('login-tenant').fill('demo')
    await id('login-username').fill('admin')
    await id('login-password').fill('wrong')
    await id('login-submit').click()
    await until('the refusal', async () => (await id('login-fault').innerText()).includes('不正确'))
    assert.equal(await id('login-password').inputValue(), '')
    await id('login-username').fill('locked')
    await id('login-password').fill('x')
    await id('login-submit').click()
    await until('the lock-out', async () => (await id('login-fault').innerText()).includes('30'))
    api.cut()
    await id('login-password').fill('x')
    await id('login-submit').click()
    await until('the lost network', async () => (await id('login-fault').innerText()).includes('连不上'))
  })

  test('by keyboard alone; a reload keeps the session; logout ends it; a link leads back to its page', async () => {
    await page.goto(`${api.url}/#/calls`)
    await id('login-tenant').focus()
    await page.keyboard.type('demo')
    await page.keyboard.press('Tab')
    await page.keyboard.type('admin')
    await page.keyboard.press('Tab')
    await page.keyboard.type('correct-horse')
    await page.keyboard.press('Enter')
    await id('cdr-row').first().waitFor()
    await page.reload()
    await id('cdr-row').first().waitFor()
    await id('logout').click()
    await id('login-submit').waitFor()
    assert.ok(api.requests.includes('POST /logout'))
    await page.goto(`${api.url}/#/`)
    await page.reload()
    await id('login-submit').waitFor()
  })

  test('a session that ends leads to the login page and back', async () => {
    await openBoard()
    api.sessions.clear()
    api.send({ type: 'end', because: 'session' })
    await page.getByText('会话已结束').waitFor()
    await login(page)
    await id('queue-row').first().waitFor()
  })
})

describe('board', () => {
  test('shows the snapshot, sorted by trouble', async () => {
    await openBoard()
    assert.deepEqual(await attributes('queue-row', 'data-number'), ['4002', '4003', '4001', '4004', '4005'])
    assert.deepEqual(await attributes('waiting-row', 'data-caller'), ['13800138000', '02161234567', '15900001111', '18652220001', '13522223333'])
    assert.deepEqual((await attributes('agent-row', 'data-state')).slice(0, 3), ['offline', 'ringing', 'reserved'])
    assert.equal((await attributes('call-row', 'data-where'))[0], 'hold')
    assert.equal(await id('stat-waiting').innerText(), '5')
    assert.equal(await id('stat-present').innerText(), '20')
    assert.equal(await id('stat-idle').innerText(), '6')
    assert.equal(await id('stat-service-level').innerText(), '79%')
    assert.equal(await id('link-state').getAttribute('data-state'), 'live')
    assert.match(await page.title(), /^\(5\)/)
    assert.match(await id('waiting-offered').innerText(), /1015/)
    assert.equal(await id('waiting-time').first().getAttribute('data-level'), 'bad')
    assert.equal(await id('waiting-time').last().getAttribute('data-level'), 'calm')
  })

  test('times count on the second, and nothing is polled', async () => {
    await openBoard()
    const read = async () => [seconds((await texts('waiting-time'))[0]), seconds((await texts('agent-time'))[0]), seconds(await id('stat-longest').innerText())]
    const one = await read()
    const asked = api.requests.length
    await page.waitForTimeout(2100)
    const two = await read()
    for (let i = 0; i < 3; i++) assert.ok(two[i] - one[i] >= 2 && two[i] - one[i] <= 3, `${one[i]} → ${two[i]}`)
    assert.deepEqual(api.requests.slice(asked), [])
  })

  test('follows one call from its first signal to its end', async () => {
    await openBoard()
    const q = first('queues', (x) => x.number === '4004')
    const agent = first('agents', (x) => x.number === '1002')
    const customer = { id: uuid(), role: 'customer', state: 'answered' }
    let call = { id: uuid(), direction: 'in', kind: 'queue', caller: '13912345678', callee: '4008', did: '0215', started_at: ago(0), where: 'ivr', legs: [customer] }
    const row = page.locator(`[data-testid=call-row][data-caller="13912345678"]`)
    const where = (w) => until(`call in ${w}`, async () => (await row.count()) === 1 && (await row.getAttribute('data-where')) === w)
    const step = (more) => api.emit('call.changed', (call = { ...call, ...more }))
    step({})
    await where('ivr')
    step({ where: 'queue', queue: q.id })
    const visit = { id: uuid(), call: call.id, queue: q.id, caller: call.caller, entered_at: ago(0), position: 1, priority: 0 }
    api.emit('visit.changed', visit)
    api.emit('queue.changed', { ...q, waiting: 1, longest_since: visit.entered_at })
    await where('queue')
    await until('the waiting caller', async () => (await attributes('waiting-row', 'data-caller')).includes('13912345678'))
    await until('six wait', async () => (await id('stat-waiting').innerText()) === '6')
    api.emit('visit.changed', { ...visit, offered_to: agent.id })
    api.emit('agent.changed', { ...agent, state: 'ringing', since: ago(0), call: call.id })
    step({ where: 'ring', agent: agent.id, legs: [customer, { id: uuid(), role: 'agent', state: 'ringing', agent: agent.id }] })
    await where('ring')
    await until('the agent rings', async () => (await page.locator('[data-testid=agent-row][data-number="1002"]').getAttribute('data-state')) === 'ringing')
    api.emit('visit.ended', { ...visit, left_how: 'answered' })
    api.emit('queue.changed', { ...q, waiting: 0, longest_since: null, answered_today: 65, offered_today: 65 })
    api.emit('agent.changed', { ...agent, state: 'talking', since: ago(0), call: call.id })
    step({ where: 'talk', legs: call.legs.map((l) => ({ ...l, state: 'answered' })) })
    await where('talk')
    assert.match(await row.getByTestId('call-who').innerText(), /1002/)
    assert.equal(await row.locator('[data-testid=call-leg][data-state=answered]').count(), 2)
    await until('nobody waits in it', async () => !(await attributes('waiting-row', 'data-caller')).includes('13912345678'))
    api.emit('call.ended', { ...call, where: 'ended' })
    api.emit('agent.changed', { ...agent, state: 'after_call', since: ago(0) })
    await until('the call is gone', async () => (await row.count()) === 0)
  })

  test('one queue narrows it, kept in the URL; agents are found by name', async () => {
    await openBoard()
    const q = first('queues', (x) => x.number === '4002')
    const button = page.locator('[data-testid=queue-row][data-number="4002"] button')
    await button.focus()
    await page.keyboard.press('Enter')
    await until('three callers', async () => (await id('waiting-row').count()) === 3)
    assert.ok(page.url().includes(q.id))
    assert.equal(await id('stat-waiting').innerText(), '3')
    await page.reload()
    await until('still three', async () => (await id('waiting-row').count()) === 3, 8000)
    await id('all-queues').click()
    await until('all again', async () => (await id('waiting-row').count()) === 5)
    await id('agents-search').fill('李')
    await until('one agent', async () => (await id('agent-row').count()) === 1)
    await id('agents-search').fill('')
    await id('agents-signed-out').check()
    await until('all agents', async () => (await id('agent-row').count()) === 22)
  })
})

describe('carrier', () => {
  test('looks into a tenant: its events, its calls; a reload stays there', async () => {
    await page.goto(api.url)
    await id('login-username').fill('carrier')
    await id('login-password').fill('correct-horse')
    await id('login-submit').click()
    await id('queue-row').first().waitFor()
    const [one, two] = api.w.rows.tenants
    assert.ok(api.requests.includes(`WS - ${one.id}`))
    await id('tenant').selectOption(two.id)
    await until('the other tenant', async () => api.requests.includes(`WS - ${two.id}`))
    await id('nav-calls').click()
    await id('cdr-row').first().waitFor()
    assert.equal(api.lastTenant, two.id)
    await page.reload()
    await until('still the other tenant', async () => api.requests.filter((r) => r === `WS - ${two.id}`).length === 2, 8000)
    assert.equal(await id('tenant').inputValue(), two.id)
  })
})

describe('stale data', () => {
  test('a lost connection is said at once, times stand still, and it goes on at its cursor', async () => {
    await openBoard()
    api.cut()
    await id('stale-banner').waitFor()
    assert.match(await id('stale-banner').innerText(), /数据已过时/)
    assert.equal(await id('board').getAttribute('data-stale'), 'true')
    const frozen = await texts('waiting-time')
    const cursor = api.cursor()
    const q = first('queues', (x) => x.number === '4001')
    api.emit('queue.changed', { ...q, waiting: 9 })
    await page.waitForTimeout(1100)
    assert.deepEqual(await texts('waiting-time'), frozen)
    assert.equal(await page.locator('[data-testid=queue-row][data-number="4001"]').getAttribute('data-waiting'), '1')
    api.back()
    await id('stale-banner').waitFor({ state: 'detached' })
    assert.ok(api.requests.includes(`WS ${cursor} -`), 'asked for what came after its cursor')
    await until('what was missed', async () => (await page.locator('[data-testid=queue-row][data-number="4001"]').getAttribute('data-waiting')) === '9')
  })

  test('acd away: stale until the next snapshot', async () => {
    await openBoard()
    api.send({ type: 'stale' })
    await id('stale-banner').waitFor()
    assert.match(await id('stale-banner').innerText(), /呼叫引擎/)
    api.w.visits.clear()
    api.send(api.snapshot())
    await id('stale-banner').waitFor({ state: 'detached' })
    await until('the new snapshot', async () => (await id('waiting-row').count()) === 0)
  })
})

describe('calls and data', () => {
  test('calls: pages, filter, one call with its timeline and a recording that plays', async () => {
    await openBoard()
    await id('nav-calls').click()
    await id('cdr-row').first().waitFor()
    assert.equal(await id('cdr-row').count(), 50)
    await id('calls-more').click()
    await until('all calls', async () => (await id('cdr-row').count()) === 73)
    await id('calls-result').selectOption('barred')
    await until('barred calls', async () => (await attributes('cdr-row', 'data-result')).every((r) => r === 'barred'))
    await id('calls-result').selectOption('')
    await until('all results', async () => (await id('cdr-row').count()) === 50)
    await id('cdr-row').first().click()
    assert.equal(await id('timeline-row').count(), 0)
    await id('recording').waitFor()
    assert.equal(await id('timeline-row').count(), 3)
    const audio = id('recording').locator('audio')
    await until('the length of the recording', () => audio.evaluate((a) => Math.abs(a.duration - 1) < 0.1))
    await page.keyboard.press('Escape')
    await id('call-drawer').waitFor({ state: 'hidden' })
    assert.ok(!/calls\/./.test(page.url()))
  })

  test('a living call opens from the board; when it ends, its facts follow', async () => {
    await openBoard()
    await id('waiting-row').first().getByRole('button').click()
    await page.getByText('通话进行中').waitFor()
    const call = first('calls', (c) => c.caller === '13800138000')
    api.emit('call.ended', { ...call, where: 'ended' })
    await page.waitForTimeout(300)
    const [detail] = api.w.details.values()
    api.w.details.set(call.id, { ...detail, id: call.id, caller: call.caller })
    await id('recording').waitFor()
    await page.keyboard.press('Escape')
    await id('call-drawer').waitFor({ state: 'hidden' })
  })

  test('any resource is listed from its metadata', async () => {
    await openBoard()
    await id('nav-data').click()
    await id('resource-queues').click()
    await id('data-row').first().waitFor()
    assert.equal(await id('data-row').count(), 5)
    assert.match((await texts('data-table'))[0], /队列号/)
    await page.getByRole('button', { name: '队列号' }).click()
    await until('sorted', async () => api.requests.some((r) => r.includes('sort=number')))
  })
})

describe('for everybody', () => {
  const views = [['zh', 'light', 1280, 720, true], ['en', 'dark', 1280, 720, true], ['en', 'light', 420, 800, false]]
  for (const [lang, theme, width, height, withAxe] of views) {
    test(`${withAxe ? 'no serious fault for axe, ' : ''}nothing cut off: ${lang} ${theme} ${width}×${height}`, async () => {
      const checkPage = (name) => (withAxe ? checkAxe(name) : checkWidth(name))
      await open({ lang, theme, width, height })
      await page.goto(api.url)
      await id('login-submit').waitFor()
      await checkPage('login')
      await login(page)
      await id('queue-row').first().waitFor()
      await checkPage('board')
      if (width === 1280) assert.ok(await page.evaluate(() => document.querySelector('main').scrollHeight <= document.querySelector('main').clientHeight), 'the board scrolls')
      await id('nav-calls').click()
      await id('cdr-row').first().click()
      await id('recording').waitFor()
      await checkPage('call')
      await page.keyboard.press('Escape')
      await id('call-drawer').waitFor({ state: 'hidden' })
      await id('nav-data').click()
      await id('resource-queues').click()
      await id('data-row').first().waitFor()
      await checkPage('data')
      await id('nav-board').click()
      api.cut()
      await id('stale-banner').waitFor()
      await checkPage('stale board')
    })
  }

  async function checkAxe(name) {
    if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource)
    const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] }))
    const bad = found.violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120) + (n.any[0]?.message ?? '')).join(' | ')}`)
    assert.deepEqual(bad, [], name)
    await checkWidth(name)
  }

  async function checkWidth(name) {
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} scrolls sideways`)
  }

  test('language and theme switch at once and are remembered', async () => {
    await openBoard()
    await id('lang').click()
    await page.getByRole('heading', { name: 'Waiting callers' }).waitFor()
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'en')
    await id('theme').click()
    await page.reload()
    await page.getByRole('heading', { name: 'Waiting callers' }).waitFor()
    assert.ok(await page.evaluate(() => document.documentElement.classList.contains('dark')))
  })
})

describe('light on its feet', () => {
  test('login and board load less than 300 kB (gzip)', async () => {
    const sizes = new Map()
    page.on('response', async (r) => {
      if (r.url().startsWith(api.url) && !r.url().includes('/api/') && r.status() === 200) sizes.set(new URL(r.url()).pathname, gzipSync(await r.body()).length)
    })
    await page.goto(api.url)
    await login(page)
    await id('queue-row').first().waitFor()
    const total = [...sizes.values()].reduce((a, b) => a + b, 0)
    assert.ok(sizes.size >= 3 && total < 300_000, `${total} bytes: ${JSON.stringify([...sizes])}`)
  })

  test('2,000 agents with 100 changes a second: a change is seen within a second', async () => {
    const agents = [...api.w.agents.values()]
    for (let i = 0; i < 2000; i++) {
      const a = { ...agents[i % agents.length], id: uuid(), number: String(5000 + i), name: `坐席 ${i}`, state: i % 3 ? 'idle' : 'talking', since: ago(i), call: null }
      api.w.agents.set(a.id, a)
    }
    await openBoard()
    const many = [...api.w.agents.values()].slice(-2000)
    let n = 0
    const storm = setInterval(() => {
      for (let i = 0; i < 5; i++) api.emit('agent.changed', { ...many[(n += 7) % 1990], state: 'talking', since: ago(0) })
    }, 50)
    try {
      await page.waitForTimeout(800)
      api.emit('agent.changed', { ...many[1999], state: 'offline', since: ago(4000) })
      await until('the change', async () => (await attributes('agent-row', 'data-number'))[0] === many[1999].number)
    } finally {
      clearInterval(storm)
    }
  })
})
