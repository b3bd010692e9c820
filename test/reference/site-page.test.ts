import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { checkSite, sitePage, writeSite } from '../../src/reference/site-page.ts'

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><title id="t">A &#38; B</title><desc id="d">a: 1.</desc></svg>'

describe('the page of all results', () => {
  const folders: string[] = []
  const docs = async (files: Readonly<Record<string, string>>): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'isthmus-site-'))
    folders.push(folder)
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(folder, path, '..'), { recursive: true })
      await writeFile(join(folder, path), text)
    }
    return folder
  }
  afterEach(async () => { for (const folder of folders.splice(0)) await rm(folder, { recursive: true }) })

  it('gathers what there is, in its order, with links and pictures as seen from docs', async () => {
    const page = await sitePage(await docs({
      'results.md': '# Results\n\n| a | b |\n|---|---:|\n| x | 1 |\n',
      'studies/cdsr.md': '# Study\n\n![sweep](cdsr/a.svg), [beside](../results.md), [map](../architecture.md#rooms)\n',
      'studies/cdsr/a.svg': SVG,
      'performance/curve.svg': SVG,
      'architecture.md': '# No result',
    }))
    expect([...page.matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id)).toEqual(['results', 'studies-cdsr'])
    expect(page).toContain('<img src="studies/cdsr/a.svg" alt="sweep">')
    expect(page).toContain('<a href="#results">beside</a>')
    expect(page).toContain('<a href="architecture.md#rooms">map</a>')
    expect(page.match(/<h1>/g)).toHaveLength(1)
    expect(page).toContain('<h2>Study</h2>')
    expect(page).toContain('<figure><img src="performance/curve.svg" alt="a: 1."><figcaption>A &#38; B</figcaption></figure>')
    expect(page).not.toContain('No result')
  })

  it('is refused where a page or a picture was changed since, or where it is not there', async () => {
    const folder = await docs({ 'results.md': '# Results\n' })
    await expect(checkSite(folder)).rejects.toMatchObject({ code: 'artefact_invalid' })
    const file = await writeSite(folder)
    await expect(checkSite(folder)).resolves.toBe(file)
    await writeFile(join(folder, 'loose.svg'), SVG)
    await expect(checkSite(folder)).rejects.toMatchObject({ code: 'artefact_invalid', place: { file } })
    await writeSite(folder)
    await writeFile(join(folder, 'results.md'), '# Results\n\nAnother figure.\n')
    await expect(checkSite(folder)).rejects.toMatchObject({ message: expect.stringContaining('npm run site writes it') })
  })

  it('needs no network and no script, and follows the light of the reader', async () => {
    const page = await sitePage(join(import.meta.dirname, '../../docs'))
    expect(page).not.toMatch(/<script|<link|@import|src="https?:|url\(/)
    expect(page).toContain('prefers-color-scheme: dark')
  })

  it('in the repository names pictures and pages that are there', async () => {
    const root = join(import.meta.dirname, '../../docs')
    const page = await readFile(join(root, 'index.html'), 'utf8')
    const targets = [...page.matchAll(/(?:src|href)="([^"#]+)/g)].map(([, target = '']) => target)
    expect(targets.filter((target) => !/^https?:/.test(target) && !existsSync(join(root, target)))).toEqual([])
    for (const gathered of ['results', 'reliability']) expect(page).toContain(`<section id="${gathered}">`)
  })

  it('says what it looked for where there is nothing', async () => {
    await expect(sitePage(await docs({ 'x.md': '# X' }))).rejects.toMatchObject({ code: 'input_missing' })
  })
})
