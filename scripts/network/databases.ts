/** Databases of one node each on the office's own PostgreSQL server, when DATABASE_URL names one. */
import postgres from 'postgres'
import { type NodeId } from '../../protocol/index.ts'

/** The address of this node's database beside the one that DATABASE_URL names; made when it is missing. */
export async function databaseFor(databaseUrl: string, node: NodeId): Promise<string> {
  const url = new URL(databaseUrl)
  const name = `${url.pathname.slice(1) || 'huiliu'}_${node}`
  const sql = postgres(databaseUrl, { max: 1, connect_timeout: 5, onnotice: () => undefined })
  try {
    const present = await sql`select 1 from pg_database where datname = ${name}`
    if (present.length === 0) await sql`create database ${sql(name)}`
  } finally {
    await sql.end({ timeout: 5 })
  }
  url.pathname = `/${name}`
  return url.href
}

export async function dropDatabaseFor(databaseUrl: string, node: NodeId): Promise<void> {
  const name = `${new URL(databaseUrl).pathname.slice(1) || 'huiliu'}_${node}`
  const sql = postgres(databaseUrl, { max: 1, connect_timeout: 5, onnotice: () => undefined })
  try {
    await sql`drop database if exists ${sql(name)} with (force)`
  } finally {
    await sql.end({ timeout: 5 })
  }
}
