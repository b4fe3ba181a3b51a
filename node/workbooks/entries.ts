/**
 * From a row that was read to what the rooms take in: who it is about, which peer it concerns, what it says.
 */
import { type Activity, type NodeId } from '../../protocol/index.ts'
import { type Peer } from '../federation/peers.ts'
import { ancestors } from '../places/index.ts'
import { type ActivityFields, type OutflowFields, type WrittenPlace } from './interpret.ts'

/** A row that is not held has both; interpret.ts holds every other. */
export function identified(fields: { idNumber?: string; name?: string }): { idNumber: string; name: string } {
  if (fields.idNumber === undefined || fields.name === undefined)
    throw new TypeError('a row without name or ID number was not held')
  return { idNumber: fields.idNumber, name: fields.name }
}

/** The peer whose region is this place or the nearest one around it: 格尔木市 belongs to the node of 海西. */
export function peerCovering(peers: readonly Peer[], place: WrittenPlace | undefined): NodeId | undefined {
  if (place?.code === undefined) return undefined
  const codes = [place.code, ...ancestors(place.code)]
  return codes.find((code) => peers.some(({ node }) => node === code))
}

export function outflowEntry(fields: OutflowFields, host: NodeId) {
  const { leftOn, reason, occupation, certificateNo, branch, contact, destination } = fields
  const outflow = {
    destination: { code: destination?.code ?? host, text: destination?.text ?? host },
    ...(leftOn === undefined ? {} : { leftOn }),
    ...(reason === undefined ? {} : { reason }),
    ...(occupation === undefined ? {} : { occupation }),
    ...(certificateNo === undefined ? {} : { certificateNo }),
    ...(branch === undefined ? {} : { branch }),
    ...(contact === undefined ? {} : { contact }),
  }
  return { idNumber: identified(fields).idNumber, host, phone: fields.phone, outflow }
}

export function activityOf(fields: ActivityFields): Activity {
  if (fields.on === undefined || fields.kind === undefined)
    throw new TypeError('an activity without day or kind was not held')
  return {
    on: fields.on,
    kind: fields.kind,
    ...(fields.title === undefined ? {} : { title: fields.title }),
    ...(fields.kind !== 'dues' || fields.amountFen === undefined ? {} : { amountFen: fields.amountFen }),
  }
}
