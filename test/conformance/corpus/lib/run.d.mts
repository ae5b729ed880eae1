import type { Difference } from './compare.mjs'
import type { Scenario } from './scenario.mjs'

export interface Target {
  readonly endpoint: string
  readonly secret: string
}

export function runScenario(
  scenario: Scenario,
  target: Target,
): Promise<{ skipped?: string; steps: { answer: unknown; differences: Difference[] }[] }>
