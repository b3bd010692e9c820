import { Type } from 'typebox'
import type { Static } from 'typebox'
import { VERSION_PATTERN } from '../bundle/layout.ts'
import { MAX_VARIANTS, VariantSchema } from '../bundle/selection.ts'

const closed = { additionalProperties: false } as const

/** Ids of users, items and events' owners: printable ASCII without spaces. */
export const IdSchema = Type.String({ pattern: '^[\\x21-\\x7e]{1,128}$', description: 'Printable ASCII, 1 to 128.' })
export const DomainSchema = Type.String({
  pattern: '^[\\x21-\\x7e]{1,128}$', description: "One of the model's domains, or one that posted items have opened.",
})

/** Unix milliseconds, 1973 to 9999: a time in seconds falls below and is refused, not misread. */
export const TimestampSchema = Type.Integer({
  minimum: 100_000_000_000, maximum: 253_402_300_799_999, description: 'Unix milliseconds.',
})

const FacetSchema = Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { minItems: 1, maxItems: 100 })

export const FilterSchema = Type.Object({
  brand: Type.Optional(FacetSchema),
  categories: Type.Optional(FacetSchema),
  priceMin: Type.Optional(Type.Number({ minimum: 0, maximum: 1e12 })),
  priceMax: Type.Optional(Type.Number({ minimum: 0, maximum: 1e12 })),
  ingestedAfter: Type.Optional(TimestampSchema),
}, { ...closed, description: 'AND between fields, OR inside one; an item without the field does not match.' })

const recommendFields = {
  userId: Type.Optional(IdSchema),
  history: Type.Optional(Type.Array(Type.Object({
    itemId: IdSchema,
    timestamp: Type.Optional(TimestampSchema),
  }, closed), { maxItems: 1000, description: 'What this session did, oldest first; joined with what is stored.' })),
  profileText: Type.Optional(Type.String({
    minLength: 1, maxLength: 4096, description: 'Used only where there is no usable history.',
  })),
  k: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'How many items; 10 unless told.' })),
  exclude: Type.Optional(Type.Array(IdSchema, { maxItems: 500 })),
  excludeSeen: Type.Optional(Type.Boolean({ description: 'Leaves out what the history holds; true unless told.' })),
  filter: Type.Optional(FilterSchema),
  explain: Type.Optional(Type.Boolean({
    description: 'Each item says what its score is made of (`parts`) and, in an answer from a history, what of that it ' +
      'rests on (`near`, `weighed`, `domains`). Costs an encoder run for each item of the history.',
  })),
}

export const RecommendBodySchema = Type.Object(recommendFields, closed)

export const RecommendBatchBodySchema = Type.Object({
  requests: Type.Array(Type.Object({ domain: DomainSchema, ...recommendFields }, closed), {
    minItems: 1, maxItems: 256,
  }),
}, closed)

const rankedFields = {
  itemId: Type.String(),
  domain: Type.String(),
  score: Type.Number(),
  rank: Type.Integer({ minimum: 1 }),
  title: Type.Optional(Type.String()),
}

const RankedItemSchema = Type.Object(rankedFields, closed)

const namedFields = { itemId: Type.String(), domain: Type.String(), title: Type.Optional(Type.String()) }
const weight = Type.Number({
  description: 'What the score would lose were the history without it; below 0 where it would gain.',
})

const RecommendedItemSchema = Type.Object({
  ...rankedFields,
  parts: Type.Optional(Type.Object({
    global: Type.Number(), local: Type.Optional(Type.Number()),
  }, { ...closed, description: 'With `explain`: what each thread adds to the score. No `local` where the system has none.' })),
  near: Type.Optional(Type.Array(Type.Object({ ...namedFields, similarity: Type.Number() }, closed), {
    maxItems: 3, description: 'With `explain`: items of the history most like this one; a likeness of texts, not a cause.',
  })),
  weighed: Type.Optional(Type.Array(Type.Object({ ...namedFields, weight }, closed), {
    maxItems: 10, description: 'With `explain`: items of the history that weighed most, each left out in turn.',
  })),
  domains: Type.Optional(Type.Array(Type.Object({ domain: Type.String(), weight }, closed), {
    description: 'With `explain`: the domains of the history, each left out as a whole.',
  })),
}, closed)

const ThreadsSchema = Type.Array(Type.Enum(['global', 'local']), {
  description: 'The threads of the system: `local` reads the domain asked for alone, and not every system has it.',
})

const ExplanationSchema = Type.Object({
  threads: ThreadsSchema,
  leftOut: Type.Integer({ minimum: 0, maximum: 50, description: 'Items of the history, the latest, that were left out in turn.' }),
}, closed)

const ModelSchema = Type.Object({
  name: Type.String(), version: Type.String(), variant: Type.Optional(Type.String()),
}, closed)

