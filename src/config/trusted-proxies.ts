import { isIP } from 'node:net'
import { refuseSetting } from '../errors.ts'

const LONGEST_PREFIX = { 4: 32, 6: 128 } as const

/**
 * Reads addresses and networks (`10.0.0.0/8`) with commas between them. Fails with `config_invalid` on what is neither,
 * and on a network of all addresses: whoever calls could then write any address there.
 */
export function parseTrustedProxies (text: string, name: string): string[] {
  return text.split(',').map((one) => one.trim()).filter((one) => one !== '').map((one) => {
    const [address = '', prefix, ...more] = one.split('/')
    const version = isIP(address)
    const isNetwork = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) > 0)
    if (version !== 4 && version !== 6) return refuseOne(name)
    if (!isNetwork || more.length > 0 || Number(prefix ?? 1) > LONGEST_PREFIX[version]) return refuseOne(name)
    return one
  })
}

function refuseOne (name: string): never {
  return refuseSetting(name, 'is addresses or networks, such as 10.0.0.0/8, with commas between them, and not all there are')
}
