import { IsthmusError } from '../errors.ts'

/**
 * Rows of an embeddings answer in the order of the texts, which `index` gives and the list may not: row-major
 * [count, width]. Throws `embedding_bad_response` where a row is missing, twice there, of another width, not finite
 * as a float32, or without a direction.
 */
export function readRows (answer: unknown, count: number, width: number): Float32Array {
  const data = typeof answer === 'object' && answer !== null && 'data' in answer ? answer.data : undefined
  if (!Array.isArray(data)) throw bad('has no list of embeddings')
  if (data.length !== count) throw bad(`has ${data.length} embeddings for ${count} texts`)
  const rows = new Float32Array(count * width)
  const seen = new Set<number>()
  for (const entry of data as unknown[]) {
    const { index, embedding } = fieldsOf(entry)
    if (!Number.isInteger(index) || Number(index) < 0 || Number(index) >= count) throw bad('has an index out of range')
    const row = Number(index)
    if (seen.has(row)) throw bad('has one index twice')
    seen.add(row)
    rows.set(vectorOf(embedding, width), row * width)
  }
  return rows
}

function fieldsOf (entry: unknown): { readonly index?: unknown, readonly embedding?: unknown } {
  return typeof entry === 'object' && entry !== null ? entry : {}
}

function vectorOf (embedding: unknown, width: number): Float32Array {
  if (!Array.isArray(embedding)) throw bad('has an embedding that is no list')
  if (embedding.length !== width) throw bad(`has an embedding of ${embedding.length} numbers, not ${width}`)
  if (!embedding.every((value) => typeof value === 'number')) throw bad('has an embedding that is not of numbers')
  const vector = Float32Array.from(embedding)
  // A double that a float32 cannot hold becomes infinite here.
  if (!vector.every(Number.isFinite)) throw bad('has a number that is not finite')
  if (vector.every((value) => value === 0)) throw bad('has an embedding of zeros')
  return vector
}

function bad (what: string): IsthmusError {
  return new IsthmusError('embedding_bad_response', `the answer ${what}`)
}
