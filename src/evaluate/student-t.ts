/** P(|T| >= |t|) for Student's t with `freedom` degrees of freedom. */
export function twoSidedP (t: number, freedom: number): number {
  if (!Number.isFinite(t)) return 0
  return incompleteBeta(freedom / (freedom + t ** 2), freedom / 2, 0.5)
}

/** The regularised incomplete beta function I_x(a, b), for x in [0, 1]. */
function incompleteBeta (x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  // The continued fraction converges fast below the mean; above it, its mirror image does.
  return x < (a + 1) / (a + b + 2)
    ? front * betaFraction(x, a, b) / a
    : 1 - front * betaFraction(1 - x, b, a) / b
}

/** Continued fraction of the incomplete beta function, by the modified Lentz method. */
function betaFraction (x: number, a: number, b: number): number {
  const tiny = 1e-300
  const away = (value: number): number => Math.abs(value) < tiny ? tiny : value
  let c = 1
  let d = 1 / away(1 - (a + b) * x / (a + 1))
  let fraction = d
  for (let m = 1; m <= 10_000; m++) {
    const even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / away(1 + even * d)
    c = away(1 + even / c)
    fraction *= c * d
    const odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / away(1 + odd * d)
    c = away(1 + odd / c)
    fraction *= c * d
    if (Math.abs(c * d - 1) < 1e-14) break
  }
  return fraction
}

/** ln Γ(z), z > 0: Stirling's series, reached by the recurrence Γ(z + 1) = z Γ(z) where z is small. */
function logGamma (z: number): number {
  let product = 1
  let x = z
  for (; x < 10; x++) product *= x
  const inverse = 1 / x
  const series = inverse / 12 - inverse ** 3 / 360 + inverse ** 5 / 1260 - inverse ** 7 / 1680 + inverse ** 9 / 1188
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series - Math.log(product)
}
