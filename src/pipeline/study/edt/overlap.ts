import type { Dataset, Domain } from '../../../data/dataset.ts'
import { loadTf } from '../../../nn/tf.ts'
import { rowDot, unitRows } from '../../../numeric/cosine.ts'
import { fitPca, projectPca } from '../../../numeric/pca.ts'
import { cloudPlot } from '../../../plot/clouds.ts'
import { createRandom } from '../../../random.ts'
import { createModel } from '../../../train/model.ts'
import { markdownTable } from '../../markdown.ts'
import { openRun } from '../../train.ts'
import { EDT } from '../llm-edt.ts'
import type { StudyCame, ToldSection } from '../study.ts'
import { rowNamed } from './rows.ts'

/** Items drawn of each domain, and of those made up for it. */
const DRAWN = 400

/** Some items by one kind of vectors. */
interface View {
  readonly name: string
  readonly width: number
  readonly rows: Float32Array
  /** Beside the rows. */
  readonly clouds: readonly string[]
  readonly domains: readonly number[]
}

/** How near the items of different domains lie to each other, before and after. */
export async function overlap (came: StudyCame): Promise<ToldSection | undefined> {
  const ours = rowNamed(came, 'main', EDT)
  const trained = ours?.cells.find(({ kept }) => kept === undefined)
  if (trained === undefined) return undefined
  const run = await openRun(trained.run)
  const { dataset, texts } = run
  const { tf, close } = await loadTf(came.context.settings.backend)
  const model = createModel(tf, run)
  const learnt = model.itemVectors()
  const width = model.vectorWidth
  model.dispose()
  close()
  const [real, all] = [some(dataset, false), some(dataset, true)]
  const views = [
    view('texts', real, texts.rows, texts.width), view('texts, with items made up', all, texts.rows, texts.width),
    view('as the system sees them', all, learnt, width),
  ]
  return {
    parts: [
      markdownTable([
        ['', 'items', 'nearest is of another domain'],
        ...views.map((one) => [one.name, String(one.domains.length), `${(100 * mixedShare(one)).toFixed(1)} %`]),
      ]),
      ...(all.length > real.length ? [] : ['All that was put into histories is of the catalogue: no item was made up.']),
    ],
    picture: cloudPlot('Items of the domains, two principal components', views.map((one) => ({
      name: one.name, clouds: cloudsOf(one),
    }))),
  }
}

interface Chosen { readonly id: number, readonly domain: number, readonly cloud: string }

function some ({ domains }: Dataset, withFresh: boolean): Chosen[] {
  const draw = (name: string, { offset, size }: Pick<Domain, 'offset' | 'size'>): number[] =>
    [...createRandom(42, `overlap/${name}`).shuffle(Int32Array.from({ length: size }, (_, i) => offset + 1 + i))
      .subarray(0, DRAWN)]
  return domains.flatMap(({ name, fresh, ...range }, domain) => [
    ...draw(name, range).map((id) => ({ id, domain, cloud: name })),
    ...(withFresh && fresh !== undefined
      ? draw(`${name}/fresh`, fresh).map((id) => ({ id, domain, cloud: `${name}, made up` }))
      : []),
  ])
}

function view (name: string, chosen: readonly Chosen[], table: Float32Array, width: number): View {
  const rows = new Float32Array(chosen.length * width)
  for (const [i, { id }] of chosen.entries()) rows.set(table.subarray((id - 1) * width, id * width), i * width)
  return {
    name,
    width,
    rows: unitRows(rows, width),
    clouds: chosen.map(({ cloud }) => cloud),
    domains: chosen.map(({ domain }) => domain),
  }
}

function mixedShare ({ rows, width, domains }: View): number {
  const across = domains.filter((domain, item) => {
    let [nearest, cosine] = [item, -Infinity]
    for (const other of domains.keys()) {
      const here = other === item ? -Infinity : rowDot(rows, item, rows, other, width)
      if (here > cosine) [nearest, cosine] = [other, here]
    }
    return domains[nearest] !== domain
  })
  return domains.length === 0 ? 0 : across.length / domains.length
}

function cloudsOf ({ rows, width, clouds }: View): Array<{ name: string, points: Array<readonly [number, number]> }> {
  const flat = projectPca(fitPca(rows, width, 2), rows)
  return [...new Set(clouds)].map((name) => ({
    name,
    points: clouds.flatMap((cloud, i) => cloud === name ? [[flat[2 * i]!, flat[2 * i + 1]!] as const] : []),
  }))
}
