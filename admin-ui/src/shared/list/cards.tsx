/** Rows as cards, for a phone: what heads the row heads the card, what is empty is left out. */
import { Card, Descriptions } from 'antd'
import { useNavigate } from 'react-router'
import { type Column } from './column.ts'

interface Props<Row> {
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  readonly open?: (row: Row) => string
}

export function RowCards<Row>({ columns, rows, rowKey, open }: Props<Row>) {
  const navigate = useNavigate()
  const head = columns.find((column) => column.head) ?? columns[0]
  return (
    <div className="list-cards">
      {rows.map((row) => (
        <Card
          key={rowKey(row)}
          size="small"
          title={head && (head.show?.(row) ?? head.text(row))}
          {...(open ? { hoverable: true, onClick: () => void navigate(open(row)) } : {})}
        >
          <Descriptions
            size="small"
            column={1}
            items={columns
              .filter((column) => column !== head && (column.work === true || column.text(row) !== ''))
              .map((column) => ({
                key: column.key,
                label: column.title,
                children: column.show?.(row) ?? column.text(row),
              }))}
          />
        </Card>
      ))}
    </div>
  )
}
