/** What a browser test holds against a page as it stands: what axe finds, what is cut off, what the browser complained of. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect } from 'vitest'
import { type Person } from './two-offices.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

/** What opens over a page. */
export const over = '[role=dialog], [role=tooltip]'

/** What of the page, or of a part of it, somebody could not read, reach or understand. */
export async function examined({ page }: Person, part = 'html'): Promise<string[]> {
  await page.evaluate(axe)
  const violations = (await page.evaluate(
    `axe.run('${part}', { resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  )) as Violation[]
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .map(({ html, failureSummary }) => `${html} ${failureSummary}`)
          .slice(0, 3)
          .join(' | ')}`,
    )
}

/** By how many pixels the page is wider than its window. */
export async function overflow({ page }: Person): Promise<number> {
  return (await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')) as number
}

/** What slides or fades has come to rest; what turns for ever is not waited for. */
async function atRest({ page }: Person): Promise<void> {
  await page.evaluate(`Promise.all(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
    .map((one) => one.finished.catch(() => undefined)))`)
}

/** Looks at what is on the screen now: a picture of it, and nothing to hold against it. */
export async function looked(person: Person, picture: string, part?: string): Promise<void> {
  await atRest(person)
  await person.picture(picture)
  const found = { cutOffBy: Math.max(0, await overflow(person)), axe: await examined(person, part) }
  const { complaints } = person
  expect({ ...found, complaints }, picture).toEqual({ cutOffBy: 0, axe: [], complaints: [] })
}

/** A4 without its margins, in pixels; what is wide lies on its side. */
const paper = { upright: 703, onItsSide: 1046 }

/** The page as a printer gets it. */
export async function onPaper({ page }: Person): Promise<void> {
  await page.emulateMedia({ media: 'print' })
  const wide = (await page.locator('.print-wide').count()) > 0
  await page.setViewportSize({ width: wide ? paper.onItsSide : paper.upright, height: 1000 })
}

/** Cells beyond the edge of the paper, and texts of which an end is hidden. */
export async function cutOff({ page }: Person): Promise<string[]> {
  return (await page.evaluate(`[...document.querySelectorAll('main *')]
    .filter((one) => one.offsetParent !== null)
    .filter((one) =>
      one.getBoundingClientRect().right > window.innerWidth + 1 ||
      (one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'visible'))
    .map((one) => one.tagName + '.' + one.className + ': ' + one.textContent.slice(0, 40))
    .slice(0, 5)`)) as string[]
}
