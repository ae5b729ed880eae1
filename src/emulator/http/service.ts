/** What the routes need of the emulated node. */

export interface Service {
  /** The node's time in µs. */
  now(): bigint;
  /** Takes a line about something unexpected; never a secret. */
  readonly log: ((line: string) => void) | undefined;
  /** The global id of the database that an `Authorization` header leads to; undefined if to none. */
  globalIdFor(authorization: string | undefined): string | undefined;
}
