import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Weight, Weights } from '../../src/nn/ops.ts'

export type Matrix = number[][]

/** One layer of a golden SASRec; matrices are [out, in]. */
export interface GoldenLayer {
  ln1_g: number[],
  ln1_b: number[],
  in_proj_weight: Matrix,
  in_proj_bias: number[]
  out_proj_weight: Matrix,
  out_proj_bias: number[],
  ln2_g: number[],
  ln2_b: number[]
  ffn_w1: Matrix,
  ffn_b1: number[],
  ffn_w2: Matrix,
  ffn_b2: number[]
}

export interface GoldenSasrec { layers: GoldenLayer[], ln_g: number[], ln_b: number[] }

export interface Golden<Inputs, Expected> { inputs: Inputs, expected: Expected, tolerance: number }

/** A golden case by its file name without the ending. */
export function golden<Inputs, Expected> (name: string): Golden<Inputs, Expected> {
  const text = readFileSync(join(import.meta.dirname, '../golden', `${name}.json`), 'utf8')
  return JSON.parse(text) as Golden<Inputs, Expected>
}

/** An [out, in] matrix as a kernel [in, out]. */
export function kernel (matrix: Matrix): Weight {
  const [first = []] = matrix
  const data = Float32Array.from(first.flatMap((_, i) => matrix.map((row) => row[i]!)))
  return { shape: [first.length, matrix.length], data }
}

export function vector (values: number[]): Weight {
  return { shape: [values.length], data: Float32Array.from(values) }
}

/** One golden layer of a transformer (or its gradients) under our names. */
export function layerFromGolden (at: string, layer: GoldenLayer): [string, Weight][] {
  const d = layer.ln1_g.length
  const attention = ['query', 'key', 'value'].flatMap((part, p): [string, Weight][] => [
    [`${at}.${part}.kernel`, kernel(layer.in_proj_weight.slice(p * d, (p + 1) * d))],
    [`${at}.${part}.bias`, vector(layer.in_proj_bias.slice(p * d, (p + 1) * d))],
  ])
  return [
    [`${at}.norm1.gain`, vector(layer.ln1_g)], [`${at}.norm1.bias`, vector(layer.ln1_b)],
    ...attention,
    [`${at}.out.kernel`, kernel(layer.out_proj_weight)], [`${at}.out.bias`, vector(layer.out_proj_bias)],
    [`${at}.norm2.gain`, vector(layer.ln2_g)], [`${at}.norm2.bias`, vector(layer.ln2_b)],
    [`${at}.ffn1.kernel`, kernel(layer.ffn_w1)], [`${at}.ffn1.bias`, vector(layer.ffn_b1)],
    [`${at}.ffn2.kernel`, kernel(layer.ffn_w2)], [`${at}.ffn2.bias`, vector(layer.ffn_b2)],
  ]
}

/** Golden SASRec parameters (or their gradients) under our names. */
export function sasrecFromGolden (prefix: string, params: GoldenSasrec): Weights {
  const entries = params.layers.flatMap((layer, i) => layerFromGolden(`${prefix}.${i}`, layer))
  return new Map([
    ...entries, [`${prefix}.norm.gain`, vector(params.ln_g)], [`${prefix}.norm.bias`, vector(params.ln_b)],
  ])
}

/** A golden GRU; matrices are [out, in], gates in the order reset, update, candidate. */
export interface GoldenGru { w_ih: Matrix, w_hh: Matrix, b_ih: number[], b_hh: number[] }

/** Golden GRU parameters (or their gradients) as weights `input` and `hidden`, gates in our order. */
export function gruFromGolden ({ w_ih: wInput, w_hh: wHidden, b_ih: bInput, b_hh: bHidden }: GoldenGru): Weights {
  const h = bInput.length / 3
  const ours = <E>(rows: E[]): E[] => [...rows.slice(h, 2 * h), ...rows.slice(0, h), ...rows.slice(2 * h)]
  return new Map([
    ['input.kernel', kernel(ours(wInput))], ['input.bias', vector(ours(bInput))],
    ['hidden.kernel', kernel(ours(wHidden))], ['hidden.bias', vector(ours(bHidden))],
  ])
}
