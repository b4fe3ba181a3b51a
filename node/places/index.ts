/**
 * The door of places/: resolving what people write to GB/T 2260 codes, and naming codes for people.
 */
export { type Candidate, type Resolution, resolvePlace } from './resolve.ts'
export {
  type Level,
  type Place,
  type Region,
  type RegionCode,
  allRegions,
  ancestors,
  isRegionCode,
  placeOf,
  regionOf,
  shortName,
} from './regions.ts'
