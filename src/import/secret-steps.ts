/** The steps that restore secrets. */
import type { Step } from "./plan.ts";
import type { ImportSource } from "./source.ts";

export function credentialSteps({ secrets }: ImportSource): Step[] {
  const count = secrets?.counts.credentials ?? 0;
  if (count === 0) return [];
  return [
    {
      title: `write ${count} credentials`,
      reason:
        "after the documents whose passwords they are; as server, which alone may write hashes",
      run: ({ secrets: run }) => run.credentials(),
    },
  ];
}

/** After all databases: a key can belong to a child database, and names a role in it. */
export function keySteps({ secrets }: ImportSource): Step[] {
  const { keys, tokens } = secrets?.counts ?? { keys: 0, tokens: 0 };
  const steps: Step[] = [
    {
      title: `write ${keys} keys`,
      reason: "after the roles and child databases that they name",
      run: ({ secrets: run }) => run.keys(),
    },
    {
      title: `write ${tokens} tokens`,
      reason: "only into the database that issued them, which their secrets name",
      run: ({ secrets: run }) => run.tokens(),
    },
  ];
  return steps.filter((_, index) => [keys, tokens][index] !== 0);
}
