/**
 * The word (nonce) that the page's policy asks of every style sheet made at run time. The component library carries it
 * where it was told to; a few of its parts (scroll bars, drawings) do not, so each style element gets it as it is made.
 * Imported before everything else, because some are made while modules load.
 */
function giveNonce(): string {
  const nonce = document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce ?? ''
  for (const maker of ['createElement', 'createElementNS'] as const) {
    const make = document[maker] as (...given: unknown[]) => Element
    const marking = (...given: unknown[]) => {
      const element = make.apply(document, given)
      if (element instanceof HTMLStyleElement || element instanceof SVGStyleElement) element.nonce = nonce
      return element
    }
    Object.assign(document, { [maker]: marking })
  }
  return nonce
}

export const nonce = giveNonce()
