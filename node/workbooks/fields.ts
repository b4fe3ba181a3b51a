/**
 * What the four kinds of workbook are called and which fields each of them can have. The headings under which offices
 * write these fields are in layouts.ts.
 */

export const WORKBOOK_KINDS = ['roster', 'outflow', 'arrivals', 'activities'] as const
export type WorkbookKind = (typeof WORKBOOK_KINDS)[number]

export const FIELDS_OF = {
  /** 党员花名册 */
  roster: [
    'serial',
    'name',
    'idNumber',
    'gender',
    'ethnicity',
    'bornOn',
    'education',
    'joinedOn',
    'category',
    'branch',
    'phone',
  ],
  /** 流出党员登记表 */
  outflow: [
    'serial',
    'name',
    'idNumber',
    'branch',
    'certificateNo',
    'reason',
    'leftOn',
    'destination',
    'occupation',
    'phone',
    'contact',
  ],
  /** 流入党员登记表 */
  arrivals: ['serial', 'name', 'idNumber', 'origin', 'arrivedOn', 'branch', 'employer', 'phone', 'category'],
  /** 活动、党费 */
  activities: ['serial', 'name', 'idNumber', 'on', 'kind', 'title', 'amount'],
} as const satisfies Record<WorkbookKind, readonly string[]>

export type Field = (typeof FIELDS_OF)[WorkbookKind][number]

/** Without these a table of the kind says nothing about anybody. */
export const REQUIRED_FIELDS: Readonly<Record<WorkbookKind, readonly Field[]>> = {
  roster: ['name', 'idNumber'],
  outflow: ['name', 'idNumber', 'destination'],
  arrivals: ['name', 'idNumber', 'origin'],
  activities: ['name', 'idNumber', 'on', 'kind'],
}
