export interface Scenario {
  readonly area: string
  readonly name: string
  readonly about: string
  readonly steps: readonly unknown[]
}

export function loadScenarios(folder: string): Promise<Scenario[]>
export function scenarioId(scenario: Scenario): string
