/** All tables of a node, for migrations, the schema snapshot and nothing else. */
export * from '../accounts/tables.ts'
export * from '../activities/tables.ts'
export * from '../audit/tables.ts'
export * from '../federation/tables.ts'
export * from '../flows/tables.ts'
export * from '../members/tables.ts'
export * from '../organisations/tables.ts'
export * from '../workbooks/tables.ts'
