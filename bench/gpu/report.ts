/** One size: users at a time, and for a search the items; milliseconds of the middle run. */
export interface ComputeRow {
  readonly items?: number
  readonly batch: number
  /** Absent: more than the processor's memory is asked for. */
  readonly cpuMs?: number
  /** Absent: CUDA does not load. */
  readonly cudaMs?: number
  /** Largest difference between the two, as a share of the largest value. */
  readonly off?: number
  /** Of the best 100, how many both found, 0 to 1. */
  readonly same?: number
}

export interface ComputeFigures {
  /** Why CUDA does not load. */
  readonly fallback?: string
  readonly encoder: readonly ComputeRow[]
  readonly search: readonly ComputeRow[]
}

export interface StepFigures {
  readonly ms: number
  readonly losses: readonly number[]
}

export interface GpuFigures {
  /** What nvidia-smi says of the first GPU; undefined where it says nothing. */
  readonly card: string | undefined
  readonly compute: ComputeFigures
  readonly cpuStep: StepFigures | { readonly why: string }
  readonly gpuStep: StepFigures | { readonly why: string }
}

/**
 * What may differ: a GPU multiplies in TF32, of 10 bits, and items whose scores are that close change places; losses
 * are of whole steps from the same weights on the same batches, which add such differences up.
 */
export const MOST_OFF = 5e-3
export const LEAST_SAME = 0.98
export const MOST_LOSS_OFF = 1e-2

/** Whether CUDA computed, everywhere what the CPU computed. */
export function agrees ({ compute, cpuStep, gpuStep }: GpuFigures): boolean {
  if (compute.fallback !== undefined) return false
  const rows = [...compute.encoder, ...compute.search]
  return rows.every(({ off = 0, same = 1 }) => off <= MOST_OFF && same >= LEAST_SAME) &&
    ('why' in cpuStep || 'why' in gpuStep || lossOff(cpuStep, gpuStep) <= MOST_LOSS_OFF)
}

/** In Markdown. */
export function gpuReport (figures: GpuFigures): string {
  const { card, compute, cpuStep, gpuStep } = figures
  const { fallback, encoder, search } = compute
  const lines = [
    `GPU: ${card ?? 'nvidia-smi finds none'}`,
    `ONNX Runtime, CUDA: ${fallback === undefined ? 'loads' : `does not load; ${fallback}`}`,
    `TensorFlow.js, GPU: ${'why' in gpuStep ? `does not load; ${gpuStep.why}` : 'loads'}`,
    '',
    '| users at a time | encoder, CPU ms | CUDA ms | users/s on CUDA | CPU / CUDA | off |',
    '|---|---|---|---|---|---|',
    ...encoder.map((row) => line([String(row.batch), ...computed(row)])),
  ]
  if (search.length > 0) {
    lines.push(
      '',
      '| items | users at a time | exact top 100, CPU ms | CUDA ms | users/s on CUDA | CPU / CUDA | off | same |',
      '|---|---|---|---|---|---|---|---|',
      ...search.map((row) => line([
        row.items!.toLocaleString('en'), String(row.batch), ...computed(row), row.same?.toFixed(4) ?? '',
      ]))
    )
  }
  const step = (name: string, figures: StepFigures | { readonly why: string }): string =>
    line([name, ...'why' in figures ? ['', figures.why] : [figures.ms.toFixed(0), figures.losses.at(-1)!.toFixed(4)]])
  lines.push(
    '', '| a step of LLM4CDSR, batch 128 | ms | last loss |', '|---|---|---|', step('CPU', cpuStep), step('GPU', gpuStep), '',
    fallback !== undefined
      ? 'CUDA was not checked.'
      : `CUDA computes what the CPU does (off by at most ${MOST_OFF}, at least ${LEAST_SAME} of the best 100 the same, ` +
        `losses within ${MOST_LOSS_OFF * 100} %): ${agrees(figures) ? 'yes' : 'no'}.`
  )
  return lines.join('\n')
}

function computed ({ batch, cpuMs, cudaMs, off }: ComputeRow): string[] {
  return [
    cpuMs?.toFixed(2) ?? 'too large',
    cudaMs?.toFixed(2) ?? '',
    cudaMs === undefined ? '' : (batch * 1000 / cudaMs).toFixed(0),
    cpuMs === undefined || cudaMs === undefined ? '' : (cpuMs / cudaMs).toFixed(1),
    off?.toExponential(1) ?? '',
  ]
}

function lossOff (cpu: StepFigures, gpu: StepFigures): number {
  return Math.max(...cpu.losses.map((loss, i) => Math.abs(loss - gpu.losses[i]!) / Math.abs(loss)))
}

function line (cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
