/** Passwords: the documents of Credentials, and the `credentials` member of user documents. */
import { checkHash, hashPassword } from "../../auth/secret.ts";
import { NATIVE } from "../../data/ids.ts";
import {
  type Data,
  DocRef,
  EMPTY_OBJECT,
  mergeObjects,
  type ObjectData,
  sameRef,
} from "../../data/value.ts";
import type { Found, Version } from "../../data/version.ts";
import { fail, type FieldFailure, V4Failure, validationFailed } from "../failure.ts";
import type { Frame } from "../frame.ts";
import type { Position } from "../position.ts";
import type { Session } from "../session.ts";
import { notUnique, storing } from "./errors.ts";
import {
  dataField,
  invalidType,
  isText,
  optionalField,
  pick,
  requiredField,
  ttlField,
} from "./field.ts";

const MEMBERS = new Set(["instance", "hashed_password", "data", "ttl"]);

/** The credentials of a document. */
export function credentialsOf(session: Session, ref: DocRef): Found | undefined {
  for (const found of session.transaction.documents(NATIVE.Credential)) {
    if (ownerOf(found.version.fields, ref)) return found;
  }
  return undefined;
}

function ownerOf(fields: ObjectData, ref: DocRef): boolean {
  const owner = fields.get("instance");
  return owner instanceof DocRef && sameRef(owner, ref);
}

/** Whether `password` is that of the document. */
export function passwordMatches(session: Session, ref: DocRef, password: string): boolean {
  const hash = credentialsOf(session, ref)?.version.fields.get("hashed_password");
  return typeof hash === "string" && checkHash(password, hash);
}

/** Writes a document of Credentials. */
export function writeCredential(
  frame: Frame,
  ref: DocRef,
  before: ObjectData,
  params: ObjectData,
  isCreation: boolean,
  position: Position,
): Version {
  return store(frame, ref, before, params, isCreation, position, frame.auth.mayWritePasswordHash);
}

/** What the `credentials` member of a document asks for: made or changed with the rights of a server key. */
export function writeCredentials(
  frame: Frame,
  owner: DocRef,
  params: ObjectData,
  position: Position,
): void {
  const { session } = frame;
  const known = credentialsOf(session, owner);
  if (known) {
    store(frame, known.ref, known.version.fields, params, false, position, true);
    return;
  }
  const ref = session.transaction.newRef(NATIVE.Credential);
  // The hash stands before the owner, as the server has it.
  const hash = asServer(params);
  const given = "code" in hash ? params : hash.params;
  const withOwner = new Map<string, Data>([
    ["hashed_password", given.get("hashed_password") ?? null],
    ...params,
    ["instance", owner],
  ]);
  store(frame, ref, EMPTY_OBJECT, withOwner, true, position, true);
}

function store(
  frame: Frame,
  ref: DocRef,
  before: ObjectData,
  params: ObjectData,
  isCreation: boolean,
  position: Position,
  mayWriteHash: boolean,
): Version {
  const hashed = mayWriteHash ? asServer(params) : asClient(before, params);
  if ("code" in hashed) throw new V4Failure([validationFailed([hashed], position)]);
  const fields = pick(mergeObjects(before, hashed.params), MEMBERS);
  const failures = CHECKS.flatMap((check) => check(fields));
  if (failures.length > 0) throw new V4Failure([validationFailed(failures, position)]);
  const owner = fields.get("instance");
  const other = owner instanceof DocRef ? credentialsOf(frame.session, owner) : undefined;
  if (other && !sameRef(other.ref, ref)) fail(notUnique(frame.version, position));
  const { transaction } = frame.session;
  return storing(frame.version, position, isCreation, () =>
    isCreation ? transaction.create(ref, fields) : transaction.replace(ref, fields),
  );
}

const CHECKS = [
  requiredField("instance", "Ref", (value) => value instanceof DocRef),
  dataField,
  ttlField,
  optionalField("hashed_password", "String", isText),
];

type Hashed = { readonly params: ObjectData } | FieldFailure;

/** A server key may set a password or its hash (live 23). */
function asServer(params: ObjectData): Hashed {
  const password = params.get("password");
  if (password === undefined || password === null) return { params };
  if (typeof password !== "string") return invalidType(["password"], password, "String");
  return { params: new Map([...params, ["hashed_password", hashPassword(password)]]) };
}

/** Others set a new password, and must know the old one; a hash is dropped without a word. */
function asClient(before: ObjectData, params: ObjectData): Hashed {
  const rest = new Map(params);
  rest.delete("hashed_password");
  const password = params.get("password");
  if (password === undefined || password === null) return { params: rest };
  if (typeof password !== "string") return invalidType(["password"], password, "String");
  const known = before.get("hashed_password");
  const current = params.get("current_password");
  if (typeof known === "string" && !(typeof current === "string" && checkHash(current, known))) {
    return {
      field: ["current_password"],
      code: "invalid password",
      description: "Invalid password at `current_password`.",
    };
  }
  return { params: rest.set("hashed_password", hashPassword(password)) };
}
