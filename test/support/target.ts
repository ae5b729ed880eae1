/** A Fauna to run tests against: where it is, and how to let go of it. */
export interface Target {
  readonly endpoint: string;
  /** A root or admin secret. */
  readonly secret: string;
  close(): Promise<void>;
}
