/**
 * The browser of these tests: the Chromium of this machine, or what HUILIU_CHROMIUM names. Where there is none the tests
 * are left out with a sentence that says so, but never where the continuous integration runs.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { chromium, type Browser } from 'playwright-core'

const places: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'],
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ],
  win32: ['Google\\Chrome\\Application\\chrome.exe', 'Microsoft\\Edge\\Application\\msedge.exe'].flatMap(
    (file) =>
      ['ProgramFiles', 'ProgramFiles(x86)'].map((folder) => path.join(process.env[folder] ?? '', file)),
  ),
}

export const browserProgram = [
  process.env['HUILIU_CHROMIUM'] ?? '',
  ...(places[process.platform] ?? []),
].find((file) => file !== '' && existsSync(file))

/** For `describe.skipIf`: true where there is no browser and nobody demands one. */
export function withoutBrowser(): boolean {
  if (browserProgram !== undefined) return false
  const sentence =
    'No Chromium found: install it (Debian: apt-get install chromium fonts-noto-cjk) or name it in HUILIU_CHROMIUM. The browser tests are left out.\n' +
    '未找到 Chromium：请安装（Debian:apt-get install chromium fonts-noto-cjk），或用 HUILIU_CHROMIUM 指定。浏览器测试已跳过。'
  if (process.env['CI'] !== undefined) throw new Error(sentence)
  console.warn(sentence)
  return true
}

export function openBrowser(): Promise<Browser> {
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({
    executablePath: browserProgram ?? '',
    args: [...sandbox, '--disable-dev-shm-usage', '--force-color-profile=srgb'],
  })
}
