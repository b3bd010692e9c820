import { randomBytes } from 'node:crypto'
import type { Journal, Position } from '../journal.ts'
import { decodeRecord, encodeRecord } from '../record.ts'
import type { Tables } from './environment.ts'
import type { Writer } from './writer.ts'

/**
 * Who this store is among others, and how far it has read what they say. One that is opened alone forgets the latter:
 * nothing is marked for others meanwhile, so that later all of it is to be told.
 */
export function createPlace (
  { meta, outbox }: Tables, writer: Writer, shared: boolean
): Pick<Journal, 'instance' | 'position' | 'savePosition'> {
  const known = meta.get('instance')
  const instance = known === undefined ? randomBytes(4).toString('hex') : decodeRecord(known).value as string
  if (known === undefined) meta.putSync('instance', encodeRecord(instance))
  if (!shared && meta.get('position') !== undefined) {
    meta.removeSync('position')
    outbox.clearSync()
  }
  return {
    instance,
    position () {
      const record = meta.get('position')
      return record === undefined ? undefined : decodeRecord(record).value as Position
    },
    savePosition: async (position) => {
      await writer.write(() => { meta.putSync('position', encodeRecord(position)) }, 256)
    },
  }
}
