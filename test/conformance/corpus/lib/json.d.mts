/** A number, kept as the text it was written with. */
export class Num {
  constructor(text: string)
  readonly text: string
}

/** An object, kept as the list of its entries in wire order. */
export class Obj {
  constructor(entries?: [string, Value][])
  readonly entries: [string, Value][]
  get(key: string): Value | undefined
  has(key: string): boolean
  keys(): string[]
}

export type Value = null | boolean | string | Num | Obj | Value[]

export function parse(text: string): Value
export function stringify(value: Value | undefined): string
export function pointer(value: Value | undefined, path: string): Value | undefined
