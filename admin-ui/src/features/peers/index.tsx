/** The regions we have agreements with: how each stands, what to do about it, and how to conclude another. */
import { Route, Routes } from 'react-router'
import { Concluding } from './concluding.tsx'
import { Detail } from './detail.tsx'
import { OwnKey } from './own-key.tsx'
import { PeerList } from './list.tsx'

export function PeersPage() {
  return (
    <Routes>
      <Route index element={<PeerList />} />
      <Route path="new" element={<Concluding />} />
      <Route path="own" element={<OwnKey />} />
      <Route path=":node" element={<Detail />} />
    </Routes>
  )
}
