/** How far a long step is. On a terminal one line is redrawn; elsewhere a plain line appears now and then. */
export interface Progress {
  /** Work done so far, and a few words or figures to show beside it. */
  update: (done: number, note?: string) => void
  /** Ends the line. */
  finish: (note?: string) => void
}

export interface ProgressOptions {
  readonly label: string
  /** Absent where nobody knows before the end: then there is neither a share nor a time left. */
  readonly total?: number
  readonly unit: string
  readonly out?: NodeJS.WritableStream & { isTTY?: boolean }
  /** Milliseconds, monotonic. */
  readonly now?: () => number
}

const REDRAW_MS = 200
const PLAIN_LINE_MS = 10_000
const BAR_WIDTH = 24
/** A rate over less time says nothing: work found done already would look infinitely fast. */
const MEASURED_S = 1

/** Shows label, bar and share, and after a second rate and time left. */
export function startProgress ({
  label, total, unit, out = process.stderr, now = () => performance.now(),
}: ProgressOptions): Progress {
  const started = now()
  const interval = out.isTTY === true ? REDRAW_MS : PLAIN_LINE_MS
  let shown = -Infinity

  const line = (done: number, note: string): string => {
    const seconds = (now() - started) / 1000
    const rate = seconds < MEASURED_S ? 0 : done / seconds
    const left = rate > 0 && total !== undefined && done < total ? `, ${duration((total - done) / rate)} left` : ''
    const speed = rate > 0 ? `, ${rate >= 10 ? rate.toFixed(0) : rate.toPrecision(2)}/s${left}` : ''
    if (total === undefined) return `${label} (${done} ${unit}${speed})${note && ` ${note}`}`
    const share = total > 0 ? Math.min(1, done / total) : 1
    const filled = Math.round(share * BAR_WIDTH)
    const bar = out.isTTY === true ? ` [${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}]` : ''
    return `${label}${bar} ${(share * 100).toFixed(0)} % (${done}/${total} ${unit}${speed})${note && ` ${note}`}`
  }
  const draw = (text: string, end: boolean): void => {
    out.write(out.isTTY === true ? `\r\x1b[K${text}${end ? '\n' : ''}` : `${text}\n`)
  }

  return {
    update (done, note = '') {
      if (now() - shown < interval) return
      shown = now()
      draw(line(done, note), false)
    },
    finish (note = '') {
      draw(`${label} done in ${duration((now() - started) / 1000)}${note && `: ${note}`}`, true)
    },
  }
}

/** Told how far a step is: what is done, how much there is in all, and a few words of what was done last. */
export type OnProgress = (done: number, total: number, note?: string) => void

/** Progress of a step that says with each report how much there is in all; its line begins with the first. */
export function startReported (
  options: Omit<ProgressOptions, 'total'>
): { readonly onProgress: OnProgress, readonly finish: () => void } {
  let line: Progress | undefined
  return {
    onProgress (done, total, note) {
      line ??= startProgress({ ...options, total })
      line.update(done, note)
    },
    finish: () => line?.finish(),
  }
}

/** Progress of a step of several stages: a line for each, in the unit of its name. */
export interface Stages<Name extends string> {
  readonly onStage: (name: Name, total: number) => void
  readonly onProgress: (done: number) => void
  /** Ends the last line. */
  readonly finish: () => void
}

/** Shows stages as they begin. */
export function startStages<Name extends string> (
  units: Readonly<Record<Name, string>>, options: Pick<ProgressOptions, 'out' | 'now'> = {}
): Stages<Name> {
  let line: Progress | undefined
  const finish = (): void => {
    line?.finish()
    line = undefined
  }
  return {
    onStage (label, total) {
      finish()
      line = startProgress({ label, total, unit: units[label], ...options })
    },
    onProgress: (done) => line?.update(done),
    finish,
  }
}

/** 42 s, 3 min 05 s, 2 h 07 min. */
export function duration (seconds: number): string {
  if (seconds < 1) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const pad = (n: number): string => String(n).padStart(2, '0')
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor(whole / 60) % 60)} min`
}
