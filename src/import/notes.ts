/** What an import could not keep as it was. */
export interface ImportNote {
  readonly code: string;
  readonly message: string;
  /** Names from the target down; none for the target itself. */
  readonly database: readonly string[];
  /** Null where it concerns no documents. */
  readonly collection: string | null;
  readonly count: number;
  readonly examples: readonly string[];
}
