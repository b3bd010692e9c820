import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { type Environment, serviceConfig } from '../../src/config/service-config.ts'
import { packageRoot } from '../../src/paths.ts'

/** What is read of compose.yaml. */
export interface Compose {
  readonly services: Readonly<Record<string, {
    readonly image: string
    readonly build?: { readonly target: string }
    readonly environment?: Readonly<Record<string, string>>
    readonly ports?: readonly string[]
    readonly volumes?: readonly string[]
    readonly secrets?: readonly string[]
    readonly command?: readonly string[]
    readonly stop_grace_period?: string
  }>>
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
  readonly volumes: Readonly<Record<string, unknown>>
}

interface Probe { readonly httpGet: { readonly path: string, readonly port: string | number } }

export interface Container {
  readonly image: string
  readonly env: ReadonlyArray<{ readonly name: string, readonly value: string }>
  readonly ports: ReadonlyArray<{ readonly name: string, readonly containerPort: number }>
  readonly startupProbe: Probe
  readonly readinessProbe: Probe
  readonly livenessProbe: Probe
  readonly securityContext: object
  readonly volumeMounts: ReadonlyArray<{ readonly name: string, readonly mountPath: string }>
}

/** What is read of a Kubernetes object. */
export interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec?: {
    readonly serviceName?: string
    readonly ports?: ReadonlyArray<{ readonly targetPort: string }>
    readonly template?: { readonly metadata: object, readonly spec: PodSpec }
    readonly volumeClaimTemplates?: ReadonlyArray<{ readonly metadata: { readonly name: string } }>
  }
}

export interface PodSpec {
  readonly terminationGracePeriodSeconds: number
  readonly securityContext: { readonly runAsUser: number }
  readonly containers: readonly Container[]
  readonly volumes: ReadonlyArray<{ readonly name: string }>
}

export const textOf = (path: string): string => readFileSync(join(packageRoot, path), 'utf8')

export const readCompose = (): Compose => parse(textOf('compose.yaml')) as Compose

export const readManifests = (): Manifest[] =>
  parseAllDocuments(textOf('deploy/kubernetes/isthmus.yaml')).map((document) => document.toJS() as Manifest)

/** The names of all variables that the service reads. */
export function knownVariables (): Set<string> {
  const names = new Set<string>()
  const values: Environment = { HOST: '0.0.0.0', ALLOW_NO_KEYS: '1' }
  serviceConfig(new Proxy(values, {
    get (target, name) {
      names.add(String(name))
      return target[String(name)]
    },
  }))
  return names
}

export interface Dashboard {
  readonly templating: { readonly list: ReadonlyArray<{ readonly definition: string }> }
  readonly annotations: { readonly list: ReadonlyArray<{ readonly expr: string }> }
  readonly panels: ReadonlyArray<{
    readonly title: string
    readonly gridPos: { readonly x: number, readonly y: number, readonly w: number, readonly h: number }
    readonly targets: ReadonlyArray<{ readonly expr: string }>
  }>
}

export const readDashboard = (): Dashboard => JSON.parse(textOf('deploy/grafana/dashboards/isthmus.json')) as Dashboard

/** Every query of the dashboard, with Grafana's variables as Prometheus would get them. */
export function dashboardQueries ({ panels, templating, annotations }: Dashboard): string[] {
  const raw = [
    ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...templating.list.map(({ definition }) => /^label_values\((.*), \w+\)$/.exec(definition)?.[1] ?? definition),
    ...annotations.list.map(({ expr }) => expr),
  ]
  return raw.map((expr) => expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m'))
}

/** The queries of the alerts. */
export function alertQueries (): string[] {
  const { groups } = parse(textOf('deploy/prometheus/alerts.yml')) as {
    groups: ReadonlyArray<{ rules: ReadonlyArray<{ expr: string }> }>
  }
  return groups.flatMap(({ rules }) => rules.map(({ expr }) => expr))
}

/** Names of series in a query; Prometheus' own are left out. */
export function seriesOf (query: string): string[] {
  return [...query.matchAll(/\b(?:isthmus|http|process|nodejs)_[a-z_]+/g)].map(([name]) => name)
}
