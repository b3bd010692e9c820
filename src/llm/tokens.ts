/** Tokens sent and received. */
export interface Usage {
  readonly input: number
  readonly output: number
}

const BYTES_PER_TOKEN = 3.5

/**
 * About how many tokens a text is, without a tokeniser's tables: a token for 3.5 bytes of UTF-8. Counted with
 * o200k_base, 4,000 titles of groceries had 3.54 bytes a token, titles of the demo shop 3.86, JSON lists of titles
 * 3.50; other scripts have more bytes a token with it, and fewer with older tokenisers.
 */
export function estimateTokens (text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN)
}

/** More than a text can be: no token is less than a byte, and a message has a few around it. */
export function mostTokens (text: string): number {
  return Buffer.byteLength(text) + 64
}