export const RecommendAnswerSchema = Type.Object({
  requestId: Type.String(),
  domain: Type.String(),
  model: ModelSchema,
  basis: Type.Enum(['history', 'text', 'popular'], { description: 'What the answer rests on.' }),
  degraded: Type.Boolean({ description: 'True when something was down or late; the reasons say what.' }),
  degradedReasons: Type.Array(Type.String()),
  historyUsed: Type.Integer({ minimum: 0 }),
  historyUnknown: Type.Integer({ minimum: 0, description: 'Items of the history that the model does not know.' }),
  items: Type.Array(RecommendedItemSchema, { description: 'By score descending, then itemId by code point.' }),
  explanation: Type.Optional(ExplanationSchema),
}, closed)

export const RecommendBatchAnswerSchema = Type.Object({
  requestId: Type.String(),
  results: Type.Array(RecommendAnswerSchema, { description: 'In the order of the requests.' }),
}, closed)

export const SimilarAnswerSchema = Type.Object({
  requestId: Type.String(),
  itemId: Type.String(),
  domain: Type.String({ description: 'The domain searched.' }),
  model: ModelSchema,
  items: Type.Array(RankedItemSchema),
}, closed)

export const PlaygroundSchema = Type.Object({
  model: ModelSchema,
  system: Type.String(),
  generated: Type.Boolean({ description: 'True where the data is made up.' }),
  threads: ThreadsSchema,
  domains: Type.Array(Type.String()),
  mayWrite: Type.Boolean({ description: 'Whether this caller may post items.' }),
}, closed)

export const SearchAnswerSchema = Type.Object({
  requestId: Type.String(),
  domain: Type.String(),
  items: Type.Array(Type.Object(namedFields, closed), { description: 'In the order of the catalogue.' }),
  next: Type.Optional(Type.Integer({ minimum: 1, description: 'There may be more from there on.' })),
}, closed)

export const ChartSchema = Type.Object({
  requestId: Type.String(),
  share: Type.Number({ description: 'The part of the differences between items that the two axes show, 0 to 1.' }),
  points: Type.Array(Type.Object({ ...namedFields, x: Type.Number(), y: Type.Number() }, closed)),
}, closed)

export const ItemSchema = Type.Object({
  itemId: IdSchema,
  domain: DomainSchema,
  title: Type.Optional(Type.String({ minLength: 1, description: 'At most 512 characters.' })),
  brand: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  categories: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 100 })),
  price: Type.Optional(Type.Number({ minimum: 0, maximum: 1e12 })),
  features: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), { maxItems: 100 })),
  description: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
  embedding: Type.Optional(Type.Array(Type.Number(), {
    minItems: 1, maxItems: 8192, description: "Raw text embedding of the model's width; in place of the text.",
  })),
  embeddingModel: Type.Optional(Type.String({
    minLength: 1, maxLength: 256, description: "Needed with `embedding`; equal to the bundle's embedder id.",
  })),
}, closed)
export type ItemBody = Static<typeof ItemSchema>

export const ItemBatchSchema = Type.Object({
  items: Type.Array(ItemSchema, { minItems: 1, maxItems: 100, description: 'All are taken, or none.' }),
}, closed)

const ItemStateSchema = Type.Enum(['ready', 'pending'], {
  description: 'ready: in the answers from now on; pending: stored, and tried again until its text is embedded.',
})

export const ItemAnswerSchema = Type.Object({
  itemId: Type.String(), domain: Type.String(), state: ItemStateSchema,
}, closed)

export const ItemBatchAnswerSchema = Type.Object({ items: Type.Array(ItemAnswerSchema) }, closed)

const RejectedLinesSchema = Type.Array(Type.Object({
  line: Type.Integer({ minimum: 1 }), code: Type.String(),
}, closed), { description: 'The first 1,000.' })

export const ItemLinesAnswerSchema = Type.Object({
  accepted: Type.Integer({ minimum: 0 }),
  rejected: RejectedLinesSchema,
}, closed)

export const ItemViewSchema = Type.Object({
  itemId: Type.String(),
  domain: Type.String(),
  title: Type.Optional(Type.String()),
  brand: Type.Optional(Type.String()),
  categories: Type.Optional(Type.Array(Type.String())),
  price: Type.Optional(Type.Number()),
  features: Type.Optional(Type.Array(Type.String())),
  description: Type.Optional(Type.String()),
  version: Type.Integer({ minimum: 1 }),
  state: ItemStateSchema,
  source: Type.Enum(['bundle', 'posted']),
}, closed)

export const EVENT_TYPES = ['view', 'click', 'cart', 'purchase', 'rate'] as const

export const EventSchema = Type.Object({
  eventId: Type.Optional(Type.String({
    pattern: '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$',
    description: 'A UUID of yours makes sending again safe; one is made if absent.',
  })),
  userId: IdSchema,
  itemId: IdSchema,
  type: Type.Optional(Type.Enum([...EVENT_TYPES], { description: 'purchase unless told.' })),
  timestamp: Type.Optional(TimestampSchema),
  value: Type.Optional(Type.Number({ minimum: 0, maximum: 5 })),
}, closed)
export type EventBody = Static<typeof EventSchema>

