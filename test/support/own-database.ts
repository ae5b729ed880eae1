import { randomBytes } from "node:crypto";
import { connect, scoped, type Connection } from "../../src/fauna/fauna.ts";
import type { Target } from "./target.ts";

export interface OwnDatabase extends AsyncDisposable {
  /** The target's own database, with the target's secret. */
  readonly parent: Connection;
  /** An empty child database, as admin; deleted when the test is done. */
  readonly database: Connection;
  readonly name: string;
}

/** A new child database of the target, so that tests leave nothing behind and do not see one another. */
export async function ownDatabase(
  target: Target,
  options: { typechecked?: boolean } = {},
): Promise<OwnDatabase> {
  const parent = connect({ endpoint: target.endpoint, secret: target.secret });
  const name = `ark_test_${randomBytes(6).toString("hex")}`;
  const typechecked = String(options.typechecked ?? false);
  await parent.v10(`Database.create({ name: "${name}", typechecked: ${typechecked} })`);
  const database = await scoped(parent, name);
  return {
    parent,
    database,
    name,
    async [Symbol.asyncDispose]() {
      await parent.v10(`Database.byName("${name}")!.delete()`, { idempotent: true });
      await parent.close();
    },
  };
}
