/** What the node says of one peer, for every part of its page. */
import { type Answer } from '../../shared/ask.ts'

export type PeerDetail = Answer<'peers.detail'>
