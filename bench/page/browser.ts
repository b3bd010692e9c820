import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

/** Debian's; another one by CHROMIUM. */
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'

export const hasChromium = existsSync(CHROMIUM)

/** Without a sandbox, which containers lack, and without anything that a browser asks of the world on its own. */
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--hide-scrollbars', '--font-render-hinting=none',
  // What it still asks for by itself (updates, accounts) finds no host.
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
]

/**
 * A real browser without a window, with an empty profile.
 * @param netLog file that gets everything that it does on any network, its own business included, when it is closed
 */
export async function openBrowser (netLog?: string): Promise<Browser> {
  return await chromium.launch({
    executablePath: CHROMIUM,
    args: netLog === undefined ? FLAGS : [...FLAGS, `--log-net-log=${netLog}`],
  })
}
