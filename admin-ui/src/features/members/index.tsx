/** The pages of members, by address. */
import { Route, Routes } from 'react-router'
import { MemberPage } from './member.tsx'
import { RosterPage } from './roster.tsx'

export function MembersPages() {
  return (
    <Routes>
      <Route index element={<RosterPage />} />
      <Route path=":id" element={<MemberPage />} />
    </Routes>
  )
}
