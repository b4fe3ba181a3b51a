/** The pages of imports, by address. */
import { Route, Routes } from 'react-router'
import { ImportPage } from './import.tsx'
import { StartPage } from './start.tsx'

export function ImportPages() {
  return (
    <Routes>
      <Route index element={<StartPage />} />
      <Route path=":id" element={<ImportPage />} />
    </Routes>
  )
}
