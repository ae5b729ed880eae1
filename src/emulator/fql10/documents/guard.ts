/** Refusals of the store and the schema in v10's words. */
import { isDataError } from "../../data/errors.ts";
import { ConstraintError, InvalidSchemaError } from "../../schema/failure.ts";
import type { Context } from "../interpreter/context.ts";
import { constraintFailure } from "./write.ts";

/** Runs a write and puts its refusal into v10's words, at this place. */
export function guarded<T>(context: Context, write: () => T): T {
  try {
    return write();
  } catch (error) {
    if (error instanceof ConstraintError)
      throw constraintFailure(context, error.message, error.violations);
    if (error instanceof InvalidSchemaError) throw context.failure("invalid_schema", error.message);
    if (isDataError(error, "name_taken")) {
      const violation = { paths: [["name"]], message: "Failed unique constraint" };
      throw constraintFailure(context, "Failed unique constraint.", [violation]);
    }
    throw error;
  }
}
