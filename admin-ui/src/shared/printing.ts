/** Whether the page is being printed: a table whose heading sticks to the window has it repeated on no sheet of paper. */
import { useSyncExternalStore } from 'react'

const paper = matchMedia('print')
let printing = paper.matches

function watch(changed: () => void): () => void {
  const set = (now: boolean) => {
    printing = now
    changed()
  }
  const [before, after, turned] = [() => set(true), () => set(false), () => set(paper.matches)]
  addEventListener('beforeprint', before)
  addEventListener('afterprint', after)
  paper.addEventListener('change', turned)
  return () => {
    removeEventListener('beforeprint', before)
    removeEventListener('afterprint', after)
    paper.removeEventListener('change', turned)
  }
}

export function usePrinting(): boolean {
  return useSyncExternalStore(watch, () => printing)
}
