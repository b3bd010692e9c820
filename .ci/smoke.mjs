// Starts the service as a newcomer would (`npm start`) and asks it for a known user, a session, both and nobody.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PORT = '38471'
const base = `http://127.0.0.1:${PORT}`
const started = performance.now()
const child = spawn('npm', ['start'], {
  stdio: ['ignore', 'pipe', 'inherit'],
  detached: true,
  env: { ...process.env, PORT, DATA_DIR: mkdtempSync(join(tmpdir(), 'isthmus-smoke-')) },
})

try {
  await addressPrinted()
  const printed = performance.now()
  const bodies = {
    user: { userId: 'u0001' },
    session: { history: [{ itemId: 'cloth-0001' }, { itemId: 'sport-0002' }] },
    both: { userId: 'u0001', history: [{ itemId: 'cloth-0001' }] },
    nobody: {},
  }
  for (const [who, body] of Object.entries(bodies)) {
    const response = await fetch(`${base}/recommend?domain=sport`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
    })
    const answer = await response.json()
    assert.equal(response.status, 200, JSON.stringify(answer))
    assert.equal(answer.items.length, 10)
    assert.equal(answer.basis, who === 'nobody' ? 'popular' : 'history')
    assert.deepEqual(answer.items.map((item) => item.domain), Array(10).fill('sport'))
    if (who === 'user') {
      const waited = performance.now() - printed
      assert.ok(waited < 10_000, `first answer ${waited} ms after the address`)
      console.log(`first answer ${waited.toFixed(0)} ms after the address, ${(printed - started).toFixed(0)} ms to start`)
    }
  }
} finally {
  process.kill(-child.pid, 'SIGTERM')
}

function addressPrinted () {
  return new Promise((resolve, reject) => {
    let text = ''
    const timer = setTimeout(() => reject(new Error(`no address within 120 s:\n${text}`)), 120_000)
    child.on('exit', (code) => reject(new Error(`npm start ended with ${code}:\n${text}`)))
    child.stdout.on('data', (chunk) => {
      text += chunk
      process.stdout.write(chunk)
      if (!text.includes(base)) return
      clearTimeout(timer)
      resolve()
    })
  })
}
