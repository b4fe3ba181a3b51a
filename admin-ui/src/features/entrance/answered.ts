/**
 * What the identity provider sent the browser back with. It is taken out of the address while this module loads, before
 * anything is shown or asked, and handed to the node once: an address ends up in histories and on paper.
 */
import { ask, type Answer } from '../../shared/ask.ts'

/** Where the provider sends the browser back to. */
export const providerPath = '/oidc'

type Answered = { code: string; state: string; iss?: string } | 'refused' | undefined

function takeFromAddress(): Answered {
  if (location.pathname !== providerPath || location.search === '') return undefined
  const said = new URLSearchParams(location.search)
  history.replaceState(null, '', providerPath)
  const [code, state, iss] = [said.get('code'), said.get('state'), said.get('iss')]
  if (said.has('error') || !code || !state) return 'refused'
  return { code, state, ...(iss === null ? {} : { iss }) }
}

export const answered = takeFromAddress()

let finishing: Promise<Answer<'oidc.finish'>> | undefined
/** An answer counts once, however often the page that brings it is drawn. */
export function finish(body: Exclude<Answered, string | undefined>): Promise<Answer<'oidc.finish'>> {
  finishing ??= ask('oidc.finish', { body })
  return finishing
}
