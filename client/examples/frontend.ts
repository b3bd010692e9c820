import { createClient, IsthmusProblem } from '../isthmus.ts'

/** What a page shows below "You may also like": titles, or nothing where the service cannot say anything good. */
export async function alsoLike (baseUrl: string, domain: string, seen: readonly string[]): Promise<string[]> {
  const isthmus = createClient({ baseUrl })
  try {
    const { items, basis } = await isthmus.recommend({
      query: { domain },
      body: { history: seen.map((itemId) => ({ itemId })), k: 5 },
      signal: AbortSignal.timeout(1000),
    })
    // Popular items are no answer to what this shopper did.
    return basis === 'popular' ? [] : items.map(({ itemId, title }) => title ?? itemId)
  } catch (error) {
    if (error instanceof IsthmusProblem && error.status >= 500) return []
    throw error
  }
}
