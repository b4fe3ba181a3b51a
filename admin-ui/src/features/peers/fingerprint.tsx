/** A fingerprint as two people read it to each other: sixteen groups of four, each ticked as it is heard. */
import { Button } from 'antd'
import { useTexts } from '../../shared/language.tsx'
import { words } from './texts.ts'

export function Fingerprint({ of, label }: { of: string; label: string }) {
  return (
    <div className="fingerprint" role="group" aria-label={label}>
      {of.split(' ').map((group, index) => (
        <code key={index}>{group}</code>
      ))}
    </div>
  )
}

export type Heard = ReadonlySet<number>

/** Every group has to be heard: one that was not looked at could be another’s. */
export function isHeard(fingerprint: string, heard: Heard): boolean {
  return fingerprint !== '' && fingerprint.split(' ').every((_, index) => heard.has(index))
}

export function HeardFingerprint({
  of,
  heard,
  setHeard,
}: {
  of: string
  heard: Heard
  setHeard: (heard: Heard) => void
}) {
  const t = useTexts(words)
  const groups = of.split(' ')
  const toggle = (index: number) => {
    const next = new Set(heard)
    if (!next.delete(index)) next.add(index)
    setHeard(next)
  }
  return (
    <>
      <div className="fingerprint" role="group" aria-label={t.theirFingerprint}>
        {groups.map((group, index) => (
          <Button
            key={index}
            size="small"
            type={heard.has(index) ? 'primary' : 'default'}
            aria-pressed={heard.has(index)}
            onClick={() => toggle(index)}
          >
            {group}
          </Button>
        ))}
      </div>
      <p role="status">{t.heardSoFar(heard.size, groups.length)}</p>
    </>
  )
}
