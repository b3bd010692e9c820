import { script } from './client.ts'

/** Sets KEYS[1] to ARGV[2] where it still is what was read: ARGV[1] is the sha1 of that, or empty. 1 if set. */
export const SWAP = script(`
  local now = redis.call('GET', KEYS[1])
  if (now and redis.sha1hex(now) or '') ~= ARGV[1] then return 0 end
  redis.call('SET', KEYS[1], ARGV[2])
  return 1`)

/**
 * Puts ARGV[2] under ARGV[1] of the hash KEYS[1], unless the value there has a greater stamp: values begin with one.
 * 1: put; 0: it is there already; -1: a later one is.
 */
export const PUT_LATEST = script(`
  local old = redis.call('HGET', KEYS[1], ARGV[1])
  local known = old and string.match(string.sub(old, 1, 25), '^%d+%.%x+$')
  if known then
    local given = string.sub(ARGV[2], 1, 25)
    if known == given then return 0 end
    if known > given then return -1 end
  end
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  return 1`)

/**
 * Adds an entry for each of ARGV[3...] to the stream KEYS[1], cut to about ARGV[2], under numbers without a gap that
 * the hash KEYS[2] counts. ARGV[1]: the log's epoch, where it has none.
 */
export const LOG = script(`
  redis.call('HSETNX', KEYS[2], 'epoch', ARGV[1])
  for i = 3, #ARGV do
    local number = redis.call('HINCRBY', KEYS[2], 'number', 1)
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'number', number, 'key', ARGV[i])
  end
  return #ARGV - 2`)

/** Of the log in KEYS[1] and KEYS[2]: its epoch, the last number, the last id, and the server's unix milliseconds. */
export const STATUS = script(`
  redis.call('HSETNX', KEYS[2], 'epoch', ARGV[1])
  local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
  local time = redis.call('TIME')
  return {
    redis.call('HGET', KEYS[2], 'epoch'),
    redis.call('HGET', KEYS[2], 'number') or '0',
    last[1] and last[1][1] or '0-0',
    string.format('%.0f', time[1] * 1000 + time[2] / 1000),
  }`)
