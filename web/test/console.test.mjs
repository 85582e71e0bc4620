// The console in Debian's Chromium, against the small api of fake-api.mjs. The real stack drives it in tests/system/board.test.mjs.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { login } from './browser.mjs'
import { ago, uuid } from './fake-world.mjs'
import { stage, until } from './stage.mjs'

const s = stage()
const seconds = (text) => text.split(':').reduce((n, x) => n * 60 + Number(x), 0)

/** In the page: the next `changes` texts of the first element of each id, with the page's own time of each. */
function countings({ ids, changes, withinMs }) {
  const one = (id) => new Promise((done) => {
    const seen = []
    const element = document.querySelector(`[data-testid=${id}]`)
    const watcher = new MutationObserver(() => {
      seen.push({ at: performance.now(), text: element.innerText })
      if (seen.length === changes) finish()
    })
    const finish = () => { watcher.disconnect(); done([id, seen]) }
    watcher.observe(element, { characterData: true, childList: true, subtree: true })
    setTimeout(finish, withinMs)
  })
  return Promise.all(ids.map(one)).then(Object.fromEntries)
}

describe('login', () => {
  test('says what is wrong, beside the field or above the button', async () => {
    await s.page.goto(s.api.url)
    await s.id('login-submit').click()
    await s.page.getByText('请填写用户名').waitFor()
    await s.page.getByText('请填写密码').waitFor()
    assert.equal(s.api.requests.filter((r) => r.startsWith('POST')).length, 0)
    await s.id('login-tenant').fill('demo')
    await s.id('login-username').fill('admin')
    await s.id('login-password').fill('wrong')
    await s.id('login-submit').click()
    await until('the refusal', async () => (await s.id('login-fault').innerText()).includes('不正确'))
    assert.equal(await s.id('login-password').inputValue(), '')
    s.api.cut()
    await s.id('login-password').fill('x')
    await s.id('login-submit').click()
    await until('the lost network', async () => (await s.id('login-fault').innerText()).includes('连不上'))
    s.api.back()
    await s.id('login-username').fill('locked')
    await s.id('login-password').fill('x')
    await s.id('login-submit').click()
    await until('the lock-out', async () => /\b(30|29)\b/.test(await s.id('login-fault').innerText()))
  })

  test('by keyboard alone; a reload keeps the session; logout ends it; a link leads back to its page', async () => {
    await s.page.goto(`${s.api.url}/#/calls`)
    await s.id('login-tenant').focus()
    await s.page.keyboard.type('demo')
    await s.page.keyboard.press('Tab')
    await s.page.keyboard.type('admin')
    await s.page.keyboard.press('Tab')
    await s.page.keyboard.type('correct-horse')
    await s.page.keyboard.press('Enter')
    await s.id('cdr-row').first().waitFor()
    await s.page.reload()
    await s.id('cdr-row').first().waitFor()
    await s.id('logout').click()
    await s.id('login-submit').waitFor()
    assert.ok(s.api.requests.includes('POST /logout'))
    await s.page.goto(`${s.api.url}/#/`)
    await s.page.reload()
    await s.id('login-submit').waitFor()
  })

  test('a session that ends leads to the login page and back', async () => {
    await s.openBoard()
    s.api.sessions.clear()
    s.api.send({ type: 'end', because: 'session' })
    await s.page.getByText('会话已结束').waitFor()
    await login(s.page)
    await s.id('queue-row').first().waitFor()
  })
})

