/** The table of all forms, found by the names of their arguments. */
import type { Form } from "../form.ts";
import type { ObjectLiteral } from "../value.ts";
import { type ApiVersion, atLeast } from "../version.ts";
import { authForms } from "./auth.ts";
import { basicForms } from "./basics.ts";
import { collectionForms } from "./collections.ts";
import { conversionForms } from "./conversions.ts";
import { formatForms } from "./format.ts";
import { numberForms } from "./numbers.ts";
import { objectForms } from "./objects.ts";
import { readForms } from "./reads.ts";
import { refForms } from "./refs.ts";
import { setForms } from "./sets.ts";
import { stringForms } from "./strings.ts";
import { timeForms } from "./times.ts";
import { writeForms } from "./writes.ts";

const FORMS: readonly Form[] = [
  ...basicForms,
  ...collectionForms,
  ...objectForms,
  ...numberForms,
  ...stringForms,
  ...formatForms,
  ...timeForms,
  ...conversionForms,
  ...refForms,
  ...setForms,
  ...readForms,
  ...writeForms,
  ...authForms,
];

/** Forms by their first argument; that is what they are called after. */
const BY_HEAD = new Map<string, Form[]>();
for (const form of FORMS) {
  const [head = ""] = form.names;
  const known = BY_HEAD.get(head);
  if (known) known.push(form);
  else BY_HEAD.set(head, [form]);
}

/** The form that takes exactly these arguments in this version. */
export function findForm(input: ObjectLiteral, version: ApiVersion): Form | undefined {
  for (const name of input.keys()) {
    const found = BY_HEAD.get(name)?.find((form) => takes(form, input) && knows(version, form));
    if (found) return found;
  }
  return undefined;
}

function takes(form: Form, input: ObjectLiteral): boolean {
  let given = 0;
  for (const [i, name] of form.names.entries()) {
    if (input.has(name)) given += 1;
    else if (form.casts[i]?.optional !== true) return false;
  }
  return given === input.size;
}

function knows(version: ApiVersion, { since, until }: Form): boolean {
  if (since !== undefined && !atLeast(version, since)) return false;
  return until === undefined || !atLeast(version, until);
}
