export function OverviewPage() {
  return <div>overview</div>
}