describe('board', () => {
  test('shows the snapshot, sorted by trouble', async () => {
    await s.openBoard()
    assert.deepEqual(await s.attributes('queue-row', 'data-number'), ['4002', '4003', '4001', '4004', '4005'])
    assert.deepEqual(await s.attributes('waiting-row', 'data-caller'), ['13800138000', '02161234567', '15900001111', '18652220001', '13522223333'])
    assert.deepEqual((await s.attributes('agent-row', 'data-state')).slice(0, 3), ['offline', 'ringing', 'reserved'])
    assert.equal((await s.attributes('call-row', 'data-where'))[0], 'hold')
    assert.equal(await s.id('stat-waiting').innerText(), '5')
    assert.equal(await s.id('stat-present').innerText(), '20')
    assert.equal(await s.id('stat-idle').innerText(), '6')
    assert.equal(await s.id('stat-service-level').innerText(), '79%')
    assert.equal(await s.id('link-state').getAttribute('data-state'), 'live')
    assert.match(await s.page.title(), /^\(5\)/)
    assert.match(await s.id('waiting-offered').innerText(), /1015/)
    assert.equal(await s.id('waiting-time').first().getAttribute('data-level'), 'bad')
    assert.equal(await s.id('waiting-time').last().getAttribute('data-level'), 'calm')
  })

  test('times count on the second, and nothing is polled', async () => {
    await s.openBoard()
    // What the page asks when it begins may still be on its way when the board stands.
    const beginning = ['/session', '/meta/resources', '/meta/menu', '/branding?tenant=demo'].map((x) => `GET ${x}`)
    await until('the page has begun', async () => beginning.every((x) => s.api.requests.includes(x)), 10_000)
    const asked = s.api.requests.length
    // Watched in the page, by the page's clock: how late this process looks does not count.
    const seen = await s.page.evaluate(countings, { ids: ['waiting-time', 'agent-time', 'stat-longest'], changes: 4, withinMs: 20_000 })
    for (const [id, changes] of Object.entries(seen)) {
      const told = `${id}: ${JSON.stringify(changes)}`
      assert.equal(changes.length, 4, told)
      const [one, last] = [changes[0], changes[3]]
      for (let i = 1; i < 4; i++) assert.ok(seconds(changes[i].text) > seconds(changes[i - 1].text), told)
      // A change may be drawn late on a busy machine, never early: the first and the last may each be off by less than a second.
      assert.ok(Math.abs(seconds(last.text) - seconds(one.text) - (last.at - one.at) / 1000) < 1, told)
    }
    assert.deepEqual(s.api.requests.slice(asked), [])
  })

  test('follows one call from its first signal to its end', async () => {
    await s.openBoard()
    const q = s.first('queues', (x) => x.number === '4004')
    const agent = s.first('agents', (x) => x.number === '1002')
    const customer = { id: uuid(), role: 'customer', state: 'answered' }
    let call = { id: uuid(), direction: 'in', kind: 'queue', caller: '13912345678', callee: '4008', did: '0215', started_at: ago(0), where: 'ivr', legs: [customer] }
    const row = s.page.locator(`[data-testid=call-row][data-caller="13912345678"]`)
    const where = (w) => until(`call in ${w}`, async () => (await row.count()) === 1 && (await row.getAttribute('data-where')) === w)
    const step = (more) => s.api.emit('call.changed', (call = { ...call, ...more }))
    step({})
    await where('ivr')
    step({ where: 'queue', queue: q.id })
    const visit = { id: uuid(), call: call.id, queue: q.id, caller: call.caller, entered_at: ago(0), position: 1, priority: 0 }
    s.api.emit('visit.changed', visit)
    s.api.emit('queue.changed', { ...q, waiting: 1, longest_since: visit.entered_at })
    await where('queue')
    await until('the waiting caller', async () => (await s.attributes('waiting-row', 'data-caller')).includes('13912345678'))
    await until('six wait', async () => (await s.id('stat-waiting').innerText()) === '6')
    s.api.emit('visit.changed', { ...visit, offered_to: agent.id })
    s.api.emit('agent.changed', { ...agent, state: 'ringing', since: ago(0), call: call.id })
    step({ where: 'ring', agent: agent.id, legs: [customer, { id: uuid(), role: 'agent', state: 'ringing', agent: agent.id }] })
    await where('ring')
    await until('the agent rings', async () => (await s.page.locator('[data-testid=agent-row][data-number="1002"]').getAttribute('data-state')) === 'ringing')
    s.api.emit('visit.ended', { ...visit, left_how: 'answered' })
    s.api.emit('queue.changed', { ...q, waiting: 0, longest_since: null, answered_today: 65, offered_today: 65 })
    s.api.emit('agent.changed', { ...agent, state: 'talking', since: ago(0), call: call.id })
    step({ where: 'talk', legs: call.legs.map((l) => ({ ...l, state: 'answered' })) })
    await where('talk')
    assert.match(await row.getByTestId('call-who').innerText(), /1002/)
    assert.equal(await row.locator('[data-testid=call-leg][data-state=answered]').count(), 2)
    await until('nobody waits in it', async () => !(await s.attributes('waiting-row', 'data-caller')).includes('13912345678'))
    s.api.emit('call.ended', { ...call, where: 'ended' })
    s.api.emit('agent.changed', { ...agent, state: 'after_call', since: ago(0) })
    await until('the call is gone', async () => (await row.count()) === 0)
  })

  test('one queue narrows it, kept in the URL; agents are found by name', async () => {
    await s.openBoard()
    const q = s.first('queues', (x) => x.number === '4002')
    const button = s.page.locator('[data-testid=queue-row][data-number="4002"] button')
    await button.focus()
    await s.page.keyboard.press('Enter')
    await until('three callers', async () => (await s.id('waiting-row').count()) === 3)
    assert.ok(s.page.url().includes(q.id))
    assert.equal(await s.id('stat-waiting').innerText(), '3')
    await s.page.reload()
    await until('still three', async () => (await s.id('waiting-row').count()) === 3, 8000)
    await s.id('all-queues').click()
    await until('all again', async () => (await s.id('waiting-row').count()) === 5)
    await s.id('agents-search').fill('李')
    await until('one agent', async () => (await s.id('agent-row').count()) === 1)
    await s.id('agents-search').fill('')
    await s.id('agents-signed-out').check()
    await until('all agents', async () => (await s.id('agent-row').count()) === 22)
  })
})

