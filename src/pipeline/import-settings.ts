import { refuseSetting } from '../errors.ts'

export interface ImportSettings {
  /** The store; undefined: as the service has it. */
  readonly dataDir: string | undefined
  /** Share of bad rows beyond which nothing is imported. */
  readonly maxBadShare: number
}

const MEMBERS = ['dataDir', 'maxBadShare']

/** Checks the members of a config file, with the flags laid over them. Throws `config_invalid`, naming the member. */
export function importSettings (given: Readonly<Record<string, unknown>>): ImportSettings {
  const unknown = Object.keys(given).find((name) => !MEMBERS.includes(name))
  if (unknown !== undefined) refuseSetting(unknown, 'is not a setting of import-events')
  const { dataDir, maxBadShare = 0.01 } = given
  if (dataDir !== undefined && (typeof dataDir !== 'string' || dataDir === '')) refuseSetting('dataDir', 'is a folder')
  const share = typeof maxBadShare === 'string' && maxBadShare.trim() !== '' ? Number(maxBadShare) : maxBadShare
  if (typeof share !== 'number' || !(share >= 0 && share <= 1)) refuseSetting('maxBadShare', 'is a number from 0 to 1')
  return { dataDir, maxBadShare: share }
}
