/** For `npx drizzle-kit generate`: the next migration from the table definitions. */
import { defineConfig } from 'drizzle-kit'

// eslint-disable-next-line no-restricted-exports -- the tool reads the default export
export default defineConfig({ dialect: 'postgresql', schema: './node/store/schema.ts', out: './node/store/migrations' })