describe('carrier', () => {
  test('looks into a tenant: its events, its calls; a reload stays there', async () => {
    await s.page.goto(s.api.url)
    await s.id('login-username').fill('carrier')
    await s.id('login-password').fill('correct-horse')
    await s.id('login-submit').click()
    const [one, two] = s.api.w.rows.tenants
    await until('its own data', async () => (await s.id('tenant').inputValue()) === '')
    await s.id('tenant').selectOption(one.id)
    await s.id('nav-board').click()
    await s.id('queue-row').first().waitFor()
    assert.ok(s.api.requests.includes(`WS - ${one.id}`))
    await s.id('tenant').selectOption(two.id)
    await until('the other tenant', async () => s.api.requests.includes(`WS - ${two.id}`))
    await s.id('nav-calls').click()
    await s.id('cdr-row').first().waitFor()
    assert.equal(s.api.lastTenant, two.id)
    await s.page.reload()
    await until('still the other tenant', async () => s.api.requests.filter((r) => r === `WS - ${two.id}`).length === 2, 8000)
    assert.equal(await s.id('tenant').inputValue(), two.id)
  })
})

describe('stale data', () => {
  test('a lost connection is said at once, times stand still, and it goes on at its cursor', async () => {
    await s.openBoard()
    s.api.cut()
    await s.id('stale-banner').waitFor()
    assert.match(await s.id('stale-banner').innerText(), /数据已过时/)
    assert.equal(await s.id('board').getAttribute('data-stale'), 'true')
    const frozen = await s.texts('waiting-time')
    const cursor = s.api.cursor(), asked = s.api.requests.length
    const q = s.first('queues', (x) => x.number === '4001')
    s.api.emit('queue.changed', { ...q, waiting: 9 })
    await s.page.waitForTimeout(1100)
    assert.deepEqual(await s.texts('waiting-time'), frozen)
    assert.equal(await s.page.locator('[data-testid=queue-row][data-number="4001"]').getAttribute('data-waiting'), '1')
    s.api.back()
    await s.id('stale-banner').waitFor({ state: 'detached' })
    const again = s.api.requests.slice(asked).filter((r) => r.startsWith('WS '))
    assert.ok(again.length && again.every((r) => /^WS 7-\d+ -$/.test(r) && Number(r.split(/[- ]/)[2]) <= Number(cursor.split('-')[1])), `asked for what came after its cursor ${cursor}: ${again}`)
    await until('what was missed', async () => (await s.page.locator('[data-testid=queue-row][data-number="4001"]').getAttribute('data-waiting')) === '9')
  })

  test('while api is away a living call can still be looked at', async () => {
    await s.openBoard()
    // Fetched ahead, with what it needs.
    await s.page.waitForFunction(() => ['CallDrawer', 'RecordingSound', 'scroll'].every((part) => performance.getEntriesByType('resource').some((r) => r.name.includes(`/${part}-`) && r.name.endsWith('.js') && r.responseEnd > 0)))
    await s.page.waitForLoadState('networkidle')
    s.api.cut()
    await s.id('stale-banner').waitFor()
    await s.id('call-row').first().getByRole('button').click()
    await s.page.getByText('通话进行中').waitFor()
  })

  test('acd away: stale until the next snapshot', async () => {
    await s.openBoard()
    s.api.send({ type: 'stale' })
    await s.id('stale-banner').waitFor()
    assert.match(await s.id('stale-banner').innerText(), /呼叫引擎/)
    s.api.w.visits.clear()
    s.api.send(s.api.snapshot())
    await s.id('stale-banner').waitFor({ state: 'detached' })
    await until('the new snapshot', async () => (await s.id('waiting-row').count()) === 0)
  })
})

