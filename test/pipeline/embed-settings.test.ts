import { describe, expect, it } from 'vitest'
import { embedSettings } from '../../src/pipeline/embed-settings.ts'
import { chooseEmbedder } from '../../src/pipeline/embedder-choice.ts'

describe('the settings of embed', () => {
  it('are the local embedder and the default template where nothing is given', () => {
    expect(embedSettings({})).toEqual({ embedder: 'local', prompt: {} })
    expect(chooseEmbedder(embedSettings({}), {})).toMatchObject({ id: 'all-MiniLM-L6-v2-int8/1', width: 384 })
  })

  it('come from the config file, and a flag wins', () => {
    const config = { embedder: 'openai', model: 'ours', width: 8, baseUrl: 'http://x', nouns: { sport: 'outdoor' } }
    expect(embedSettings({ model: 'theirs', width: '16', template: 'item-paper/1', embedder: undefined }, config)).toEqual({
      embedder: 'openai',
      model: 'theirs',
      width: 16,
      baseUrl: 'http://x',
      prompt: { template: 'item-paper/1', nouns: { sport: 'outdoor' } },
    })
  })

  it.each([
    ['embedder', { embedder: 'ada' }],
    ['template', { template: 'item-product/9' }],
    ['width', { embedder: 'openai', width: '0' }],
    ['width', { embedder: 'openai', width: '12.5' }],
    ['model', { embedder: 'openai', model: ' ' }],
    ['baseUrl', { baseUrl: 'http://x' }],
    ['colour', { colour: 'red' }],
  ])('name %s where it is wrong: %j', (field, flags) => {
    expect(() => embedSettings(flags)).toThrow(expect.objectContaining({ code: 'config_invalid', place: { field } }))
  })

  it.each([['config', [1]], ['nouns.sport', { nouns: { sport: 5 } }], ['model', { embedder: 'openai', model: 5 }]])(
    'name %s of a config file that is wrong', (field, config) => {
      expect(() => embedSettings({}, config)).toThrow(expect.objectContaining({ code: 'config_invalid', place: { field } }))
    })

  it('choose the endpoint by its URL, so that equal names of two endpoints share no cache', () => {
    const choice = (baseUrl: string): readonly string[] =>
      chooseEmbedder({ embedder: 'openai', model: 'm', width: 4, baseUrl }, {}).scope
    expect(choice('http://a.test/v1')).not.toEqual(choice('http://b.test/v1'))
  })
})
