import { embedderContract } from '../llm/embedder.contract.ts'
import { hashEmbedder } from './hash-embedder.ts'

embedderContract('hashEmbedder', async () => hashEmbedder())
