// Pictures of the console for a person to look at: node test/shots.mjs [folder]. Both themes, both languages, two sizes.
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { startFakeApi } from './fake-api.mjs'
import { login, openBrowser } from './browser.mjs'

const out = resolve(process.argv[2] ?? 'shots')
mkdirSync(out, { recursive: true })
const api = await startFakeApi(resolve(process.env.ZJ_WEB_OUT ?? '../build/web'))
const browser = await openBrowser()
try {
  for (const [lang, theme, width, height] of [['zh', 'light', 1280, 720], ['en', 'dark', 1280, 720], ['zh', 'dark', 1920, 1080], ['zh', 'dark', 1280, 720], ['en', 'light', 420, 800]]) {
    const context = await browser.newContext({ viewport: { width, height }, locale: lang === 'zh' ? 'zh-CN' : 'en-GB', colorScheme: theme })
    const page = await context.newPage()
    const shot = (name) => page.screenshot({ path: join(out, `${name}-${lang}-${theme}-${width}.png`) })
    await page.goto(api.url)
    if (lang === 'en') await page.evaluate(() => localStorage.setItem('zj.prefs', JSON.stringify({ ...JSON.parse(localStorage.getItem('zj.prefs')), lang: 'en', langChosen: true })))
    await page.reload()
    await page.getByTestId('login-submit').waitFor()
    await shot('login')
    await login(page)
    await page.getByTestId('queue-row').first().waitFor()
    await page.waitForTimeout(1200)
    await shot('board')
    await page.getByTestId('nav-calls').click()
    await page.getByTestId('cdr-row').first().click()
    await page.getByTestId('recording').waitFor()
    await page.waitForTimeout(600)
    await shot('call')
    await page.keyboard.press('Escape')
    await page.getByTestId('resource-queues').click()
    await page.getByTestId('data-row').first().waitFor()
    await shot('data')
    await page.getByTestId('nav-board').click()
    api.cut()
    await page.getByTestId('stale-banner').waitFor()
    await page.waitForTimeout(400)
    await shot('stale')
    api.back()
    await context.close()
  }
} finally {
  await browser.close()
  await api.close()
}
