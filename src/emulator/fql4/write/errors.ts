/** What the store refuses, in the words of v4. */
import { DataError } from "../../data/errors.ts";
import {
  fail,
  invalidArgument,
  invalidWriteTime,
  notFound,
  RequestFailure,
  V4Error,
} from "../failure.ts";
import type { Position } from "../position.ts";
import { nounOf } from "../resolve.ts";
import { atLeast, type ApiVersion } from "../version.ts";

/** Runs a write; what the store refuses fails at `position`. */
export function storing<T>(
  version: ApiVersion,
  position: Position,
  isCreation: boolean,
  write: () => T,
): T {
  try {
    return write();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return refuse(error, version, position, isCreation);
  }
}

export function alreadyExists(
  collection: number,
  version: ApiVersion,
  position: Position,
): V4Error {
  const noun = nounOf(collection, version);
  return new V4Error("instance already exists", `${noun} already exists.`, position);
}

export function notUnique(version: ApiVersion, position: Position): V4Error {
  const noun = atLeast(version, "2.7") ? "document" : "instance";
  return new V4Error("instance not unique", `${noun} is not unique.`, position);
}

function refuse(
  error: DataError,
  version: ApiVersion,
  position: Position,
  isCreation: boolean,
): never {
  const { problem } = error;
  switch (problem.kind) {
    case "not_found":
      return fail(notFound(nounOf(problem.ref.collection, version), position));
    case "already_exists":
      return fail(alreadyExists(problem.ref.collection, version, position));
    case "name_taken":
      return fail(
        isCreation
          ? alreadyExists(problem.definition, version, position)
          : notUnique(version, position),
      );
    case "not_unique":
      return fail(notUnique(version, position));
    case "invalid_write_time":
      return fail(invalidWriteTime(position));
    case "no_collection":
      return fail(notFound("Collection", position));
    case "invalid_id":
      return fail(invalidArgument(`The id provided is too large: '${problem.id}'`, position));
    case "version_too_large":
      throw new RequestFailure(
        400,
        "bad request",
        `Version bytes (${problem.size}) exceeds threshold (${problem.limit})`,
      );
    default:
      throw new RequestFailure(400, "bad request", error.message);
  }
}
