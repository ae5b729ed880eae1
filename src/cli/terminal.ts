/** What a command sees of the process it runs in; a test passes its own. */
export interface Terminal {
  /** Data, and nothing else. */
  out(text: string): void;
  /** Everything for people: progress, notes, summaries. */
  err(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Whether stderr is a terminal that can draw bars. */
  readonly interactive: boolean;
  /** Columns of the terminal. */
  readonly columns: number;
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP; its reason is the ArkError to end with. */
  readonly signal: AbortSignal;
  /** Reads a secret from the keyboard without showing it; undefined where nobody can type. */
  readonly askSecret: ((prompt: string) => Promise<string>) | undefined;
}
