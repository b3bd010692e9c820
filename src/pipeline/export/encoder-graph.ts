import { IsthmusError } from '../../errors.ts'
import { onnxOps, type OnnxOps } from '../../nn/onnx-ops.ts'
import { encodeUser } from '../../systems/encode-user.ts'
import type { ThreadInput } from '../../systems/read-thread.ts'
import { isPaddingFree } from '../../systems/settings.ts'
import { localThread } from '../../systems/spec.ts'
import type { Run } from '../train.ts'

/**
 * `user-<domain>.onnx`: the user encoder of one domain as a graph from item vectors to the user vector. Batch and
 * lengths are free, so that an item or a catalogue that changes never needs a new graph.
 * Throws `config_invalid` for a mask mode whose vectors depend on the amount of padding, which serving does not keep.
 */
export function encoderGraph (
  { spec, settings, weights, dataset }: Pick<Run, 'spec' | 'settings' | 'weights' | 'dataset'>, domain: number
): Uint8Array {
  if (!isPaddingFree(settings)) {
    throw new IsthmusError('config_invalid', `a system trained with maskMode ${settings.maskMode} is not for serving`, {
      place: { field: 'maskMode' },
    })
  }
  const ops = onnxOps(`user-${dataset.domains[domain]!.name}`, weights)
  const global = inputsOf(ops, 'global', 'L', settings.width)
  const local = localThread(spec, domain) === undefined
    ? undefined
    : { ...inputsOf(ops, 'local', 'M', settings.width), has: ops.input('has_local', 'float32', ['B', 1]) }
  const user = encodeUser(ops, spec, settings, domain, { global, ...(local && { local }) })
  ops.output('user_vec', user, ['B', (spec.fusion === 'concat' ? 2 : 1) * settings.width])
  return ops.build()
}

function inputsOf (ops: OnnxOps, thread: string, length: string, width: number): ThreadInput<string> {
  return {
    x: ops.input(`x_${thread}`, 'float32', ['B', length, width]),
    positions: ops.input(`pos_${thread}`, 'int64', ['B', length]),
    mask: ops.input(`mask_${thread}`, 'bool', ['B', length]),
  }
}
