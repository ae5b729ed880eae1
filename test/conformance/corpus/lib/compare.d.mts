export type DifferenceClass = 'structure' | 'order' | 'text'
export const CLASSES: readonly DifferenceClass[]

export interface Difference {
  readonly class: DifferenceClass
  readonly path: string
  readonly recorded: string
  readonly actual: string
}
