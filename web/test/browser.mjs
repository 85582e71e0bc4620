// Debian's Chromium, quiet and without network of its own.
import { chromium } from 'playwright-core'

const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

export const openBrowser = () => chromium.launch({ executablePath: process.env.ZJ_CHROMIUM ?? '/usr/bin/chromium', args })

export async function login(page) {
  await page.getByTestId('login-tenant').fill('demo')
  await page.getByTestId('login-username').fill('admin')
  await page.getByTestId('login-password').fill('correct-horse')
  await page.getByTestId('login-submit').click()
}
