import type { Tensor, Tf } from './tf.ts'

/**
 * The recurrence of a gated unit (Cho et al., 2014; the form of PyTorch and of ONNX with `linear_before_reset`):
 * z, r = sigmoid of inputs and states, c = tanh(input + r * (state K + b)), state = (1 - z) c + z state, from zero.
 * Its gradient goes back through time by hand: one product a step, and those of the weights at once at the end; the
 * tape would keep a dozen tensors more for each step. Axes: B batch, L steps, h width.
 * @returns what maps gates [B, L, 3h] (z, r, c: inputs times kernel, plus bias), kernel [h, 3h] and bias [3h] to the
 * states [B, L, h]
 */
export function gruRecurrence (tf: Tf): (gates: Tensor, kernel: Tensor, bias: Tensor) => Tensor {
  return (...given) => tf.customGrad((...all) => {
    const [gates, kernel, bias, save] = all as [Tensor, Tensor, Tensor, (tensors: Tensor[]) => void]
    const [batch = 0, length = 0] = gates.shape
    const width = kernel.shape[0]!
    const columns = (x: Tensor, from: number, count: number): Tensor => tf.slice(x, [0, from], [batch, count])

    let state: Tensor = tf.zeros([batch, width])
    const kept: Tensor[] = []
    const states: Tensor[] = []
    for (const input of stepsOf(tf, gates)) {
      const own = tf.add(tf.matMul(state, kernel), bias) // [B, 3h]
      const switches = tf.sigmoid(tf.add(columns(input, 0, 2 * width), columns(own, 0, 2 * width))) // [B, 2h]: z, r
      const past = columns(own, 2 * width, width) // [B, h]
      const reset = columns(switches, width, width)
      const candidate = tf.tanh(tf.add(columns(input, 2 * width, width), tf.mul(reset, past)))
      kept.push(state, switches, past, candidate)
      state = tf.add(candidate, tf.mul(columns(switches, 0, width), tf.sub(state, candidate)))
      states.push(state)
    }
    save([kernel, ...kept])

    const gradFunc = (dy: Tensor, [back, ...saved]: Tensor[]): Tensor[] => {
      const turned = tf.transpose(back!) // [3h, h]
      const wanted = stepsOf(tf, dy)
      const ofGates: Tensor[] = []
      const ofOwn: Tensor[] = []
      let ofState: Tensor = tf.zeros([batch, width])
      for (let t = length - 1; t >= 0; t--) {
        const [before, switches, past, candidate] = saved.slice(4 * t) as [Tensor, Tensor, Tensor, Tensor]
        const [update, reset] = [columns(switches, 0, width), columns(switches, width, width)]
        const dState = tf.add(ofState, wanted[t]!)
        const dCandidate = tf.mul(tf.mul(dState, tf.sub(1, update)), tf.sub(1, tf.square(candidate)))
        const dSwitches = tf.mul(
          tf.concat([tf.mul(dState, tf.sub(before, candidate)), tf.mul(dCandidate, past)], 1),
          tf.mul(switches, tf.sub(1, switches)))
        ofGates.push(tf.concat([dSwitches, dCandidate], 1)) // [B, 3h]
        const dOwn = tf.concat([dSwitches, tf.mul(dCandidate, reset)], 1)
        ofOwn.push(dOwn)
        ofState = tf.add(tf.mul(dState, update), tf.matMul(dOwn, turned))
      }
      const own = tf.concat(ofOwn.reverse(), 0) // [L B, 3h]
      const before = tf.concat(saved.filter((_, i) => i % 4 === 0), 0) // [L B, h]
      return [inOrder(tf, ofGates.reverse()), tf.matMul(before, own, true), tf.sum(own, 0)]
    }
    return { value: inOrder(tf, states), gradFunc: gradFunc as unknown as () => Tensor }
  })(...given)
}

/** [B, L, n] -> L times [B, n]. */
function stepsOf (tf: Tf, x: Tensor): Tensor[] {
  const [batch = 0, length = 0, width = 0] = x.shape
  const rows = tf.transpose(x, [1, 0, 2])
  return Array.from({ length }, (_, t) => tf.reshape(tf.slice(rows, [t, 0, 0], [1, batch, width]), [batch, width]))
}

/** L times [B, n] -> [B, L, n]. */
function inOrder (tf: Tf, steps: readonly Tensor[]): Tensor {
  const [batch = 0, width = 0] = steps[0]!.shape
  return tf.transpose(tf.reshape(tf.concat([...steps], 0), [steps.length, batch, width]), [1, 0, 2])
}
