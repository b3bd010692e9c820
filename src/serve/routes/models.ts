import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Socket } from 'node:net'
import type { onRequestAsyncHookHandler } from 'fastify'
import type { Static } from 'typebox'
import type { Manifest } from '../../bundle/manifest.ts'
import { readPrevious } from '../../bundle/selection.ts'
import { listVersions, type VersionOnDisk } from '../../bundle/versions.ts'
import { EXIT_REFUSED, exitStatus, IsthmusError } from '../../errors.ts'
import type { ModelLife } from '../models/life-cycle.ts'
import { Refusal } from '../problems.ts'
import { ActivateSchema, ModelsSchema, problems } from '../schemas.ts'

export interface ModelRoutesOptions {
  readonly life: Pick<ModelLife, 'state' | 'activate' | 'rollback'>
  /** The folder of the versions; undefined where there is one, and it is fixed. */
  readonly root: string | undefined
}

function described ({ system, preset, embedder, int8, created }: Manifest) {
  return {
    system, preset, embedder: embedder.id, encoders: int8?.taken === true ? 'int8' as const : 'float32' as const, created,
  }
}

type Models = Static<typeof ModelsSchema>

/** Folders of versions may lie on a slow network. */
const LIST_MS = 10_000
/** A large bundle takes its time to be read, tried and warmed. */
const LOAD_MS = 600_000

/** The server closes connections on which nothing moves for much less than that; after the answer it does so again. */
const waitsForLoad: onRequestAsyncHookHandler = async ({ raw: { socket } }) => {
  // What a test injects has no socket.
  if (socket instanceof Socket) socket.setTimeout(LOAD_MS)
}

/** GET /models, POST /models/activate and /models/rollback: which bundles answer. Changes answer when they are made. */
export const modelRoutes: FastifyPluginAsyncTypebox<ModelRoutesOptions> = async (app, { life, root }) => {
  // Whoever has to bring an overloaded service back to an older model must get through.
  const config = { scope: 'admin', unguarded: true } as const
  const tags = ['Models']

  const view = async (): Promise<Models> => {
    const { shares, loading, draining, refused } = life.state
    const serving = shares.map(({ model, weight, variant }) =>
      ({ version: model.engine.model.version, weight, ...(variant === undefined ? {} : { variant }) }))
    const found: readonly VersionOnDisk[] = root === undefined ? serving : await listVersions(root)
    const stateOf = (version: string): Models['versions'][number]['state'] => {
      if (serving.some((share) => share.version === version)) return 'serving'
      if (loading.has(version)) return 'loading'
      if (draining.has(version)) return 'draining'
      return refused.has(version) ? 'refused' : 'available'
    }
    const previous = root === undefined ? undefined : await readPrevious(root).catch(() => undefined)
    return {
      name: shares[0]!.model.engine.model.name,
      fixed: root === undefined,
      serving,
      ...(previous === undefined ? {} : { previous }),
      versions: found.map(({ version, manifest }) => ({
        version,
        state: stateOf(version),
        ...(refused.has(version) ? { reason: refused.get(version)! } : {}),
        ...(manifest === undefined ? {} : described(manifest)),
      })),
    }
  }

  /** What is wrong with a bundle is one code to callers; the rule names which of ours it was. */
  const changed = async (change: Promise<void>): Promise<Models> => {
    try {
      await change
    } catch (error) {
      if (!(error instanceof IsthmusError) || exitStatus(error) !== EXIT_REFUSED) throw error
      throw new Refusal('bundle_refused', [{ pointer: '/version', rule: error.code }])
    }
    return await view()
  }

  app.get('/models', {
    schema: {
      operationId: 'listModels',
      summary: 'Which bundles answer, and which could',
      tags,
      response: { 200: ModelsSchema, ...problems() },
    },
    handlerTimeout: LIST_MS,
    config,
  }, view)

  app.post('/models/activate', {
    schema: {
      operationId: 'activateModel',
      summary: 'Lets a version answer, alone or with variants for a part of the users',
      description: 'Answers when the version answers. It is loaded beside what serves, tried in a process of its own, ' +
        'checked on its golden answers and warmed; where that fails, nothing has changed. The choice is written to ' +
        'the folder of the versions and outlives the process.',
      tags,
      body: ActivateSchema,
      response: { 200: ModelsSchema, ...problems(404, 409, 422) },
    },
    handlerTimeout: LOAD_MS,
    onRequest: waitsForLoad,
    config,
  }, async ({ body: { version, variants = [], allowOlder = false } }) =>
    await changed(life.activate({ version, variants }, { allowOlder })))

  app.post('/models/rollback', {
    schema: {
      operationId: 'rollbackModel',
      summary: 'Lets the version answer again that was current before, alone',
      tags,
      response: { 200: ModelsSchema, ...problems(404, 409, 422) },
    },
    handlerTimeout: LOAD_MS,
    onRequest: waitsForLoad,
    config,
  }, async () => await changed(life.rollback()))
}
