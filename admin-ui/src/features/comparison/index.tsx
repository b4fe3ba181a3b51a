/** What both sides count, region by region; and below each, who it is. */
import { Route, Routes } from 'react-router'
import { Named } from './named.tsx'
import { Regions } from './regions.tsx'

export function ComparisonPage() {
  return (
    <Routes>
      <Route index element={<Regions />} />
      <Route path=":node" element={<Named />} />
    </Routes>
  )
}