export const EventBatchSchema = Type.Object({
  events: Type.Array(EventSchema, { minItems: 1, maxItems: 1000 }),
}, closed)

const eventCounts = {
  accepted: Type.Integer({ minimum: 0 }),
  duplicates: Type.Integer({ minimum: 0 }),
  unknownItems: Type.Integer({ minimum: 0, description: 'Accepted events of items that the model does not know.' }),
}

export const EventLinesAnswerSchema = Type.Object({ ...eventCounts, rejected: RejectedLinesSchema }, closed)

export const EventsAnswerSchema = Type.Object({
  ...eventCounts,
  rejected: Type.Array(Type.Object({ index: Type.Integer({ minimum: 0 }), code: Type.String() }, closed)),
}, closed)

export const UserSchema = Type.Object({
  userId: Type.String(),
  history: Type.Array(Type.Object({
    itemId: Type.String(), timestamp: Type.Integer(),
  }, closed), { description: 'The latest 1,000, oldest first.' }),
  degraded: Type.Boolean({ description: 'True when what other instances took may be absent.' }),
  degradedReasons: Type.Array(Type.String()),
}, closed)

const StatusSchema = Type.Enum(['ok', 'degraded', 'unavailable'])

export const ProbeSchema = Type.Object({ status: StatusSchema }, closed)

export const HealthSchema = Type.Object({
  status: StatusSchema,
  uptimeSeconds: Type.Number({ minimum: 0 }),
  model: Type.Optional(ModelSchema),
  provider: Type.Optional(Type.String({ description: 'Where the encoder runs.' })),
  domains: Type.Optional(Type.Array(Type.Object({
    domain: Type.String(),
    items: Type.Integer(),
    retrieval: Type.String(),
    opened: Type.Boolean({ description: 'True where items posted since the model was made have opened it.' }),
  }, closed))),
  newDomains: Type.Optional(Type.Enum(['off', 'unsupported', 'on'], {
    description: 'What a posted item of an unknown domain does. off: it is refused (OPEN_DOMAINS is not set); ' +
      'unsupported: it is refused, as the model answers for its own domains alone; on: it opens the domain.',
  })),
  pendingItems: Type.Optional(Type.Integer({
    minimum: 0, description: 'Posted items that wait for their text embedding.',
  })),
  writes: Type.Optional(Type.Enum(['ok', 'failing'], { description: 'What became of the latest write.' })),
  sharedStore: Type.Optional(Type.Enum(['none', 'up', 'down'], {
    description: 'What instances share; none: this one is alone.',
  })),
}, { ...closed, description: 'Where there are keys, a caller without one is told the first two alone.' })

const ShareSchema = Type.Object({
  version: Type.String(),
  weight: Type.Number({ description: 'Its part of the users, 0 to 1.' }),
  variant: Type.Optional(Type.String()),
}, closed)

export const ModelsSchema = Type.Object({
  name: Type.String(),
  fixed: Type.Boolean({ description: 'True where this instance serves one version and no other.' }),
  serving: Type.Array(ShareSchema, { description: 'The first takes what the others leave, and callers without a user.' }),
  previous: Type.Optional(Type.String({ description: 'What a rollback goes back to.' })),
  versions: Type.Array(Type.Object({
    version: Type.String(),
    state: Type.Enum(['serving', 'loading', 'draining', 'refused', 'available']),
    reason: Type.Optional(Type.String({ description: 'The code of why it was refused when it was tried last.' })),
    system: Type.Optional(Type.String()),
    preset: Type.Optional(Type.String()),
    embedder: Type.Optional(Type.String()),
    encoders: Type.Optional(Type.Enum(['float32', 'int8'])),
    created: Type.Optional(TimestampSchema),
  }, closed), { description: 'On the disk of this instance, the newest first.' }),
}, closed)

export const ActivateSchema = Type.Object({
  version: Type.String({ pattern: VERSION_PATTERN }),
  variants: Type.Optional(Type.Array(VariantSchema, {
    maxItems: MAX_VARIANTS, description: 'Versions that take their parts of the users; none unless told.',
  })),
  allowOlder: Type.Optional(Type.Boolean({ description: 'The version may be older than the one that answers.' })),
}, closed)

/** What any route may answer, and what one that needs a key may. */
const COMMON = [400, 405, 408, 413, 415, 417, 431, 500, 503]
const KEYED = [401, 403, 429]

/** Problems by status, for the `response` of a route that needs a key. */
export function problems (...statuses: number[]): Record<number, object> {
  return openProblems(...KEYED, ...statuses)
}

/** The same for a route that is open to everybody. */
export function openProblems (...statuses: number[]): Record<number, object> {
  return Object.fromEntries([...COMMON, ...statuses].map((status) => [status, {
    description: 'An RFC 9457 problem.', content: { 'application/problem+json': { schema: Type.Ref('Problem#') } },
  }]))
}
