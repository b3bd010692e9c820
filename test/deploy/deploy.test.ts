import { describe, expect, it } from 'vitest'
import { serviceConfig } from '../../src/config/service-config.ts'
import { createMetrics } from '../../src/serve/metrics.ts'
import { openService } from '../serve/service.ts'
import {
  alertQueries, dashboardQueries, knownVariables, readCompose, readDashboard, readManifests, seriesOf, textOf
} from './manifests.ts'

const compose = readCompose()
const manifests = readManifests()
const pod = manifests.find(({ kind }) => kind === 'StatefulSet')!.spec!.template!.spec
const container = pod.containers[0]!
const variables = knownVariables()
const own = compose.services.isthmus!

/** The paths that the service answers. */
async function routes (): Promise<Set<string>> {
  const service = await openService()
  try {
    return new Set(service.server.routeTable.all().filter(({ method }) => method === 'GET').map(({ url }) => url))
  } finally {
    await service.close()
  }
}

describe('compose.yaml', () => {
  it('sets only what the service reads, to what it takes', () => {
    const { environment = {} } = own
    for (const name of Object.keys(environment)) expect(variables, name).toContain(name)
    const { API_KEYS_FILE, REDIS_URL, ...values } = environment
    expect(API_KEYS_FILE).toBe(`/run/secrets/${own.secrets![0]}`)
    expect(REDIS_URL).toMatch(/^\$\{REDIS_URL:-\}$/)
    const config = serviceConfig({ ...values, ALLOW_NO_KEYS: '1' })
    expect(own.ports).toEqual([`127.0.0.1:3000:${config.port}`])
    const seconds = Number(/^(\d+)s$/.exec(own.stop_grace_period ?? '')?.[1])
    expect(seconds * 1000).toBeGreaterThan(config.shutdownDelayMs + config.shutdownTimeoutMs)
    expect(own.volumes!.map((volume) => volume.split(':').at(-1))).toEqual([config.dataDir, config.bundle])
  })

  it('is open on this machine alone, with pinned images and with secrets and volumes that are declared', () => {
    for (const [name, service] of Object.entries(compose.services)) {
      expect(service.image, name).toMatch(/^[a-z/-]+:[a-z0-9.-]+$/)
      expect(service.image, name).not.toMatch(/:latest$/)
      for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/)
      for (const secret of service.secrets ?? []) expect(compose.secrets[secret]?.file).toMatch(/^deploy\/secrets\//)
      for (const volume of service.volumes ?? []) {
        const [from = ''] = volume.split(/:(?!-)/)
        if (/^[a-z]+$/.test(from)) expect(Object.keys(compose.volumes)).toContain(from)
      }
    }
    expect(textOf('.gitignore')).toContain('/deploy/secrets/')
    expect(textOf('Dockerfile')).toMatch(new RegExp(`^FROM \\S+ AS ${own.build!.target}$`, 'm'))
  })
})

describe('the Kubernetes manifests', () => {
  it('set only what the service reads, to what it takes', () => {
    for (const { name } of container.env) expect(variables, name).toContain(name)
    const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]))
    const { API_KEYS_FILE = '', ...values } = env
    const config = serviceConfig({ ...values, ALLOW_NO_KEYS: '1' })
    expect(container.ports).toEqual([
      { name: 'http', containerPort: config.port }, { name: 'metrics', containerPort: config.metricsPort },
    ])
    const mounts = container.volumeMounts.map(({ mountPath }) => mountPath)
    expect(mounts).toContain(config.dataDir)
    expect(mounts.some((path) => API_KEYS_FILE.startsWith(`${path}/`))).toBe(true)
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(config.shutdownDelayMs + config.shutdownTimeoutMs)
  })

  it('ask probes that there are, and the image that compose builds', async () => {
    const known = await routes()
    for (const { httpGet } of [container.startupProbe, container.readinessProbe, container.livenessProbe]) {
      expect(known).toContain(httpGet.path)
      expect(httpGet.port).toBe('http')
    }
    expect(container.image).toBe(own.image)
  })

  it('run it as the user of the image, with no right that it does not need', () => {
    const [, user] = /^USER (\d+)$/m.exec(textOf('Dockerfile')) ?? []
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: Number(user), fsGroup: Number(user) })
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] },
    })
  })

  it('name only what they declare', () => {
    const declared = [...pod.volumes, ...manifests.flatMap(({ spec }) =>
      (spec?.volumeClaimTemplates ?? []).map(({ metadata }) => metadata))].map(({ name }) => name)
    for (const { name } of container.volumeMounts) expect(declared).toContain(name)
    const services = manifests.filter(({ kind }) => kind === 'Service')
    const set = manifests.find(({ kind }) => kind === 'StatefulSet')!
    expect(services.map(({ metadata }) => metadata.name)).toContain(set.spec!.serviceName)
    const ports = container.ports.map(({ name }) => name)
    for (const { spec } of services) for (const { targetPort } of spec?.ports ?? []) expect(ports).toContain(targetPort)
  })
})

describe('the dashboard and the alerts', () => {
  it('ask only for metrics that the service has', async () => {
    const exported = new Set((await createMetrics().registry.getMetricsAsJSON()).flatMap(({ name, type }) =>
      String(type) === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name]))
    const asked = [...dashboardQueries(readDashboard()), ...alertQueries()].flatMap(seriesOf)
    expect(asked.length).toBeGreaterThan(30)
    const ofProcess = ['process_resident_memory_bytes', 'process_cpu_seconds_total']
    expect(asked.filter((name) => !exported.has(name) && !ofProcess.includes(name))).toEqual([])
  })

  it('leave no panel under another', () => {
    const cells = readDashboard().panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + i % w} ${y + Math.floor(i / w)}`))
    expect(new Set(cells).size).toBe(cells.length)
  })
})
