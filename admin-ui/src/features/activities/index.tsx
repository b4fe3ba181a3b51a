/** The pages of activities, by address. */
import { Route, Routes } from 'react-router'
import { LedgerPage } from './ledger.tsx'
import { ActivitiesPage } from './list.tsx'
import { MeetingPage } from './meeting/index.tsx'
import { MemberLedgerPage } from './member-ledger.tsx'

export function ActivitiesPages() {
  return (
    <Routes>
      <Route index element={<ActivitiesPage />} />
      <Route path="meeting" element={<MeetingPage />} />
      <Route path="ledger" element={<LedgerPage />} />
      <Route path="ledger/:id" element={<MemberLedgerPage />} />
    </Routes>
  )
}
