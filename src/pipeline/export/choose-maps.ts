import { domainOf, target } from '../../data/dataset.ts'
import { applyAffine } from '../../encode/item-projector.ts'
import { evaluate } from '../../evaluate/evaluate.ts'
import { metricsByDomain } from '../../evaluate/metrics.ts'
import type { MetricsByDomain } from '../../evaluate/metrics.ts'
import { namedWeight } from '../../nn/ops.ts'
import type { Weights } from '../../nn/ops.ts'
import type { Tf } from '../../nn/tf.ts'
import { createRandom } from '../../random.ts'
import { readsIds, readsTexts } from '../../systems/spec.ts'
import { createModel } from '../../train/model.ts'
import { defaultMethod, itemMap, itemsOf, rowMap } from './item-maps.ts'
import type { FittedMap, MapParts, RowMethod, TableName } from './item-maps.ts'

/** A map, and what it was chosen by. */
export interface ChosenMap extends FittedMap {
  readonly heldOut?: {
    readonly items: number
    readonly users: number
    /** Of validation targets among the items, by method. */
    readonly ndcg10: Readonly<Record<string, number>>
  }
}

/** What gives items their vectors that have no trained row. */
export interface ColdMaps {
  readonly item: ChosenMap
  /** By domain; none where the system has no local half. */
  readonly locals: readonly ChosenMap[]
}

/** Of each domain's items; their trained rows are forgotten to see which method does best without. */
const HELD_OUT = 0.1
/** Fewer targets among them say nothing. */
const LEAST_USERS = 20
const SEED = 42

/**
 * Chooses how items without a trained row get their halves: a tenth of the items is held out, each method learns from
 * the others, and the one that ranks validation targets among those held out best is used, learnt anew from all. Where
 * too few targets of a domain are among them, the default is used. Costs a validation over a tenth of the users for
 * each method.
 */
export function chooseMaps (tf: Tf, run: MapParts): ColdMaps {
  const { spec, dataset: { domains, items } } = run
  const everything = Int32Array.from(items.keys(), (i) => i + 1)
  const ofDomains = domains.map(itemsOf)
  const choice = measure(tf, run)
  const idsMethod = choice?.ids.method ?? 'ridge'
  const ids = readsIds(spec.items) ? rowMap(run, 'items.ids', idsMethod, everything) : undefined
  return {
    item: { ...itemMap(run, ids), ...(choice?.ids.heldOut && { heldOut: choice.ids.heldOut }) },
    locals: spec.items.local === undefined
      ? []
      : domains.map((domain, k) => {
        const { method, heldOut } = choice?.locals[k] ?? { method: defaultMethod(run, domain) }
        return { ...rowMap(run, 'items.local', method, ofDomains[k]!), ...(heldOut && { heldOut }) }
      }),
  }
}

/** Weights in which some items have the rows that a map gives them. @param ids global ids */
export function withMappedRows (
  weights: Weights, texts: MapParts['texts'], table: TableName, ids: Int32Array, { values }: FittedMap
): Weights {
  const { shape, data } = namedWeight(weights, table)
  const width = shape[1]!
  const rows = data.slice()
  for (const id of ids) {
    const text = texts.rows.subarray((id - 1) * texts.width, id * texts.width)
    applyAffine({ inWidth: texts.width, outWidth: width, values }, text, rows.subarray((id - 1) * width, id * width))
  }
  return new Map([...weights, [table, { shape, data: rows }]])
}

interface Choice {
  readonly method: RowMethod
  readonly heldOut?: NonNullable<ChosenMap['heldOut']>
}

