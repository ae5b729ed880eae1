/** Differences of schemas in words, as `/schema/1/validate` and the staged status tell them. */
import {
  type FslItem,
  type FslMember,
  lineColumn,
  printMember,
  printName,
  printTerms,
} from "../../fsl/fsl.ts";
import { type Difference, diffItems, type ItemChange, type Located } from "./diff.ts";
import type { SourceFile } from "./files.ts";
import { Painter } from "./paint.ts";

const KIND_ORDER: readonly FslItem["kind"][] = [
  "collection",
  "function",
  "role",
  "access provider",
];
const CHANGE_ORDER: readonly Difference["kind"][] = ["add", "remove", "modify"];

export interface RenderOptions {
  readonly colours: boolean;
  readonly before: readonly SourceFile[];
  readonly after: readonly SourceFile[];
}

/** Every difference with what it means: `* Adding role …`, `+ add privileges on …`. */
export function renderSemantic(differences: readonly Difference[], options: RenderOptions): string {
  const painter = new Painter(options.colours);
  for (const difference of sorted(differences)) {
    const changes = changesOf(difference);
    painter.line(`${title(painter, difference, options)}${changes.length === 0 ? "" : ":"}`);
    if (changes.length === 0) painter.line();
    else renderChanges(painter, difference, changes);
  }
  return painter.text;
}

/** One line for each difference. */
export function renderSummary(differences: readonly Difference[], options: RenderOptions): string {
  const painter = new Painter(options.colours);
  for (const difference of sorted(differences)) painter.line(title(painter, difference, options));
  return painter.text;
}

const locatedOf = (difference: Difference): Located =>
  difference.kind === "add" ? difference.after : difference.before;

function sorted(differences: readonly Difference[]): Difference[] {
  return differences.toSorted((a, b) => {
    const [left, right] = [locatedOf(a).item, locatedOf(b).item];
    return (
      CHANGE_ORDER.indexOf(a.kind) - CHANGE_ORDER.indexOf(b.kind) ||
      KIND_ORDER.indexOf(left.kind) - KIND_ORDER.indexOf(right.kind) ||
      (left.name.text < right.name.text ? -1 : Number(left.name.text > right.name.text))
    );
  });
}

function title(painter: Painter, difference: Difference, { before, after }: RenderOptions): string {
  const { item } = locatedOf(difference);
  const verb = { add: "Adding", remove: "Removing", modify: "Modifying" }[difference.kind];
  const head = painter.paint("blue", `* ${verb} ${item.kind} \`${item.name.text}\``);
  switch (difference.kind) {
    case "add":
      return `${head} to ${place(difference.after, after)}`;
    case "remove":
      return `${head} from ${place(difference.before, before)}`;
    case "modify": {
      const moved = difference.before.filename !== difference.after.filename;
      const origin = moved ? ` (previously defined at ${place(difference.before, before)})` : "";
      return `${head} at ${place(difference.after, after)}${origin}`;
    }
  }
}

function place({ filename, item }: Located, files: readonly SourceFile[]): string {
  const content = files.find((file) => file.filename === filename)?.content ?? "";
  const { line, column } = lineColumn(content, item.span.start);
  return `${filename}:${line}:${column}`;
}

/** The changes inside an item; of one that comes or goes, everything that it may do without. */
function changesOf(difference: Difference): readonly ItemChange[] {
  if (difference.kind === "modify") return difference.changes;
  const located = locatedOf(difference);
  const bare: Located = {
    ...located,
    item: emptied(located.item),
    canonical: emptied(located.canonical),
  };
  const [change] =
    difference.kind === "add" ? diffItems([bare], [located]) : diffItems([located], [bare]);
  const changes = change?.kind === "modify" ? [...change.changes] : [];
  const onlyFields =
    located.canonical.kind === "collection" &&
    changes.length === 0 &&
    located.canonical.members.length > 0;
  return onlyFields ? [{ kind: "rename" }] : changes;
}

function emptied(item: FslItem): FslItem {
  switch (item.kind) {
    case "collection":
      return { ...item, annotations: [], members: [] };
    case "function":
      return { ...item, annotations: [] };
    case "role":
      return { ...item, members: [] };
    case "access provider":
      return { ...item, members: item.members.filter(({ kind }) => kind !== "role") };
  }
}

const CATEGORIES = ["Computed fields", "Indexes", "Constraints", "Configuration"] as const;

