/** Findings as people read them: one line per check, grouped by section, with a Chinese line at start and end. */
import { type Finding } from './check.ts'

const signs = { passed: '✓', failed: '✗', skipped: '–' } as const

export interface Summary {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export function summaryOf(findings: readonly Finding[]): Summary {
  const count = (result: Finding['result']) => findings.filter((finding) => finding.result === result).length
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') }
}

export function opening(node: string, checks: number): string {
  return `节点 ${node} 协议一致性测试，共 ${checks} 项（§ 为 protocol/README.md 的章节）\n`
}

export function lineOf({ section, says, result, why, id }: Finding): string {
  const line = `${signs[result]} §${String(section).padEnd(2)} ${says} [${id}]`
  return why === undefined ? line : `${line}\n      ${why.replaceAll('\n', '\n      ')}`
}

export function closing(findings: readonly Finding[], seconds: string): string {
  const { passed, failed, skipped } = summaryOf(findings)
  const found = failed === 0 ? '未发现不符合之处' : '节点不符合协议，见上面的 ✗'
  const verdict = skipped === 0 ? found : `${found}；跳过的 ${skipped} 项未经测试`
  return (
    `\n${passed} passed, ${failed} failed, ${skipped} skipped, after ${seconds} s.\n` +
    leftOut(findings) +
    `通过 ${passed} 项，不符 ${failed} 项，跳过 ${skipped} 项：${verdict}。`
  )
}

/** What was not tested, and what it would have needed. */
function leftOut(findings: readonly Finding[]): string {
  const counts = new Map<string, number>()
  for (const { result, why = '' } of findings)
    if (result === 'skipped') counts.set(why, (counts.get(why) ?? 0) + 1)
  return [...counts].map(([why, count]) => `Not tested 未测试 (${count}): ${why}\n`).join('')
}
