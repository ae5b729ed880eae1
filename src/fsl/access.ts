/** Reads what stands inside `role r { … }` and `access provider p { … }`. */
import {
  type AccessProviderItem,
  type Action,
  ROLE_ACTIONS,
  type RoleAction,
  type RoleItem,
} from "./ast.ts";
import {
  complain,
  memberSpan,
  type Reader,
  requireName,
  Seen,
  takeBlock,
  takePredicate,
} from "./members.ts";

function isAction(word: string): word is RoleAction {
  return (ROLE_ACTIONS as readonly string[]).includes(word);
}

/** Reads the block of a role. */
export function takeRoleMembers(reader: Reader): RoleItem["members"] {
  const { cursor } = reader;
  const members: RoleItem["members"][number][] = [];
  const privileges = new Seen(reader, "privileges");
  const membership = new Seen(reader, "membership");
  takeBlock(reader, (start) => {
    const word = cursor.word();
    if (word?.text !== "privileges" && word?.text !== "membership") {
      throw cursor.failure(`Invalid member \`${word?.text ?? cursor.next}\``, word?.span);
    }
    cursor.lines();
    const resource = requireName(reader, word.span);
    if (word.text === "privileges") {
      privileges.add(resource);
      if (!cursor.startsWith("{"))
        throw cursor.failure("Missing required value", { start, end: resource.span.end });
      const actions = takeActions(reader);
      members.push({ kind: "privileges", resource, actions, span: memberSpan(reader, start) });
    } else {
      membership.add(resource);
      const predicate = takeTrailingPredicate(reader, resource.span.end);
      members.push({ kind: "membership", resource, predicate, span: memberSpan(reader, start) });
    }
  });
  return members;
}

function takeActions(reader: Reader): Action[] {
  const { cursor } = reader;
  const actions: Action[] = [];
  const seen = new Seen(reader, "action");
  takeBlock(reader, (start) => {
    const word = cursor.word();
    if (word === undefined) throw cursor.failure("Expected `}`");
    const predicate = takeTrailingPredicate(reader, word.span.end);
    const span = memberSpan(reader, start);
    if (!isAction(word.text)) return complain(reader, `Invalid action \`${word.text}\``, word.span);
    seen.add(word);
    actions.push({ action: word.text, predicate, span });
  });
  return actions;
}

/** A predicate block on the same line; without one the member ends at `end`. */
function takeTrailingPredicate(reader: Reader, end: number): Action["predicate"] {
  reader.cursor.at = end;
  reader.cursor.blanks();
  if (reader.cursor.startsWith("{")) return takePredicate(reader);
  reader.cursor.at = end;
  return undefined;
}

/** Reads the block of an access provider. */
export function takeProviderMembers(reader: Reader): AccessProviderItem["members"] {
  const { cursor } = reader;
  const members: AccessProviderItem["members"][number][] = [];
  const roles = new Seen(reader, "role");
  const addresses = { issuer: new Seen(reader, "issuer"), jwks_uri: new Seen(reader, "jwks uri") };
  const block = takeBlock(reader, (start) => {
    const word = cursor.word();
    cursor.lines();
    if (word?.text === "role") {
      const role = requireName(reader, word.span);
      roles.add(role);
      const predicate = takeTrailingPredicate(reader, role.span.end);
      members.push({ kind: "role", role, predicate, span: memberSpan(reader, start) });
    } else if (word?.text === "issuer" || word?.text === "jwks_uri") {
      addresses[word.text].once(word.span);
      const value = cursor.string();
      if (value === undefined) throw cursor.failure("Expected string literal");
      members.push({ kind: word.text, value: value.value, span: memberSpan(reader, start) });
    } else throw cursor.failure(`Invalid member \`${word?.text ?? cursor.next}\``, word?.span);
  });
  for (const kind of ["issuer", "jwks_uri"] as const) {
    if (!members.some((member) => member.kind === kind))
      complain(reader, `Missing ${kind.replace("_", " ")}`, block);
  }
  return members;
}
