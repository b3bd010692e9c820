import { openExactIndex } from '../../src/retrieve/exact.ts'
import { candidateIndexContract } from './candidate-index.contract.ts'

candidateIndexContract('the exact index', async (base, width) => await openExactIndex(base, width, 'cpu'))
