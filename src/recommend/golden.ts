import { files, type Golden } from '../bundle/layout.ts'
import type { Bundle } from '../bundle/open.ts'
import { IsthmusError } from '../errors.ts'
import type { Engine } from './engine.ts'

/**
 * Asks a loaded engine what the export asked, and compares: a runtime, a file or a build that answers otherwise does
 * not serve. Also warms the sessions. Fails with `artefact_invalid`.
 */
export async function checkGolden (bundle: Bundle, engine: Engine): Promise<void> {
  const { tolerance, cases } = parseGolden(await bundle.readText(files.golden))
  for (const { domain, history, items } of cases) {
    const answer = await engine.recommend({ domain, history, k: items.length, exclude: [], excludeSeen: true })
      .catch((error: unknown) => {
        if (error instanceof IsthmusError && error.code === 'engine_unavailable') return undefined
        throw error
      })
    // While a shared index is away, or a part of it, nothing can be said of what it holds.
    if (answer === undefined || answer.degradedReasons !== undefined) continue
    const close = answer.items.length === items.length &&
      items.every(({ score }, i) => Math.abs(score - answer.items[i]!.score) <= tolerance)
    // Items whose scores are closer than the tolerance may change places; others may not.
    const scores = new Map(items.map(({ itemId, score }) => [itemId, score]))
    const last = items.at(-1)?.score ?? 0
    const same = answer.items.every(({ itemId, score }) =>
      Math.abs((scores.get(itemId) ?? last) - score) <= tolerance)
    if (!close || !same) throw invalid('the engine does not give the answers that the bundle was exported with')
  }
}

function parseGolden (text: string): Golden {
  try {
    const value: unknown = JSON.parse(text)
    if (isGolden(value)) return value
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
  }
  throw invalid('the golden answers cannot be read')
}

function isGolden (value: unknown): value is Golden {
  if (typeof value !== 'object' || value === null) return false
  const { tolerance, cases } = value as Record<string, unknown>
  return typeof tolerance === 'number' && Array.isArray(cases) && cases.every((one: unknown) =>
    typeof one === 'object' && one !== null && 'domain' in one && typeof one.domain === 'string' &&
    'history' in one && Array.isArray(one.history) && 'items' in one && Array.isArray(one.items))
}

function invalid (message: string): IsthmusError {
  return new IsthmusError('artefact_invalid', `${files.golden}: ${message}`, { place: { file: files.golden } })
}
