/** Regions there is an agreement with: their names for their codes. */
import { useAsk } from './ask.ts'

export function useRegions() {
  const { data } = useAsk('regions.list', {})
  const regions = data?.regions ?? []
  return {
    regions,
    nameOf: (node: string) => regions.find((region) => region.node === node)?.name ?? node,
    options: regions.map(({ node, name }) => ({ value: node, label: name })),
  }
}
