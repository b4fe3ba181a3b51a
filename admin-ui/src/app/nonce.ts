/**
 * The word (nonce) that the page's policy asks of every style sheet made at run time. The component library carries it
 * where it was told to; a few of its parts (scroll bars, scroll locks) do not, so each style element gets it as it is made.
 */
export function readNonce(): string {
  const nonce = document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce ?? ''
  const make = document.createElement.bind(document) as (
    name: string,
    options?: ElementCreationOptions,
  ) => HTMLElement
  document.createElement = ((name: string, options?: ElementCreationOptions) => {
    const element = make(name, options)
    if (element instanceof HTMLStyleElement) element.nonce = nonce
    return element
  }) as typeof document.createElement
  return nonce
}
