/**
 * The few FQL v4 expressions that pages of documents are asked for with, as JSON text: they are made thousands of
 * times, and cursors are spliced into them as the server printed them. Everything else is composed by the driver.
 */
import { printString } from "../values/json.ts";

/** A collection, by its exact name. */
export function collectionRef(name: string): string {
  return `{"collection":${printString(name)}}`;
}

function documentRef(collection: string, id: string): string {
  return `{"ref":${collectionRef(collection)},"id":${printString(id)}}`;
}

/** Ids of a collection, both ends included; they need not exist (live 6). */
export interface IdBounds {
  readonly collection: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** One page of the refs within bounds, at a time in microseconds. `after` is a cursor's text from the page before. */
export function refsPage(bounds: IdBounds, size: number, after: string | undefined): string {
  const { collection, from, to } = bounds;
  const documents = `{"documents":${collectionRef(collection)}}`;
  const set =
    to === undefined
      ? documents
      : `{"range":${documents},"from":${from === undefined ? "[]" : `[${documentRef(collection, from)}]`},"to":[${documentRef(collection, to)}]}`;
  const start =
    after ??
    (from === undefined || to !== undefined ? undefined : `[${documentRef(collection, from)}]`);
  return `{"paginate":${set},"size":${size}${start === undefined ? "" : `,"after":${start}`}}`;
}

/** `page` with the document in place of each ref. */
export function withDocuments(page: string): string {
  return `{"map":{"lambda":"r","expr":{"get":{"var":"r"}}},"collection":${page}}`;
}

/** As {@link withDocuments}, with null in place of what is listed but cannot be read (an expired ttl). */
export function withReadableDocuments(page: string): string {
  return `{"map":{"lambda":"r","expr":{"if":{"exists":{"var":"r"}},"then":{"get":{"var":"r"}},"else":null}},"collection":${page}}`;
}

/** The refs of a page (of a set, or a list of refs) that cannot be read. */
export function unreadable(page: string): string {
  return `{"filter":{"lambda":"r","expr":{"not":{"exists":{"var":"r"}}}},"collection":${page}}`;
}

/** As {@link unreadable}, of these ids. */
export function unreadableOf(collection: string, ids: readonly string[]): string {
  const refs = ids.map((id) => documentRef(collection, id)).join(",");
  return `{"object":{"data":${unreadable(`[${refs}]`)}}}`;
}

/** `expression` as of a time in microseconds. */
export function at(micros: bigint, expression: string): string {
  return `{"at":${micros},"expr":${expression}}`;
}

/** What lies at a path in the value of a variable. */
export function selected(variable: string, ...path: readonly string[]): string {
  return `{"select":${JSON.stringify(path)},"from":{"var":"${variable}"}}`;
}

/** A page of the documents of these ids, with null in place of those that cannot be read. */
export function documentsOf(collection: string, ids: readonly string[]): string {
  const refs = ids.map((id) => documentRef(collection, id)).join(",");
  return `{"object":{"data":${withReadableDocuments(`[${refs}]`)}}}`;
}
