import { STATE } from '../src/cli/commands/serving.ts'
import { runCommand } from '../src/cli/run.ts'
import { parseRedisUrl } from '../src/config/redis-url.ts'
import { refuseSetting } from '../src/errors.ts'
import { startProgress } from '../src/progress.ts'
import { openReplica } from '../src/state/open-replica.ts'
import { copyState } from '../src/state/replica.ts'

await runCommand(STATE, async ({ flags: { from, to, namespace = 'demo' }, operands: [action] }) => {
  if (action !== 'copy') refuseSetting('state', 'can copy, and nothing else')
  const open = async (place: string, flag: string) => await openReplica(
    /^rediss?(\+|:)/.test(place)
      ? parseRedisUrl(place, flag, { allowInsecure: process.env.ALLOW_INSECURE_REDIS === '1' })
      : place, namespace)
  const source = await open(from, '--from')
  try {
    const target = await open(to, '--to')
    try {
      const progress = startProgress({ label: 'state', unit: 'users, items, erasures and model choices' })
      const { users, registers } = await copyState(source, target, (so) => progress.update(so.users + so.registers))
      progress.finish()
      return {
        says: `state: ${users} users, and ${registers} items, erasures and model choices brought over`,
        result: { users, registers },
      }
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
})
