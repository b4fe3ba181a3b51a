import { type Answer } from '../../shared/ask.ts'

export type PeerDetail = Answer<'peers.detail'>
