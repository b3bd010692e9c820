import { benchNewDomain } from '../bench/new-domain/bench-new-domain.ts'
import { BENCH_NEW_DOMAIN } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { startReported } from '../src/progress.ts'

await runCommand(BENCH_NEW_DOMAIN, async ({ flags: { bundle, data, domain } }) => {
  const { onProgress, finish } = startReported({ label: 'bench-new-domain', unit: 'users' })
  const found = await benchNewDomain({ bundle, data, domain, onProgress })
  finish()
  const { items, ingestSeconds, users, hr10, random, popularity, p } = found
  return {
    says: `${items} items of ${domain} in ${ingestSeconds.toFixed(1)} s; HR@10 of ${users} users ${hr10.toFixed(4)}, ` +
      `by chance ${random.toFixed(4)} (paired t-test p ${p < 0.001 ? '< 0.001' : p.toFixed(3)}), ` +
      `by the domain's own popularity ${popularity.toFixed(4)}`,
    result: { ...found },
  }
})
