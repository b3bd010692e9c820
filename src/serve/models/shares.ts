import { LEAD_VARIANT, type Selection } from '../../bundle/selection.ts'
import { IsthmusError } from '../../errors.ts'
import type { Share } from '../../recommend/model-pool.ts'
import type { LoadedModel } from './open-model.ts'

/**
 * A selection with the models that were loaded for it. The lead has no name where it is alone. Fails with
 * `variants_differ`.
 * @param models by version; all that are selected
 */
export function sharesOf (
  { version, variants }: Selection, models: ReadonlyMap<string, LoadedModel>
): Array<Share<LoadedModel>> {
  const lead = models.get(version)!
  for (const one of variants) checkAlike(lead, models.get(one.version)!)
  const left = variants.reduce((rest, { weight }) => rest - weight, 1)
  return [
    { model: lead, weight: left, ...(variants.length === 0 ? {} : { variant: LEAD_VARIANT }) },
    ...variants.map(({ variant, version, weight }) => ({ model: models.get(version)!, weight, variant })),
  ]
}

/** Whether the shares are those that the selection asks for. */
export function isSelected (shares: ReadonlyArray<Share<LoadedModel>>, { version, variants }: Selection): boolean {
  const [lead, ...others] = shares
  return lead?.model.engine.model.version === version && others.length === variants.length &&
    others.every(({ model, variant, weight }, i) => {
      const wanted = variants[i]!
      return model.engine.model.version === wanted.version && variant === wanted.variant && weight === wanted.weight
    })
}

/** An item, a text or a domain must mean the same to every version of a split. */
function checkAlike (lead: LoadedModel, other: LoadedModel): void {
  const [{ embedder, domains }, its] = [lead.engine, other.engine]
  if (its.embedder.id === embedder.id && its.embedder.width === embedder.width &&
    its.domains.length === domains.length && domains.every((name) => its.domains.includes(name))) return
  throw new IsthmusError('variants_differ', 'the domains or embedders of the versions differ', {
    place: { field: 'variants' },
  })
}
