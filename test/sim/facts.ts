/**
 * Facts are records: what a node holds of a case and its activities must be exactly the fold of what was written and
 * applied there, whatever happened to its database meanwhile.
 */
import {
  isHomeEvent,
  isHostEvent,
  noHomeFacts,
  noHostFacts,
  stepHome,
  stepHost,
  type FactRecord,
  type NodeId,
} from '../../protocol/index.ts'
import { type Witness } from './witness.ts'
import { type ActivityFacts, type CaseFacts, type Commit } from './observed.ts'

/** Cases and reports that a commit has touched, to be compared when all of it is folded. */
export interface Touched {
  /** Both streams are told one after the other: what one side says cannot be held against the other's state. */
  readonly apart?: true
  readonly cases: Set<string>
  readonly reports: Set<string>
}

/** A record changes its own side's facts and the activities of its case, and nothing else does. */
export function fold(world: Witness, node: NodeId, record: FactRecord, touched: Touched): void {
  if (record.type === 'activity.recorded' || record.type === 'activity.corrected')
    return foldActivity(world, node, record, touched)
  if (record.type === 'record.erased') return foldErasure(world, node, record, touched)
  if (record.case === null || (!isHomeEvent(record) && !isHostEvent(record))) return
  const book = world.ledger.book(node, record.case)
  touched.cases.add(record.case)
  const step = isHomeEvent(record) ? stepHome(book.home, record) : stepHost(book.host, record)
  if (!step.ok)
    return world.violate('facts-are-records', `${node}: ${record.type} on ${record.case} is ${step.code}`)
  if (isHomeEvent(record)) book.home = step.facts as typeof book.home
  else book.host = step.facts as typeof book.host
}

function foldActivity(
  world: Witness,
  node: NodeId,
  record: FactRecord<'activity.recorded' | 'activity.corrected'>,
  { reports }: Touched,
): void {
  const { activity } = record.body
  const id = record.type === 'activity.recorded' ? record.id : record.body.corrects
  const said =
    activity &&
    JSON.stringify([activity.kind, activity.on, activity.title ?? null, activity.amountFen ?? null])
  const before = world.ledger.due.get(`${node}|${id}`)
  const of = { caseId: record.case ?? '', by: record.by }
  world.ledger.due.set(`${node}|${id}`, { said: said ?? before?.said ?? '', withdrawn: said === null, ...of })
  reports.add(id)
}

/** Whoever erases takes back all that his side has said of the case, and its reports; only that it is closed stays. */
function foldErasure(
  world: Witness,
  node: NodeId,
  { by, case: caseId, body }: FactRecord<'record.erased'>,
  touched: Touched,
): void {
  const { ledger } = world
  if (caseId === null) return
  const book = ledger.book(node, caseId)
  // After a loss that home had closed it may be among what came back without its text.
  if (book.home.state !== 'closed' && !touched.apart && !world.shaken.has(node))
    world.violate('facts-are-records', `${node}: of the open case ${caseId} ${body.digest} was erased`)
  const row = ledger.rows.get(`${node}|${caseId}`)
  // Of a case of which nothing else is left home has erased the opening.
  const home = row ? (row.side === 'home' ? node : row.peer) : by
  if (by === home) book.home = { ...noHomeFacts, state: 'closed' }
  else book.host = noHostFacts
  touched.cases.add(caseId)
  for (const [report, due] of ledger.due)
    if (due.caseId === caseId && due.by === by && report.startsWith(node)) {
      ledger.due.delete(report)
      touched.reports.add(report.slice(node.length + 1))
    }
  world.saw('record erased')
}

export function checkCases(world: Witness, node: NodeId, commit: Commit, { cases: touched }: Touched): void {
  const again = new Set(commit.recovered)
  for (const { before, after } of commit.cases) {
    if (!before && !world.ledger.desk(node).cases.includes(after.id))
      world.ledger.desk(node).cases.push(after.id)
    keepCase(world, node, after)
    touched.add(after.id)
    const reopened = before && !before.open && (after.open || changedHome(before, after))
    if (reopened && !again.has(after.peer)) world.violate('closed-stays-closed', `${node}: case ${after.id}`)
  }
  for (const id of touched) compareCase(world, node, id)
}

/** A closed case changes in one way only: what home had said of it is erased. */
function changedHome(before: CaseFacts, after: CaseFacts): boolean {
  return after.homeFacts !== before.homeFacts && after.homeFacts !== erasedHome
}
const erasedHome = JSON.stringify({ ...noHomeFacts, state: 'closed' })

export function keepCase({ ledger, violate }: Witness, node: NodeId, row: CaseFacts): void {
  ledger.rows.set(`${node}|${row.id}`, row)
  const person = `${node}|${row.peer}|${row.side}|${row.tag}`
  const open = ledger.open.get(person) ?? new Set()
  if (row.open) open.add(row.id)
  else open.delete(row.id)
  ledger.open.set(person, open)
  if (open.size > 1) violate('one-open-case', `${node}: ${[...open].join(', ')}`)
}

export function compareCase({ ledger, violate }: Witness, node: NodeId, id: string): void {
  const row = ledger.rows.get(`${node}|${id}`)
  const book = ledger.book(node, id)
  if (row?.homeFacts === JSON.stringify(book.home) && row.hostFacts === JSON.stringify(book.host)) return
  const held = `${row?.homeFacts} ${row?.hostFacts}`
  violate('facts-are-records', `${node}: case ${id} is ${held} and its records say ${JSON.stringify(book)}`)
}

export function checkActivities(world: Witness, node: NodeId, commit: Commit, { reports }: Touched): void {
  const { ledger } = world
  for (const id of commit.forgotten) {
    ledger.held.delete(`${node}|${id}`)
    reports.add(id)
  }
  for (const activity of commit.activities) {
    const { id, caseId } = activity
    const { reports: known } = ledger.desk(node)
    if (!ledger.held.has(`${node}|${id}`)) known.push({ id, caseId })
    keepActivity(world, node, activity)
    reports.add(id)
  }
  for (const id of reports) compareActivity(world, node, id)
}

export function keepActivity(
  { ledger }: Witness,
  node: NodeId,
  { id, caseId, said, withdrawn }: ActivityFacts,
): void {
  ledger.held.set(`${node}|${id}`, { said, withdrawn, caseId, by: null })
}

export function compareActivity({ ledger, violate }: Witness, node: NodeId, id: string): void {
  const due = ledger.due.get(`${node}|${id}`)
  const held = ledger.held.get(`${node}|${id}`)
  if (due?.said !== held?.said || due?.withdrawn !== held?.withdrawn)
    violate(
      'facts-are-records',
      `${node}: activity ${id} is ${held?.said} ${held?.withdrawn} and its records say ${due?.said} ${due?.withdrawn}`,
    )
}
