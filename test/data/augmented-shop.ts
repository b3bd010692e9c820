import { withAugmentation } from '../../src/data/augmentation.ts'
import { buildCandidates } from '../../src/data/candidates.ts'
import type { Augmentation, Dataset } from '../../src/data/dataset.ts'

const parts = {
  domains: [{ name: 'sport', size: 3, offset: 0 }, { name: 'cloth', size: 3, offset: 3 }],
  users: ['ann', 'bob'],
  offsets: Uint32Array.of(0, 4, 7),
  events: Int32Array.of(1, 4, 5, 3, 4, 6, 1),
}

/** Two users: ann trains on items 1 and 4, bob on 4. */
export const shop: Dataset = {
  ...parts,
  digest: 'shop',
  items: ['Ball', 'Bat', 'Net', 'Cap', 'Shirt', 'Sock'].map((title, i) =>
    ({ itemId: `i${i + 1}`, domain: i < 3 ? 'sport' : 'cloth', title })),
  times: Float64Array.of(1, 2, 3, 4, 1, 2, 3),
  candidates: buildCandidates(parts, 42),
}

/** Ann has a fresh racket (7) after 1, after 4 the catalogue's bat (2), which she never bought; nobody the scarf. */
export const augmentation: Augmentation = {
  items: [
    { itemId: 'synthetic:sport:1', domain: 'sport', title: 'Racket' },
    { itemId: 'synthetic:cloth:1', domain: 'cloth', title: 'Scarf' },
  ],
  offsets: Uint32Array.of(0, 4, 5),
  events: Int32Array.of(1, 7, 4, 2, 4),
  synthetic: Int32Array.of(0, 1, 0, 1, 0),
}

export const augmented = withAugmentation(shop, augmentation)
