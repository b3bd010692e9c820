/** Eigenvalues in falling order, and their unit eigenvectors as rows: [n], [n, n]. */
export interface Eigen {
  readonly values: Float64Array
  readonly vectors: Float64Array
}

/** A reflection I - scale v vᵀ, v with zeros before `from`. */
interface Reflection { readonly from: number, readonly v: Float64Array, readonly scale: number }

/**
 * All eigenpairs of a symmetric matrix, row-major [n, n], which is overwritten.
 * Householder reflections to a tridiagonal matrix, then implicit QL (Golub and Van Loan, Matrix Computations, 8.3):
 * about 5 n³ steps whatever the spectrum, and no random start, so the same matrix gives the same bits.
 */
export function symmetricEigen (matrix: Float64Array, n: number): Eigen {
  const { diagonal, off, reflections } = tridiagonal(matrix, n)
  const vectors = new Float64Array(n * n)
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1
  implicitQl(diagonal, off, vectors, n)

  const order = [...diagonal.keys()].sort((a, b) => diagonal[b]! - diagonal[a]! || a - b)
  const values = Float64Array.from(order, (i) => diagonal[i]!)
  const sorted = new Float64Array(n * n)
  for (const [row, i] of order.entries()) sorted.set(vectors.subarray(i * n, (i + 1) * n), row * n)
  for (const reflection of reflections.reverse()) reflectRows(sorted, n, reflection)
  return { values, vectors: sorted }
}

function tridiagonal (a: Float64Array, n: number): {
  diagonal: Float64Array, off: Float64Array, reflections: Reflection[]
} {
  const off = new Float64Array(n)
  const reflections: Reflection[] = []
  for (let k = 0; k < n - 1; k++) {
    let tail = 0
    for (let i = k + 2; i < n; i++) tail += a[k * n + i]! ** 2
    const first = a[k * n + k + 1]!
    if (tail === 0) {
      off[k] = first
      continue
    }
    // The sign that adds, so that nothing cancels.
    const norm = Math.sqrt(first ** 2 + tail) * (first > 0 ? -1 : 1)
    const v = a.slice(k * n, (k + 1) * n).fill(0, 0, k + 1)
    v[k + 1] = first - norm
    const reflection = { from: k + 1, v, scale: 2 / (tail + v[k + 1]! ** 2) }
    off[k] = norm
    reflectBothSides(a, n, reflection)
    reflections.push(reflection)
  }
  return { diagonal: Float64Array.from({ length: n }, (_, i) => a[i * n + i]!), off, reflections }
}

/** The part of H A H right of and below `from`: A - v wᵀ - w vᵀ. */
function reflectBothSides (a: Float64Array, n: number, { from, v, scale }: Reflection): void {
  const w = new Float64Array(n)
  let along = 0
  for (let i = from; i < n; i++) {
    let sum = 0
    for (let j = from; j < n; j++) sum += a[i * n + j]! * v[j]!
    w[i] = scale * sum
    along += w[i]! * v[i]!
  }
  for (let i = from; i < n; i++) w[i] = w[i]! - scale / 2 * along * v[i]!
  for (let i = from; i < n; i++) {
    const vi = v[i]!
    const wi = w[i]!
    for (let j = from; j < n; j++) a[i * n + j] = a[i * n + j]! - vi * w[j]! - wi * v[j]!
  }
}

function reflectRows (rows: Float64Array, n: number, { from, v, scale }: Reflection): void {
  for (let at = 0; at < rows.length; at += n) {
    let along = 0
    for (let j = from; j < n; j++) along += rows[at + j]! * v[j]!
    for (let j = from; j < n; j++) rows[at + j] = rows[at + j]! - scale * along * v[j]!
  }
}

/** Turns the diagonal into eigenvalues and the rows of `vectors` into the tridiagonal matrix's eigenvectors. */
function implicitQl (d: Float64Array, e: Float64Array, vectors: Float64Array, n: number): void {
  let size = 0
  for (let i = 0; i < n; i++) size = Math.max(size, Math.abs(d[i]!) + Math.abs(e[i]!))
  // Below the rounding of the whole matrix: relative to its neighbours it might never vanish where the rank is low.
  const negligible = Number.EPSILON * size

  for (let l = 0; l < n; l++) {
    for (;;) {
      let m = l
      while (m < n - 1 && Math.abs(e[m]!) > negligible) m++
      if (m === l) break
      sweep(d, e, vectors, n, l, m)
    }
  }
}

/** One QL step with Wilkinson's shift on the unreduced block l..m. */
function sweep (d: Float64Array, e: Float64Array, vectors: Float64Array, n: number, l: number, m: number): void {
  const half = (d[l + 1]! - d[l]!) / (2 * e[l]!)
  const root = Math.sqrt(half ** 2 + 1)
  let g = d[m]! - d[l]! + e[l]! / (half + (half < 0 ? -root : root))
  let sine = 1
  let cosine = 1
  let p = 0
  for (let i = m - 1; i >= l; i--) {
    const f = sine * e[i]!
    const b = cosine * e[i]!
    const radius = Math.sqrt(f ** 2 + g ** 2)
    e[i + 1] = radius
    if (radius === 0) {
      d[i + 1] = d[i + 1]! - p
      e[m] = 0
      return
    }
    sine = f / radius
    cosine = g / radius
    g = d[i + 1]! - p
    const r = (d[i]! - g) * sine + 2 * cosine * b
    p = sine * r
    d[i + 1] = g + p
    g = cosine * r - b
    rotate(vectors, n, i, cosine, sine)
  }
  d[l] = d[l]! - p
  e[l] = g
  e[m] = 0
}

function rotate (vectors: Float64Array, n: number, i: number, cosine: number, sine: number): void {
  const a = i * n
  const b = a + n
  for (let k = 0; k < n; k++) {
    const upper = vectors[a + k]!
    const lower = vectors[b + k]!
    vectors[b + k] = sine * upper + cosine * lower
    vectors[a + k] = cosine * upper - sine * lower
  }
}
