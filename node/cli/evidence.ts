/** `huiliu evidence` and `huiliu verify`: the signed file of one case, and checking it offline. */
import { readFile, writeFile } from 'node:fs/promises'
import { Option } from 'commander'
import {
  evidenceSchema,
  nodeIdSchema,
  signingKeySchema,
  verifyEvidence,
  type Evidence,
  type NodeId,
  type SigningKey,
} from '../../protocol/index.ts'
import { nodeJsCrypto } from '../platform.ts'
import { UsageError, type Group } from './parts.ts'
import { table } from './table.ts'

/** The file does not prove what it claims; main.ts ends with an error. */
export class EvidenceRefused extends Error {
  constructor(count: number) {
    super(`${count} records are not proven 条记录未通过验证`)
  }
}

export function evidenceCommands({ program, client, print }: Group): void {
  program
    .command('evidence <case>')
    .description('write the signed evidence of a case to a file (导出案件凭据)')
    .requiredOption('-o, --out <file>', 'where to write it')
    .action(async (id: string, options: { out: string }) => {
      const evidence = await (await client()).evidence(id)
      await writeFile(options.out, JSON.stringify(evidence, null, 1) + '\n')
      print(`${evidence.items.length} records 条记录: ${options.out}`)
    })
  program
    .command('verify <file>')
    .description('check evidence offline with nothing but the file and the two public keys (离线验证凭据)')
    .addOption(
      new Option('--key <node=file>', 'a party’s card or public key (JWK); give it twice')
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .action(async (file: string, options: { key: string[] }) => verify(file, options.key, print))
}

async function verify(file: string, keys: readonly string[], print: (text: string) => void): Promise<void> {
  const report = verifyEvidence(nodeJsCrypto, await readEvidence(file), await Promise.all(keys.map(readKey)))
  const rows = report.items.map(({ from, epoch, seq, index, type, at, outcome }) => [
    from,
    `${epoch}/${seq}/${index}`,
    type,
    at,
    outcome ?? 'no receipt 无回执',
  ])
  print(table(['from 来自', 'place 位置', 'record 记录', 'at 时间', 'outcome 结果'], rows))
  for (const fault of report.faults) print(`✗ record ${fault.item + 1}: ${fault.code} (${fault.detail})`)
  if (report.faults.length > 0) throw new EvidenceRefused(report.faults.length)
  print(`${report.view.home.state} / ${report.view.host.state}: ${report.view.meaning}`)
  const erased = report.items.filter(({ type }) => type === 'erased').length
  const open = report.items.filter(({ outcome }) => outcome === null).length
  print(`✓ ${report.items.length} records: every signature holds 签名全部有效`)
  if (erased > 0)
    print(
      `  ${erased} of them erased: that they were sent is proven, what they said is not 条内容已删除，只能证明曾经发送`,
    )
  if (open > 0) print(`  ${open} of them without the receiver's receipt 条没有对方回执`)
}

async function readEvidence(file: string): Promise<Evidence> {
  const parsed = evidenceSchema.safeParse(await readJson(file))
  if (!parsed.success)
    throw new UsageError(`${file} is not an evidence file of "huiliu evidence". 不是案件凭据文件。`)
  return parsed.data
}

async function readKey(option: string): Promise<{ node: NodeId; key: SigningKey }> {
  const [node = '', ...file] = option.split('=')
  const json = await readJson(file.join('='))
  const card = typeof json === 'object' && json !== null && 'signing' in json ? json.signing : json
  const key = signingKeySchema.safeParse(card)
  if (!nodeIdSchema.safeParse(node).success || !key.success)
    throw new UsageError(
      `--key ${option}: give the region's code and the file of its card or public key, as 411500=card.json. 格式应为 行政区划代码=名片文件。`,
    )
  return { node, key: key.data }
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`${file} cannot be read. 无法读取该文件。`)
  })
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}