function measure (tf: Tf, run: MapParts): { ids: Choice, locals: readonly Choice[] } | undefined {
  const { dataset, texts } = run
  const { domains } = dataset
  const idsMethods = methodsOfIds(run)
  const localMethods = methodsOfLocals(run)
  if (idsMethods.length + localMethods.length < 2) return undefined

  const held = domains.map((domain) => createRandom(SEED, `cold/${domain.name}`).shuffle(itemsOf(domain))
    .subarray(0, Math.round(HELD_OUT * domain.size)).sort())
  const all = new Set(held.flatMap((ids) => [...ids]))
  const users = [...dataset.users.keys()].filter((user) => all.has(target(dataset, user, 'valid')))
  const usersOf = domains.map((_, k) =>
    users.filter((user) => domainOf(domains, target(dataset, user, 'valid')) === k).length)
  if (Math.min(...usersOf) < LEAST_USERS) return undefined

  const learnt = domains.map((domain) => itemsOf(domain).filter((id) => !all.has(id)))
  const idsMaps = idsMethods.map((method) => rowMap(run, 'items.ids', method, flat(learnt)))
  const localMaps = localMethods.map((method) => learnt.map((among) => rowMap(run, 'items.local', method, among)))
  /** What one way is worth, by domain. */
  const worth = (ids: FittedMap | undefined, locals: readonly FittedMap[] | undefined): MetricsByDomain => {
    let { weights } = run
    if (ids !== undefined) weights = withMappedRows(weights, texts, 'items.ids', flat(held), ids)
    for (const [k, map] of (locals ?? []).entries()) {
      weights = withMappedRows(weights, texts, 'items.local', held[k]!, map)
    }
    const model = createModel(tf, { ...run, weights })
    try {
      return metricsByDomain(evaluate(dataset, model.scorer(), { split: 'valid', mode: 'full', users }), domains)
    } finally {
      model.dispose()
    }
  }
  const table = orNothing(idsMaps).map((ids) => orNothing(localMaps).map((locals) => worth(ids, locals)))

  /** For each way with ids: what each local one is worth by domain, which is best, and what those come to together. */
  const ways = table.map((byLocal) => {
    const locals = domains.map(({ name }) => byLocal.map((found) => found.domains[name]!.ndcg10))
    const best = locals.map((ndcg10) => ndcg10.indexOf(Math.max(...ndcg10)))
    const total = locals.reduce((sum, ndcg10, k) => sum + ndcg10[best[k]!]! * usersOf[k]!, 0) / users.length
    return { locals, best, total }
  })
  const chosen = ways.reduce((best, { total }, i) => total > ways[best]!.total ? i : best, 0)
  const { locals, best } = ways[chosen]!
  return {
    ids: {
      method: idsMethods[chosen] ?? 'ridge',
      ...(idsMethods.length > 1 && {
        heldOut: { items: all.size, users: users.length, ndcg10: named(idsMethods, ways.map(({ total }) => total)) },
      }),
    },
    locals: localMethods.length === 0
      ? []
      : locals.map((ndcg10, k) => ({
        method: localMethods[best[k]!]!,
        heldOut: { items: held[k]!.length, users: usersOf[k]!, ndcg10: named(localMethods, ndcg10) },
      })),
  }
}

/** In the order of preference where they do equally well. Components are of use where the table began as theirs. */
function methodsOfLocals ({ spec: { items: { local } } }: MapParts): RowMethod[] {
  if (local === undefined) return []
  return local.init === 'pca' ? ['ridge', 'pca', 'zero'] : ['ridge', 'zero']
}

/** A table over ids beside texts may as well say nothing; alone it has to say something. */
function methodsOfIds ({ spec: { items } }: MapParts): RowMethod[] {
  if (!readsIds(items)) return []
  return readsTexts(items) ? ['ridge', 'zero'] : ['ridge']
}

function orNothing<T> (values: readonly T[]): ReadonlyArray<T | undefined> {
  return values.length === 0 ? [undefined] : values
}

function named (methods: readonly RowMethod[], values: readonly number[]): Record<string, number> {
  return Object.fromEntries(methods.map((method, i) => [method, values[i]!]))
}

function flat (parts: readonly Int32Array[]): Int32Array {
  return Int32Array.from(parts.flatMap((part) => [...part]))
}
