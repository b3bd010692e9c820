import { parseArgs } from 'node:util'
import { runCommand } from '../src/config/command.ts'
import { parseRedisUrl } from '../src/config/redis-url.ts'
import { IsthmusError } from '../src/errors.ts'
import { openReplica } from '../src/state/open-replica.ts'
import { copyState } from '../src/state/replica.ts'

const usage = `npm run state -- copy --from <folder or Redis URL> --to <folder or Redis URL> [--namespace demo]
Brings all histories, erasures, items and model choices of one store into another, which keeps what it has: what is
later wins, and a user who was erased in either stays erased. A folder must not be in use by a service. The namespace is
what REDIS_NAMESPACE says, or else the name of the bundle.`

const OPTIONS = { from: { type: 'string' }, to: { type: 'string' }, namespace: { type: 'string' } } as const

await runCommand('state', { usage }, async () => {
  const { values: { from, to, namespace = 'demo' }, positionals: [action] } = flagsOf()
  if (action !== 'copy' || from === undefined || to === undefined) throw new IsthmusError('config_invalid', usage)
  const open = async (place: string, flag: string) => await openReplica(
    /^rediss?(\+|:)/.test(place)
      ? parseRedisUrl(place, flag, { allowInsecure: process.env.ALLOW_INSECURE_REDIS === '1' })
      : place, namespace)
  const source = await open(from, '--from')
  try {
    const target = await open(to, '--to')
    try {
      const { users, registers } = await copyState(source, target)
      console.log(`state: ${users} users, and ${registers} items, erasures and model choices brought over`)
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
})

function flagsOf () {
  try {
    return parseArgs({ options: OPTIONS, allowPositionals: true })
  } catch (cause) {
    throw new IsthmusError('config_invalid', `${cause instanceof Error ? cause.message : ''}\n${usage}`, { cause })
  }
}