/** Under which heading a change of a collection stands; fields and migrations stand under none. */
function categoryOf(change: ItemChange): (typeof CATEGORIES)[number] | undefined {
  if (change.kind !== "member") return "Configuration";
  switch ((change.from ?? change.to)?.kind) {
    case "compute":
      return "Computed fields";
    case "index":
      return "Indexes";
    case "unique":
    case "check":
      return "Constraints";
    case "field":
    case "wildcard":
    case "migrations":
      return undefined;
    default:
      return "Configuration";
  }
}

function renderChanges(
  painter: Painter,
  difference: Difference,
  changes: readonly ItemChange[],
): void {
  const { item } = locatedOf(difference);
  const renamed =
    difference.kind === "modify" &&
    difference.before.item.name.text !== difference.after.item.name.text;
  const told = changes.filter((change) => change.kind !== "rename" || renamed);
  if (item.kind !== "collection") {
    for (const change of told) painter.line(describe(painter, change, difference));
    painter.line();
    return;
  }
  let any = false;
  for (const category of CATEGORIES) {
    const listed = told.filter((change) => categoryOf(change) === category);
    if (listed.length === 0) continue;
    any = true;
    painter.line(`  * ${category}:`);
    for (const change of listed) painter.line(describe(painter, change, difference));
    painter.line();
  }
  if (!any) {
    painter.line("  No semantic changes.");
    painter.line();
  }
}

function describe(painter: Painter, change: ItemChange, difference: Difference): string {
  switch (change.kind) {
    case "rename": {
      const name = difference.kind === "modify" ? difference.after.item.name.text : "";
      return painter.paint("yellow", `  ~ rename to \`${name}\``);
    }
    case "signature":
    case "body":
      return painter.paint("yellow", `  ~ change ${change.kind}`);
    case "annotation": {
      const { before, after } = change;
      const text = (annotation: typeof before) =>
        `${annotation?.keyword} set to ${printName(annotation?.value.text ?? "")}`;
      if (before === undefined) return painter.paint("green", `  + add ${text(after)}`);
      if (after === undefined) return painter.paint("red", `  - remove ${text(before)}`);
      return painter.paint("yellow", `  ~ change ${text(before)}`);
    }
    case "member": {
      const { from, to } = change;
      if (from === undefined && to !== undefined)
        return painter.paint("green", `  + add ${memberText(to)}`);
      if (to === undefined && from !== undefined)
        return painter.paint("red", `  - remove ${memberText(from)}`);
      return from === undefined || to === undefined
        ? ""
        : painter.paint("yellow", `  ~ change ${changeText(from, to)}`);
    }
  }
}

function memberName(member: FslMember): string {
  switch (member.kind) {
    case "field":
      return `field \`${member.name.text}\``;
    case "compute":
      return `computed field \`${member.name.text}\``;
    case "unique":
      return `unique constraint on ${printTerms(member.terms)}`;
    case "check":
      return `check constraint \`${member.name.text}\``;
    case "index":
      return `index \`${member.name.text}\``;
    case "privileges":
    case "membership":
      return `${member.kind} on \`${member.resource.text}\``;
    case "role":
      return `role \`${member.role.text}\``;
    default:
      return member.kind;
  }
}

/** A setting with its value, everything else by name. */
function memberText(member: FslMember): string {
  const value = settingOf(member);
  return value === undefined ? memberName(member) : `${member.kind} set to ${value}`;
}

function settingOf(member: FslMember): string | undefined {
  const settings: readonly FslMember["kind"][] = [
    "history_days",
    "ttl_days",
    "document_ttls",
    "issuer",
    "jwks_uri",
  ];
  return settings.includes(member.kind)
    ? printMember(member)
        .trim()
        .slice(member.kind.length + 1)
    : undefined;
}

function changeText(from: FslMember, to: FslMember): string {
  const [old, fresh] = [settingOf(from), settingOf(to)];
  if (old !== undefined && fresh !== undefined) return `${from.kind} from ${old} to ${fresh}`;
  if (from.kind === "check") return `${memberName(from)} body`;
  if (
    (from.kind === "membership" && to.kind === "membership") ||
    (from.kind === "role" && to.kind === "role")
  ) {
    if (from.predicate === undefined) return `${memberName(from)} by adding a predicate`;
    return to.predicate === undefined
      ? `${memberName(from)} by removing a predicate`
      : `${memberName(from)} by modifying its predicate`;
  }
  return memberName(from);
}
