/** Rows of the route table for the pages of the screens. */
import { type RouteContract } from './contract.ts'

export const pageRoutes = {} as const satisfies Record<string, RouteContract>
