/** Reads a schema file into items. */
import type { Annotation, FslItem, Name } from "./ast.ts";
import { takeProviderMembers, takeRoleMembers } from "./access.ts";
import { takeCollectionMembers } from "./collection.ts";
import { Cursor } from "./cursor.ts";
import { takeFunction } from "./function.ts";
import { complain, type Reader, requireName, Seen } from "./members.ts";
import { type FslProblem, FslSyntaxError } from "./problem.ts";
import type { Span } from "./span.ts";

/** What was read, and everything wrong with it; with problems the items are those read before the first. */
export interface FslReading {
  readonly items: readonly FslItem[];
  readonly problems: readonly FslProblem[];
}

/** Reads `text` as FSL; never throws. */
export function readFsl(text: string): FslReading {
  const file = new FileReader(text);
  try {
    file.run();
  } catch (error) {
    if (!(error instanceof FslSyntaxError)) throw error;
    file.problems.push(error.problem);
  }
  if (file.problems.length === 0) checkNames(file);
  return { items: file.items, problems: file.problems };
}

class FileReader implements Reader {
  readonly cursor: Cursor;
  readonly problems: FslProblem[] = [];
  readonly items: FslItem[] = [];

  constructor(text: string) {
    this.cursor = new Cursor(text);
  }

  run(): void {
    const { cursor } = this;
    let separated = true;
    for (;;) {
      const { doc, apart } = this.takeSeparators();
      if (cursor.done) return;
      if (!separated && !apart) throw cursor.failure("Expected end-of-input");
      this.items.push(this.takeItem(doc));
      separated = false;
    }
  }

  /** Skips to the next item; comments that end where it begins are its own. */
  private takeSeparators(): { doc: Span | undefined; apart: boolean } {
    const { cursor } = this;
    let doc: Span | undefined;
    let apart = false;
    while (!cursor.done) {
      const start = cursor.at;
      if (" \t\r\n;".includes(cursor.next)) {
        apart ||= cursor.next !== " " && cursor.next !== "\t";
        cursor.at++;
        continue;
      }
      if (cursor.blockComment()) {
        while (cursor.next === " " || cursor.next === "\t") cursor.at++;
        if (cursor.next === "\n") cursor.at++;
      } else if (!cursor.lineComment()) break;
      apart = true;
      doc = { start: doc?.end === start ? doc.start : start, end: cursor.at };
    }
    return { doc: doc?.end === cursor.at ? doc : undefined, apart };
  }

  private takeItem(doc: Span | undefined): FslItem {
    const { cursor } = this;
    const start = cursor.at;
    const annotations = this.takeAnnotations();
    const keyword = cursor.word();
    if (keyword === undefined) throw cursor.failure("Expected end-of-input");
    cursor.lines();
    const item = this.takeDefinition(keyword);
    this.checkAnnotations(item.kind, annotations);
    let { at: end } = cursor;
    cursor.blanks();
    while (cursor.next === ";") {
      cursor.at++;
      end = cursor.at;
    }
    cursor.at = end;
    return { ...item, doc, annotations, span: { start: doc?.start ?? start, end } };
  }

  private takeDefinition(keyword: Name): ItemContent {
    switch (keyword.text) {
      case "collection": {
        const name = this.takeItemName(keyword);
        return { kind: "collection", name, members: takeCollectionMembers(this) };
      }
      case "function": {
        const name = requireName(this, keyword.span);
        return { kind: "function", name, ...takeFunction(this) };
      }
      case "role": {
        const name = this.takeItemName(keyword);
        return { kind: "role", name, members: takeRoleMembers(this) };
      }
      case "access": {
        const provider = this.cursor.word();
        if (provider?.text !== "provider")
          throw this.cursor.failure("Invalid schema item `access`", keyword.span);
        this.cursor.lines();
        const name = this.takeItemName(provider);
        return { kind: "access provider", name, members: takeProviderMembers(this) };
      }
      default:
        throw this.cursor.failure(`Invalid schema item \`${keyword.text}\``, keyword.span);
    }
  }

  private takeItemName(keyword: Name): Name {
    const name = requireName(this, keyword.span);
    if (!this.cursor.startsWith("{")) {
      throw this.cursor.failure("Missing required value", {
        start: keyword.span.start,
        end: name.span.end,
      });
    }
    return name;
  }

  private takeAnnotations(): Annotation[] {
    const { cursor } = this;
    const annotations: Annotation[] = [];
    while (cursor.next === "@") {
      const start = cursor.at;
      cursor.take("@");
      const keyword = cursor.word();
      if (keyword?.text !== "alias" && keyword?.text !== "role") {
        throw cursor.failure("Expected an annotation", keyword?.span);
      }
      cursor.lines();
      cursor.expect("(");
      const value = requireName(this, keyword.span);
      cursor.lines();
      cursor.expect(")", false);
      annotations.push({ keyword: keyword.text, value, span: { start, end: cursor.at } });
      cursor.lines();
    }
    return annotations;
  }

  private checkAnnotations(kind: FslItem["kind"], annotations: readonly Annotation[]): void {
    const seen = new Map<string, Span>();
    for (const { keyword, span } of annotations) {
      const allowed = kind === "function" || (kind === "collection" && keyword === "alias");
      if (!allowed) {
        const message =
          kind === "collection"
            ? "Annotation not supported here"
            : "Annotations are not allowed here";
        complain(this, message, span);
      }
      const original = seen.get(keyword);
      if (original === undefined) seen.set(keyword, span);
      else complain(this, `Duplicate annotation \`${keyword}\``, span, original);
    }
  }
}

type WithoutFrame<T> = T extends unknown ? Omit<T, "doc" | "annotations" | "span"> : never;
type ItemContent = WithoutFrame<FslItem>;

/** Collections and functions and their aliases share one set of names; roles and providers have theirs. */
function checkNames(file: FileReader): void {
  const shared = new Seen(file, "collection or function");
  const own = {
    role: new Seen(file, "role"),
    "access provider": new Seen(file, "access provider"),
  };
  const collections = new Set(
    file.items.filter((item) => item.kind === "collection").map((item) => item.name.text),
  );
  for (const item of file.items) {
    if (item.kind === "role" || item.kind === "access provider") {
      own[item.kind].add(item.name);
      continue;
    }
    const alias = item.annotations.find((annotation) => annotation.keyword === "alias");
    // A function with an alias may bear the name of a collection.
    const hidden =
      item.kind === "function" && alias !== undefined && collections.has(item.name.text);
    if (!hidden) shared.add(item.name);
    if (alias !== undefined) shared.add(alias.value);
  }
}
