/** What of a source an import was asked for, as words that are the same for the same choice: the mark keeps them. */
export interface Asked {
  readonly recursive?: boolean | undefined;
  readonly secrets?: boolean | undefined;
  readonly dataOnly?: boolean | undefined;
  readonly history?: boolean | undefined;
  readonly restoreDeletedRefs?: boolean | undefined;
}

const WORDS: readonly (readonly [word: string, isAsked: (asked: Asked) => boolean])[] = [
  ["--top-only", ({ recursive }) => recursive === false],
  ["--skip-secrets", ({ secrets }) => secrets === false],
  ["--skip-history", ({ history }) => history === false],
  ["--data-only", ({ dataOnly }) => dataOnly === true],
  ["--restore-deleted-refs", ({ restoreDeletedRefs }) => restoreDeletedRefs === true],
];

export function printAsked(asked: Asked): string {
  return WORDS.filter(([, isAsked]) => isAsked(asked))
    .map(([word]) => word)
    .join(" ");
}

/** How what was asked for before differs from what is asked for now, for people; undefined when it does not. */
export function askedOtherwise(before: string, now: string): string | undefined {
  if (before === now) return undefined;
  const [then, today] = [words(before), words(now)];
  const lacks = then.filter((word) => !today.includes(word));
  const adds = today.filter((word) => !then.includes(word));
  return [
    ...(lacks.length > 0 ? [`with ${lacks.join(" ")}`] : []),
    ...(adds.length > 0 ? [`without ${adds.join(" ")}`] : []),
  ].join(" and ");
}

function words(text: string): string[] {
  return text.split(" ").filter((word) => word !== "");
}
