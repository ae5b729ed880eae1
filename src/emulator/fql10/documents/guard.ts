/** Refusals of the store and the schema in v10's words. */
import { isArkError } from "../../../errors/errors.ts";
import { isDataError } from "../../data/errors.ts";
import { ConstraintError, InvalidSchemaError } from "../../schema/failure.ts";
import type { Context } from "../interpreter/context.ts";
import { constraintFailure } from "./write.ts";

/** Definitions that make no schema file are as invalid as those that make a wrong one. */
function asInvalidSchema(error: unknown): InvalidSchemaError | undefined {
  if (error instanceof InvalidSchemaError) return error;
  if (!isArkError(error, "ERR_SCHEMA")) return undefined;
  const drawing = error.details?.["drawing"];
  return new InvalidSchemaError([typeof drawing === "string" ? drawing : error.message]);
}

/** Runs a write and puts its refusal into v10's words, at this place. */
export function guarded<T>(context: Context, write: () => T): T {
  try {
    return write();
  } catch (error) {
    if (error instanceof ConstraintError)
      throw constraintFailure(context, error.message, error.violations);
    const invalid = asInvalidSchema(error);
    if (invalid !== undefined) throw context.failure("invalid_schema", invalid.message);
    if (isDataError(error, "name_taken")) {
      const violation = { paths: [["name"]], message: "Failed unique constraint" };
      throw constraintFailure(context, "Failed unique constraint.", [violation]);
    }
    throw error;
  }
}
