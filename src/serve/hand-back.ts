import type { SendHandle } from 'node:child_process'

// Sends a handle back as often as it is told: each time its parent gets one more descriptor of the same socket. Listens
// on, or it would end with handles unsent; its parent ends it.
process.on('message', (times: number, handle: SendHandle) => {
  for (let time = 0; time < times; time++) process.send?.(null, handle)
})
