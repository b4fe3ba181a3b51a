/**
 * The watch over numbers shown in the clear: whoever has more of them shown within an hour than work asks for raises an
 * alarm (attacks.md W18). It keeps nobody from working; how fast it can be done at all, rates.ts bounds.
 */
import { routes, type RouteContract, type RouteName, type Uuid } from '../../protocol/index.ts'
import { type Audit } from '../audit/index.ts'
import { type Region } from '../region.ts'
import { type Settings } from '../settings/index.ts'

const hourMs = 3_600_000

const revealing: ReadonlySet<string> = new Set(
  (Object.entries(routes) as [RouteName, RouteContract][])
    .filter(([, { audit }]) => audit === 'reveal')
    .map(([name]) => name),
)

/** To be called when the reveal under way is written down already; counted through every process of this database. */
export async function watchReveals(
  {
    audit,
    region,
    settings,
  }: { readonly audit: Audit; readonly region: Region; readonly settings: Settings },
  account: Uuid,
): Promise<void> {
  const most = (await settings.now()).revealsAnHour
  const { store, alarms, clock } = region
  const counted = await audit.countBegun(account, revealing, clock.nowMs() - hourMs, most + 1)
  if (counted > most) await store.transaction((tx) => alarms.raiseOnceADay(tx, 'many_reveals', '', account))
}
