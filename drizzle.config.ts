/** For `npx drizzle-kit generate`: the next migration from the table definitions. */
import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'postgresql',
  schema: './node/store/schema.ts',
  out: './node/store/migrations',
})
