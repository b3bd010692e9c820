/** What we use of hnswlib-node. Its own types are not imported: the package is optional, and may be absent. */
export interface Hnsw {
  initIndex: (options: { maxElements: number, m: number, efConstruction: number, randomSeed: number }) => void
  readIndexSync: (file: string) => void
  writeIndexSync: (file: string) => void
  resizeIndex: (elements: number) => void
  addPoint: (point: number[], label: number) => void
  searchKnn: (query: number[], count: number) => { neighbors: number[], distances: number[] }
  getMaxElements: () => number
  getCurrentCount: () => number
  setEf: (ef: number) => void
}

export interface HnswDriver { readonly HierarchicalNSW: new (space: 'ip', width: number) => Hnsw }

/** hnswlib-node, or undefined where it is not installed or was not built. */
export async function findHnswDriver (): Promise<HnswDriver | undefined> {
  // Named by a variable, so that the compiler does not ask for a package that may be absent.
  const name: string = 'hnswlib-node'
  try {
    const module = await import(name) as { default?: HnswDriver } & Partial<HnswDriver>
    const driver = module.default ?? module
    return driver.HierarchicalNSW === undefined ? undefined : { HierarchicalNSW: driver.HierarchicalNSW }
  } catch (error) {
    // Absent, or its binary is: what `bindings` throws has no code of its own.
    if (error instanceof Error) return undefined
    throw error
  }
}
