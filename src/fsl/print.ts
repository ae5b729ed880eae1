/**
 * Prints items as the server prints the FSL it generates: two spaces, one member a line, `terms`
 * before `values`. Expressions are printed as they are, also where they run over several lines;
 * whoever wants them laid out lays them out before.
 */
import type {
  Action,
  CollectionMember,
  Expression,
  FslItem,
  FslMember,
  FunctionItem,
  IndexTerm,
  MigrationStep,
} from "./ast.ts";
import { printName, printString } from "./names.ts";
import { printType } from "./types.ts";

/** The items as one file, a blank line between them. */
export function printFsl(items: readonly FslItem[]): string {
  return items.map(printItem).join("\n");
}

/** One item with its annotations, a newline at its end. Comments are not part of it. */
export function printItem(item: FslItem): string {
  const annotations = item.annotations
    .map(({ keyword, value }) => `@${keyword}(${printName(value.text)})\n`)
    .join("");
  const head = `${annotations}${item.kind} ${printName(item.name.text)}`;
  if (item.kind === "function") return `${head}${printSignature(item)} ${item.body.text}\n`;
  return `${head} {\n${item.members.map((member) => printMember(member, 1)).join("")}}\n`;
}

/** `(x: Int, ...rest: Int): Int` of a function. */
export function printSignature(item: Pick<FunctionItem, "args" | "returns">): string {
  const args = item.args.map(({ name, type, variadic }) => {
    const annotation = type === undefined ? "" : `: ${printType(type)}`;
    return `${variadic ? "..." : ""}${name.text}${annotation}`;
  });
  return `(${args.join(", ")})${item.returns === undefined ? "" : `: ${printType(item.returns)}`}`;
}

/** One member, indented by `level` times two spaces, a newline at its end. */
export function printMember(member: FslMember, level = 0): string {
  return `${"  ".repeat(level)}${printContent(member, level)}`;
}

function printContent(member: FslMember, level: number): string {
  switch (member.kind) {
    case "privileges":
      return printBlock(
        level,
        `privileges ${printName(member.resource.text)}`,
        member.actions.map((action) => printAction(action, level + 1)),
      );
    case "membership":
      return printWithPredicate(
        level,
        `membership ${printName(member.resource.text)}`,
        member.predicate,
      );
    case "role":
      return printWithPredicate(level, `role ${printName(member.role.text)}`, member.predicate);
    case "issuer":
    case "jwks_uri":
      return `${member.kind} ${printString(member.value)}\n`;
    default:
      return printCollectionMember(member, level);
  }
}

function printCollectionMember(member: CollectionMember, level: number): string {
  switch (member.kind) {
    case "field":
      return `${member.name.text}: ${printType(member.type)}${printValue(member.default)}\n`;
    case "compute": {
      const type = member.type === undefined ? "" : `: ${printType(member.type)}`;
      return `compute ${member.name.text}${type}${printValue(member.body)}\n`;
    }
    case "wildcard":
      return `*: ${printType(member.type)}\n`;
    case "index":
      return printBlock(level, `index ${printName(member.name.text)}`, [
        ...(member.terms === undefined ? [] : [`terms ${printTerms(member.terms)}\n`]),
        ...(member.values === undefined ? [] : [`values ${printTerms(member.values)}\n`]),
      ]);
    case "unique":
      return `unique ${printTerms(member.terms)}\n`;
    case "check":
      return `check ${printName(member.name.text)} (${member.body.text})\n`;
    case "history_days":
    case "ttl_days":
      return `${member.kind} ${member.days}\n`;
    case "document_ttls":
      return `document_ttls ${member.enabled}\n`;
    case "migrations":
      return printBlock(level, "migrations", member.steps.map(printStep));
  }
}

function printValue(value: Expression | undefined): string {
  return value === undefined ? "" : ` = ${value.text}`;
}

function printAction({ action, predicate }: Action, level: number): string {
  return printWithPredicate(level, action, predicate);
}

function printWithPredicate(
  level: number,
  head: string,
  predicate: Expression | undefined,
): string {
  return predicate === undefined
    ? `${head}\n`
    : printBlock(level, head, [`predicate (${predicate.text})\n`]);
}

/** A block whose head is already indented; its members are printed one level deeper. */
function printBlock(level: number, head: string, members: readonly string[]): string {
  const outer = "  ".repeat(level);
  return `${head} {\n${members.map((member) => `${outer}  ${member}`).join("")}${outer}}\n`;
}

/** `[.a, mva(.b), desc(.c)]`. */
export function printTerms(terms: readonly IndexTerm[]): string {
  const printed = terms.map(({ path, mva, descending }) => {
    const term = mva ? `mva(${path.text})` : path.text;
    return descending ? `desc(${term})` : term;
  });
  return `[${printed.join(", ")}]`;
}

function printStep(step: MigrationStep): string {
  switch (step.kind) {
    case "add":
    case "drop":
      return `${step.kind} ${step.field.text}\n`;
    case "backfill":
      return `backfill ${step.field.text} = ${step.value.text}\n`;
    case "move":
      return `move ${step.field.text} -> ${step.to.text}\n`;
    case "split":
      return `split ${step.field.text} -> ${step.to.map((path) => path.text).join(", ")}\n`;
    case "move_conflicts":
    case "move_wildcard":
      return `${step.kind} ${step.into.text}\n`;
    case "add_wildcard":
      return "add_wildcard\n";
  }
}