describe('an upgrade under an open page', () => {
  test('a part that has another name now: the page is loaded anew where it wanted to go', async () => {
    await s.openBoard()
    s.api.replace(/CallsPage/)
    await s.id('nav-calls').click()
    await s.id('cdr-row').first().waitFor()
    assert.ok(s.page.url().endsWith('#/calls'))
    s.faults.length = 0 // the browser says that it could not fetch it
  })

  test('a part that stays away does not make the page turn in circles', async () => {
    await s.openBoard()
    const loads = []
    s.page.on('load', () => loads.push(Date.now()))
    s.api.replace(/CallsPage/)
    s.api.replace = () => undefined
    Object.defineProperty(s.api, 'gone', { get: () => /CallsPage/, set: () => undefined })
    await s.id('nav-calls').click()
    await until('loaded anew once', () => loads.length === 1, 5000)
    await s.page.waitForTimeout(1500)
    assert.equal(loads.length, 1)
    s.faults.length = 0
  })
})

describe('calls and data', () => {
  test('calls: pages, filter, one call with its timeline and a recording that plays', async () => {
    await s.openBoard()
    await s.id('nav-calls').click()
    await s.id('cdr-row').first().waitFor()
    assert.equal(await s.id('cdr-row').count(), 50)
    await s.id('calls-more').click()
    await until('all calls', async () => (await s.id('cdr-row').count()) === 73)
    await s.id('calls-result').selectOption('barred')
    await until('barred calls', async () => (await s.attributes('cdr-row', 'data-result')).every((r) => r === 'barred'))
    await s.id('calls-result').selectOption('')
    await until('all results', async () => (await s.id('cdr-row').count()) === 50)
    await s.id('cdr-row').first().click()
    await s.id('recording').waitFor()
    assert.equal(await s.id('timeline-row').count(), 3)
    const audio = s.id('recording').locator('audio')
    await until('the length of the recording', () => audio.evaluate((a) => Math.abs(a.duration - 1) < 0.1))
    const player = s.id('recording').getByTestId('player')
    await until('a wave of each channel', async () => (await player.getAttribute('data-waves')) === '2')
    const box = await s.id('player-wave').boundingBox()
    await s.page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)
    await until('a jump to the middle', async () => Math.abs(Number(await player.getAttribute('data-at')) - 0.5) < 0.1)
    await s.id('player-play').click()
    await until('it was played to its end', async () => Number(await player.getAttribute('data-at')) > 0.9 && (await player.getAttribute('data-playing')) === 'false')
    await s.page.keyboard.press('Escape')
    await s.id('call-drawer').waitFor({ state: 'hidden' })
    assert.ok(!/calls\/./.test(s.page.url()))
  })

  test('a living call opens from the board; when it ends, its facts follow', async () => {
    await s.openBoard()
    await s.id('waiting-row').first().getByRole('button').click()
    await s.page.getByText('通话进行中').waitFor()
    const call = s.first('calls', (c) => c.caller === '13800138000')
    s.api.emit('call.ended', { ...call, where: 'ended' })
    await s.page.waitForTimeout(300)
    const [detail] = s.api.w.details.values()
    s.api.w.details.set(call.id, { ...detail, id: call.id, caller: call.caller })
    await s.id('recording').waitFor()
    await s.page.keyboard.press('Escape')
    await s.id('call-drawer').waitFor({ state: 'hidden' })
  })

  test('any resource is listed from its metadata', async () => {
    await s.openBoard()
    await s.id('resource-queues').click()
    await s.id('data-row').first().waitFor()
    assert.equal(await s.id('data-row').count(), 5)
    assert.match((await s.texts('data-table'))[0], /队列号/)
    await s.page.getByRole('button', { name: '队列号', exact: true }).click()
    await until('sorted', async () => s.api.requests.some((r) => r.includes('sort=number')))
  })
})

