/**
 * The pictures of the overview, drawn on a canvas. Loaded after the page, because the drawing library is larger than
 * the page. Its tooltips are drawn too: the page's policy forbids styles written into markup.
 */
import { BarChart, LineChart, SankeyChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import { init, use, type EChartsCoreOption } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { useEffect, useMemo, useRef } from 'react'

use([BarChart, LineChart, SankeyChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer])

const ink = '#1f2937'
const colours = ['#1d4f91', '#b45309', '#1e7a3c', '#7c3aed', '#0e7490', '#b3261e', '#4d7c0f', '#a21caf']
const font = "'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', system-ui, sans-serif"
const base = {
  animation: false,
  textStyle: { fontFamily: font, color: ink },
  tooltip: { renderMode: 'richText' as const, confine: true },
}

interface Chosen {
  readonly data?: { readonly address?: string }
}

function Drawing({
  option,
  label,
  height,
  chosen,
}: {
  option: EChartsCoreOption
  label: string
  height: number
  chosen?: (data: Chosen['data']) => void
}) {
  const place = useRef<HTMLDivElement>(null)
  const heard = useRef(chosen)
  useEffect(() => {
    heard.current = chosen
  })
  useEffect(() => {
    if (!place.current) return
    const chart = init(place.current, null, { renderer: 'canvas' })
    chart.setOption(option)
    chart.on('click', (event: unknown) => heard.current?.((event as Chosen).data))
    const watch = new ResizeObserver(() => chart.resize())
    watch.observe(place.current)
    return () => {
      watch.disconnect()
      chart.dispose()
    }
  }, [option])
  return <div ref={place} role="img" aria-label={label} style={{ height, minWidth: 0 }} />
}

export interface DrawnFlow {
  readonly from: string
  readonly to: string
  readonly count: number
  readonly address: string
}

/** A region stands once on each side: on the left as home, on the right as host. */
export function FlowChart({
  flows,
  label,
  open,
}: {
  flows: readonly DrawnFlow[]
  label: string
  open: (address: string) => void
}) {
  const option = useMemo(() => flowOption(flows), [flows])
  return (
    <Drawing
      option={option}
      label={label}
      height={Math.max(220, 60 + flows.length * 44)}
      chosen={(data) => data?.address !== undefined && open(data.address)}
    />
  )
}

const left = (name: string) => `0 ${name}`
const right = (name: string) => `1 ${name}`

function flowOption(flows: readonly DrawnFlow[]): EChartsCoreOption {
  const regions = [...new Set(flows.flatMap(({ from, to }) => [from, to]))]
  const colour = (name: string) => colours[regions.indexOf(name) % colours.length]
  const sum = (of: (flow: DrawnFlow) => boolean) =>
    flows.filter(of).reduce((all, { count }) => all + count, 0)
  const node = (name: string, id: string, position: 'right' | 'left', people: number) => ({
    name: id,
    itemStyle: { color: colour(name) },
    label: { position, formatter: `${name} ${people}`, color: ink, fontSize: 13 },
    tooltip: { formatter: `${name} ${people}` },
  })
  return {
    ...base,
    series: [
      {
        type: 'sankey',
        nodeWidth: 14,
        nodeGap: 14,
        draggable: false,
        ...{ left: 8, right: 8, top: 8, bottom: 8 },
        emphasis: { focus: 'adjacency' },
        lineStyle: { color: 'gradient', opacity: 0.35, curveness: 0.5 },
        data: [
          ...[...new Set(flows.map(({ from }) => from))].map((name) =>
            node(
              name,
              left(name),
              'right',
              sum(({ from }) => from === name),
            ),
          ),
          ...[...new Set(flows.map(({ to }) => to))].map((name) =>
            node(
              name,
              right(name),
              'left',
              sum(({ to }) => to === name),
            ),
          ),
        ],
        links: flows.map(({ from, to, count, address }) => ({
          source: left(from),
          target: right(to),
          value: count,
          address,
          tooltip: { formatter: `${from} → ${to}  ${count}` },
        })),
      },
    ],
  }
}

/** People by the left axis as bars, entries by the right one as a line: they differ by far. */
export function TrendChart({
  months,
  lines,
  axes,
  label,
}: {
  months: readonly string[]
  lines: readonly { name: string; values: readonly number[]; bar: boolean }[]
  axes: readonly [string, string]
  label: string
}) {
  const option = useMemo<EChartsCoreOption>(
    () => ({
      ...base,
      color: colours,
      tooltip: { ...base.tooltip, trigger: 'axis' },
      legend: { type: 'scroll', top: 0, textStyle: { color: ink } },
      grid: { left: 8, right: 8, top: 48, bottom: 4, outerBounds: { left: 0, right: 0 } },
      xAxis: { type: 'category', data: [...months], axisLabel: { color: ink } },
      yAxis: axes.map((name) => ({
        ...{ type: 'value', name, minInterval: 1, axisLabel: { color: ink }, nameTextStyle: { color: ink } },
        splitLine: { show: name === axes[0] },
      })),
      series: lines.map(({ name, values, bar }) => ({
        ...{ name, data: [...values], type: bar ? 'bar' : 'line' },
        ...(bar ? { barMaxWidth: 22 } : { yAxisIndex: 1, symbolSize: 7 }),
      })),
    }),
    [months, lines, axes],
  )
  return <Drawing option={option} label={label} height={260} />
}
